"""A temporary model on the juju of `$JUJU`: the real one, or its emulator."""

import json
import os
import platform
import secrets
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import jubilant
import pytest
import yaml

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def juju(request):
    juju = jubilant.Juju(cli_binary=os.environ.get("JUJU", "juju"), wait_timeout=15 * 60)
    model = f"test-{secrets.token_hex(4)}"
    juju.add_model(model)
    try:
        yield juju
        if request.session.testsfailed:
            print(juju.cli("status"), juju.debug_log(limit=1000), sep="\n")
    finally:
        juju.destroy_model(model, destroy_storage=True, force=True)


@pytest.fixture(scope="module")
def version(juju):
    """Juju's, such as `3.6.9`. The tests expect what 3.6 does, but where they name a release that does something else."""
    return juju.status().model.version


@pytest.fixture(scope="module")
def reset_runs_a_hook(version):
    """4.0.15 runs no config-changed after `juju config --reset`: units learn of it from the next change."""
    return version not in ["4.0.15"]


@pytest.fixture(scope="module")
def removal_runs_stop(version):
    """4.0.15 often takes a unit without relations and storage away before its `stop` and `remove`."""
    return version not in ["4.0.15"]


@pytest.fixture(scope="session")
def charm():
    """The packed charm, or the directory of one."""
    if "CHARM_PATH" not in os.environ:
        pytest.fail("set CHARM_PATH to the packed charm, or to the directory of a charm")
    return Path(os.environ["CHARM_PATH"]).resolve(strict=True)


@pytest.fixture
def free_port():
    """A port that nothing on this machine uses, at any of its addresses; on another machine it is as good as any."""

    def free_port():
        with socket.socket() as probe:
            probe.bind(("", 0))
            return probe.getsockname()[1]

    return free_port


@pytest.fixture(scope="session")
def pack(tmp_path_factory):
    """Packs a directory as charmcraft does, with YAML files beside what is in it."""

    def pack(prime, name, **files):
        architecture = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
        base = {"name": "ubuntu", "channel": "24.04", "architectures": [architecture]}
        for file, content in {**files, "manifest": {"bases": [base]}}.items():
            (prime / f"{file}.yaml").write_text(yaml.safe_dump(content))
        archive = shutil.make_archive(str(tmp_path_factory.mktemp("packed") / name), "zip", prime)
        return Path(archive).rename(Path(archive).with_suffix(".charm"))

    return pack


@pytest.fixture(scope="session")
def rust_example(pack, tmp_path_factory):
    """Packs one of the example charms of crates/ops."""

    def rust_example(example, name, **files):
        build = ["cargo", "build", "--locked", "--release", "--package=ops", f"--example={example}"]
        build = subprocess.run([*build, "--message-format=json"], cwd=PROJECT, check=True, stdout=subprocess.PIPE)
        messages = map(json.loads, build.stdout.splitlines())
        (program,) = [message["executable"] for message in messages if message.get("executable")]
        prime = tmp_path_factory.mktemp(example)
        shutil.copy(program, prime / "charm")
        dispatch = prime / "dispatch"
        dispatch.write_text("#!/bin/sh\nexec ./charm\n")
        dispatch.chmod(0o755)
        return pack(prime, name, **files)

    return rust_example


@pytest.fixture(scope="session")
def python_project(tmp_path_factory):
    """The directory of a charm in Python, with the libraries that it needs."""

    def python_project(project):
        prime = tmp_path_factory.mktemp("prime")
        shutil.copytree(project / "src", prime / "src", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(project / "dispatch", prime)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
        subprocess.run(
            [*pip, f"--target={prime / 'venv'}", f"--requirement={project / 'requirements.txt'}"], check=True
        )
        return prime

    return python_project
