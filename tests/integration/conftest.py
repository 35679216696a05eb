"""A temporary model on the juju of `$JUJU`: the real one, or its emulator."""

import os
import secrets
import socket
from pathlib import Path

import jubilant
import pytest


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
