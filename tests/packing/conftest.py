"""Where the packed charms go, what is packed once for many tests, and the table at the end."""

import shutil
from pathlib import Path

import pytest

from pack import Charmcraft, copy_project, platforms_of_this_machine

PROJECT = Path(__file__).parents[2]
CHARMS = [".", "examples/ingress"]
PACKED_HERE = [
    (directory, platform) for directory in CHARMS for platform in platforms_of_this_machine(PROJECT / directory)
]
SUMMARY = pytest.StashKey[list[str]]()


def pytest_addoption(parser):
    parser.addoption("--charms", type=Path, required=True, help="the folder to leave the packed charms in")


def pytest_configure(config):
    config.stash[SUMMARY] = []


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.section("packed charms")
    for line in config.stash[SUMMARY]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def charmcraft(tmp_path_factory):
    """With one folder of compiled crates for all packing, which also outlives this run."""
    compiled = PROJECT / "target" / "packing"
    return Charmcraft(tmp_path_factory.mktemp("charmcraft"), {"CARGO_TARGET_DIR": str(compiled)})


@pytest.fixture(scope="session")
def charms(charmcraft, tmp_path_factory, pytestconfig):
    """Each charm, packed for every platform of this machine."""
    project = copy_project(PROJECT, tmp_path_factory.mktemp("project"))
    folder = pytestconfig.getoption("charms").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    packed = {}
    for directory, platform in PACKED_HERE:
        charm = charmcraft.pack(project / directory, platform)
        packed[directory, platform] = Path(shutil.move(charm, folder / charm.name))
    return packed
