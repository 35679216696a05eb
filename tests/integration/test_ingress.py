"""The interface `ingress` between a charm in Rust and one in Python on ops, both ways round, with the texts of new charms and old."""

import http.server
import json
import shutil
import subprocess
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]
SIDES = {"provider": "provides", "requirer": "requires"}
OPTIONS = {
    "plain": {"type": "boolean", "default": False, "description": "Whether strings are written as they are."},
    "port": {"type": "int", "default": 8000, "description": "The port that is asked for."},
}


@pytest.fixture(scope="module")
def in_python(pack, python_project):
    """The charm of one side."""

    def in_python(side):
        text = "Plays a side of the interface ingress."
        metadata = {"name": side, "summary": text, "description": text}
        metadata[SIDES[side]] = {"ingress": {"interface": "ingress"}}
        prime = python_project(Path(__file__).parent / "ingress-charm")
        return pack(prime, side, metadata=metadata, config={"options": OPTIONS})

    return in_python


@pytest.fixture(scope="module")
def ingress(pack, tmp_path_factory):
    """The charm of examples/ingress."""
    build = ["cargo", "build", "--locked", "--release", "--package=ingress", "--message-format=json"]
    build = subprocess.run(build, cwd=PROJECT, check=True, stdout=subprocess.PIPE)
    messages = map(json.loads, build.stdout.splitlines())
    (program,) = [message["executable"] for message in messages if message.get("executable")]
    project = PROJECT / "examples" / "ingress"
    prime = tmp_path_factory.mktemp("ingress")
    (prime / "bin").mkdir()
    shutil.copy(program, prime / "bin")
    shutil.copy(project / "dispatch", prime)
    charmcraft = yaml.safe_load((project / "charmcraft.yaml").read_text())
    metadata = {key: charmcraft[key] for key in ["name", "summary", "description", "provides"]}
    return pack(prime, "ingress", metadata=metadata, config=yaml.safe_load((project / "config.yaml").read_text()))


@pytest.fixture
def workload():
    """The port of a server on this machine that answers with the path that it was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

    with http.server.ThreadingHTTPServer(("", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize("texts", ["json", "plain"])
def test_hello_server_behind_a_provider_in_python(juju, charm, in_python, free_port, texts):
    server, provider = f"server-{texts}", f"provider-{texts}"
    port = free_port()
    juju.deploy(charm, server, config={"server-port": port})
    juju.deploy(in_python("provider"), provider, config={"plain": texts == "plain"})
    juju.integrate(server, provider)

    address = unit(juju.status(), f"{server}/0").public_address
    # An old provider takes our texts as they are, and they are JSON.
    model, name, host = (json.dumps(text) if texts == "plain" else text for text in (juju.model, server, address))
    says(juju, f"{provider}/0", f"{model} {name} {server}/0={host}:{port}")
    assert url(juju, server) == f"http://192.0.2.1/{server}/"

    port = free_port()
    juju.config(server, {"server-port": port})
    says(juju, f"{provider}/0", f"{model} {name} {server}/0={host}:{port}")

    juju.remove_relation(server, provider)
    says(juju, f"{provider}/0", "alone")
    assert url(juju, server) == f"http://{address}:{port}/"
    gone(juju, server, provider)


@pytest.mark.parametrize("texts", ["json", "plain"])
def test_a_requirer_in_python_behind_the_ingress(juju, ingress, in_python, workload, free_port, texts):
    requirer, proxy = f"requirer-{texts}", f"ingress-{texts}"
    port = free_port()
    juju.deploy(ingress, proxy, config={"port": port})
    juju.deploy(in_python("requirer"), requirer, config={"plain": texts == "plain", "port": workload})
    juju.integrate(requirer, proxy)
    given = f"http://{unit(juju.status(), f'{proxy}/0').public_address}:{port}/{juju.model}-{requirer}/"
    says(juju, f"{requirer}/0", given)
    on_this_machine = juju.status().model.cloud == "emulator"
    if on_this_machine:
        assert get(given) == (200, f"/{juju.model}-{requirer}/")

    juju.remove_relation(requirer, proxy)
    says(juju, f"{requirer}/0", "alone")
    if on_this_machine:
        assert get(given) == (404, "no application has this path\n")
    gone(juju, requirer, proxy)


def get(url):
    try:
        with urllib.request.urlopen(url, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def unit(status, name):
    return status.apps[name.split("/")[0]].units[name]


def says(juju, name, message):
    """Waits until the unit is active with this message."""

    def ready(status):
        current = unit(status, name).workload_status
        return (current.current, current.message) == ("active", message)

    juju.wait(ready, delay=0.5)


def url(juju, app):
    return juju.run(f"{app}/leader", "url").results["url"]


def gone(juju, *apps):
    juju.remove_application(*apps)
    juju.wait(lambda status: not status.apps)
