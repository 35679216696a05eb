"""The charm, deployed: each test goes on from where the one before it has left the application."""

import socket
import time
import urllib.request

import jubilant
import pytest

APP = "hello-server"
DEFAULT_PORT = 8000


def unit_status(status, unit=f"{APP}/0"):
    return status.apps[APP].units[unit]


def has_ports(*ports):
    """Whether all units are active and have exactly these ports open."""
    expected = [f"{port}/tcp" for port in ports]

    def ready(status):
        units = status.apps[APP].units.values()
        return jubilant.all_active(status, APP) and all(unit.open_ports == expected for unit in units)

    return ready


def answer(address, port):
    with urllib.request.urlopen(f"http://{address}:{port}/", timeout=10) as response:
        assert response.status == 200
        return response.read().decode()


def is_listening(address, port):
    try:
        with socket.create_connection((address, port), timeout=10):
            return True
    except ConnectionRefusedError:
        return False


@pytest.fixture(scope="module")
def state():
    """The port that the server has now."""
    return {}


def test_deploy(juju, charm, free_port, state):
    state["port"] = free_port()
    juju.deploy(charm, APP, config={"server-port": state["port"]})
    status = juju.wait(has_ports(state["port"]), error=jubilant.any_error)
    unit = unit_status(status)
    assert unit.leader
    assert unit.juju_status.current in ("idle", "executing")
    assert answer(unit.public_address, state["port"])
    assert juju.config(APP)["server-port"] == state["port"]


def test_port_of_ssh_is_refused(juju, state):
    juju.config(APP, {"server-port": 22})
    status = juju.wait(lambda status: jubilant.all_blocked(status, APP), error=jubilant.any_error)
    unit = unit_status(status)
    assert "server-port" in unit.workload_status.message
    assert "22" in unit.workload_status.message
    # Whoever answers on 22, on most machines SSH: what counts is that Juju has not opened it.
    assert unit.open_ports == [f"{state['port']}/tcp"]
    assert answer(unit.public_address, state["port"])


def test_value_of_the_wrong_type_is_refused(juju):
    with pytest.raises(jubilant.CLIError, match="server-port"):
        juju.config(APP, {"server-port": "eighty"})
    assert juju.config(APP)["server-port"] == 22


def test_another_port(juju, free_port, state):
    old, state["port"] = state["port"], free_port()
    juju.config(APP, {"server-port": state["port"]})
    address = unit_status(juju.wait(has_ports(state["port"]), error=jubilant.any_error)).public_address
    assert answer(address, state["port"])
    assert not is_listening(address, old)


def test_reset(juju, free_port, state, reset_runs_a_hook):
    address = unit_status(juju.status()).public_address
    is_taken = is_listening(address, DEFAULT_PORT)
    juju.config(APP, reset="server-port")
    if reset_runs_a_hook and is_taken:
        # As on a machine that the charm does not have for itself.
        status = juju.wait(lambda status: jubilant.all_blocked(status, APP), error=jubilant.any_error)
        assert str(DEFAULT_PORT) in unit_status(status).workload_status.message
    elif reset_runs_a_hook:
        juju.wait(has_ports(DEFAULT_PORT), error=jubilant.any_error)
        assert answer(address, DEFAULT_PORT)
    assert juju.config(APP)["server-port"] == DEFAULT_PORT

    state["port"] = free_port()
    juju.config(APP, {"server-port": state["port"]})
    juju.wait(has_ports(state["port"]), error=jubilant.any_error)


def test_units(juju, state):
    juju.add_unit(APP)

    def both_are_ready(status):
        return len(status.apps[APP].units) == 2 and has_ports(state["port"])(status)

    status = juju.wait(both_are_ready, error=jubilant.any_error)
    addresses = {unit.public_address for unit in status.apps[APP].units.values()}
    assert len(addresses) == 2
    assert all(answer(address, state["port"]) for address in addresses)

    juju.remove_unit(f"{APP}/1")
    status = juju.wait(lambda status: list(status.apps[APP].units) == [f"{APP}/0"])
    assert answer(unit_status(status).public_address, state["port"])


def test_exec(juju, state):
    assert juju.exec("opened-ports", unit=f"{APP}/0").stdout == f"{state['port']}/tcp\n"
    assert juju.exec("is-leader", "--format=json", unit=f"{APP}/leader").stdout == "true\n"
    with pytest.raises(jubilant.TaskError) as failed:
        juju.exec("open-port 80-", unit=f"{APP}/0")
    assert failed.value.task.return_code == 2
    assert failed.value.task.stderr.startswith('ERROR invalid port ""')


def test_debug_log(juju):
    ran = [line for line in juju.debug_log().splitlines() if line.startswith(f"unit-{APP}-0: ")]
    for hook in ["install", "leader-elected", "config-changed", "start"]:
        assert any(f'ran "{hook}" hook (via hook dispatching script: dispatch)' in line for line in ran), hook


def test_refresh(juju, charm, state):
    revision = juju.status().apps[APP].charm_rev
    juju.refresh(APP, path=charm)

    def is_refreshed(status):
        return status.apps[APP].charm_rev > revision and has_ports(state["port"])(status)

    status = juju.wait(is_refreshed, error=jubilant.any_error)
    assert answer(unit_status(status).public_address, state["port"])


def test_reboot(juju, state):
    unit = f"{APP}/0"
    if juju.status().model.cloud == "emulator":
        return  # Its machine is the one that runs this test.

    def booted_at():
        try:
            return juju.exec("ps -o lstart= -p 1", unit=unit, wait=60).stdout
        except (jubilant.CLIError, jubilant.TaskError, TimeoutError):
            return None

    before = booted_at()
    # A moment later, as a command that never answers is an error.
    juju.exec("systemd-run --on-active=3 systemctl reboot", unit=unit)
    deadline = time.monotonic() + 600
    while booted_at() in (None, before):
        assert time.monotonic() < deadline, "the machine does not come back"
        time.sleep(5)
    status = juju.wait(has_ports(state["port"]), error=jubilant.any_error)
    assert answer(unit_status(status).public_address, state["port"])


def test_remove(juju, state, removal_runs_stop):
    address = unit_status(juju.status()).public_address
    juju.remove_application(APP)
    juju.wait(lambda status: APP not in status.apps)
    if not removal_runs_stop:
        # Then the server goes with its machine.
        juju.wait(lambda status: not status.machines)
    with pytest.raises(OSError):
        answer(address, state["port"])
