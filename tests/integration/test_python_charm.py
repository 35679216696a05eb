"""A charm in Python on ops, packed as charmcraft packs it, beside the charm in Rust: where they do the same, they look the same."""

from pathlib import Path

import jubilant
import pytest
import yaml

PYTHON = "python-charm"
RUST = "hello-server"
PROJECT = Path(__file__).parent / "python-charm"
METADATA = ["name", "summary", "description", "requires"]


@pytest.fixture(scope="module")
def python_charm(pack, python_project):
    """The charm in a .charm file."""
    charmcraft = yaml.safe_load((PROJECT / "charmcraft.yaml").read_text())
    metadata = {key: charmcraft[key] for key in METADATA}
    return pack(python_project(PROJECT), PYTHON, metadata=metadata, config=charmcraft["config"])


def unit_of(status, app):
    """What an operator sees of the application's unit."""
    (unit,) = status.apps[app].units.values()
    return unit.workload_status.current, unit.workload_status.message, unit.open_ports


def settled_on(juju, expected, *apps):
    juju.wait(lambda status: all(unit_of(status, app) == expected for app in apps), delay=0.5)


@pytest.fixture(scope="module")
def state():
    """The port that both applications have now."""
    return {}


def test_deploy(juju, charm, python_charm, free_port, state):
    state["port"] = free_port()
    juju.model_config({"automatically-retry-hooks": False})
    for app, path in [(PYTHON, python_charm), (RUST, charm)]:
        juju.deploy(path, app, config={"server-port": state["port"]})
    settled_on(juju, ("active", "", [f"{state['port']}/tcp"]), PYTHON, RUST)
    assert juju.status().apps[PYTHON].version == "3.14"


@pytest.mark.parametrize(
    ("port", "problem"),
    [
        (22, "22 is reserved for SSH; choose another port"),
        (0, "0 is not a port; choose one from 1 to 65535"),
        (-1, "-1 is not a port; choose one from 1 to 65535"),
        (65536, "65536 is not a port; choose one from 1 to 65535"),
    ],
)
def test_a_port_that_cannot_be_had(juju, state, port, problem):
    for app in (PYTHON, RUST):
        juju.config(app, {"server-port": port})
    settled_on(juju, ("blocked", f"server-port: {problem}", [f"{state['port']}/tcp"]), PYTHON, RUST)


def test_another_port(juju, free_port, state):
    state["port"] = free_port()
    for app in (PYTHON, RUST):
        juju.config(app, {"server-port": state["port"]})
    settled_on(juju, ("active", "", [f"{state['port']}/tcp"]), PYTHON, RUST)


def test_a_crash_is_an_error_and_changes_no_ports(juju, free_port, state):
    wanted = free_port()
    juju.config(PYTHON, {"crash": "config-changed", "server-port": wanted})
    settled_on(juju, ("error", 'hook failed: "config-changed"', [f"{state['port']}/tcp"]), PYTHON)
    log = juju.debug_log()
    assert "RuntimeError: asked to crash" in log
    assert 'hook "config-changed" (via hook dispatching script: dispatch) failed: exit status 1' in log

    juju.config(PYTHON, {"crash": ""})
    juju.cli("resolved", f"{PYTHON}/0")
    settled_on(juju, ("active", "", [f"{wanted}/tcp"]), PYTHON)


def test_debug_log(juju):
    log = juju.debug_log()
    for hook in ["install", "config-changed"]:
        assert f"unit.{PYTHON}/0.juju-log reconciling at {hook} with 0 databases" in log


def test_refresh(juju, python_charm):
    revision = juju.status().apps[PYTHON].charm_rev
    juju.refresh(PYTHON, path=python_charm)
    juju.wait(lambda status: status.apps[PYTHON].charm_rev > revision and jubilant.all_active(status, PYTHON))


def test_remove(juju, removal_runs_stop):
    juju.remove_application(PYTHON, RUST)
    juju.wait(lambda status: not status.apps)
    assert not removal_runs_stop or 'ran "stop" hook' in juju.debug_log()
