"""Two charms that tell each other where they listen, one in Rust and the other in Python on ops, both ways round."""

from pathlib import Path

import pytest

SIDES = {"provider": "provides", "requirer": "requires"}


def metadata(name, side):
    return {
        "name": name,
        "summary": "Tells where it listens.",
        "description": "Tells where it listens.",
        SIDES[side]: {"addresses": {"interface": "addresses"}},
    }


@pytest.fixture(scope="module")
def in_rust(rust_example):
    """The charm of one side, from the examples of crates/ops."""

    def in_rust(side):
        return rust_example(f"address_{side}", f"rust-{side}", metadata=metadata(f"rust-{side}", side))

    return in_rust


@pytest.fixture(scope="module")
def in_python(pack, python_project):
    """The charm of one side, on Python's ops."""

    def in_python(side):
        prime = python_project(Path(__file__).parent / "address-charm")
        return pack(prime, f"python-{side}", metadata=metadata(f"python-{side}", side))

    return in_python


@pytest.mark.parametrize("rust_side", SIDES)
def test_both_know_each_other(juju, in_rust, in_python, rust_side):
    python_side = "requirer" if rust_side == "provider" else "provider"
    names = {rust_side: f"rust-{rust_side}", python_side: f"python-{python_side}"}
    provider, requirer = names["provider"], names["requirer"]
    juju.deploy(in_rust(rust_side), names[rust_side], num_units=2)
    juju.deploy(in_python(python_side), names[python_side], num_units=2)

    juju.integrate(provider, requirer)
    known(juju, provider, requirer, [0, 1], [0, 1], 0)

    juju.add_unit(requirer)
    known(juju, provider, requirer, [0, 1], [0, 1, 2], 0)

    juju.remove_unit(f"{provider}/0")
    known(juju, provider, requirer, [1], [0, 1, 2], 1)

    juju.remove_relation(provider, requirer)
    juju.wait(lambda status: message(status, f"{provider}/1") == "", delay=0.5)
    juju.remove_application(provider, requirer)
    juju.wait(lambda status: not status.apps)


def known(juju, provider, requirer, providers, requirers, leader):
    """Waits until every unit knows all of the other side."""
    of_requirers = " ".join(f"{requirer}/{unit}=10.0.1.{unit}:9000" for unit in requirers)
    of_providers = " ".join(f"{provider}/{unit}=10.0.0.{unit}:8000" for unit in providers)
    expected = {f"{provider}/{unit}": of_requirers for unit in providers}
    expected |= {f"{requirer}/{unit}": f"leader={provider}/{leader} {of_providers}" for unit in requirers}
    juju.wait(lambda status: {unit: message(status, unit) for unit in expected} == expected, delay=0.5)


def message(status, unit):
    units = status.apps[unit.split("/")[0]].units
    return units[unit].workload_status.message if unit in units else None
