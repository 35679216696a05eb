"""Each charm of this repository, packed for every platform of this architecture."""

import os
from hashlib import sha256
from pathlib import Path
from zipfile import ZipFile

import pytest

from check import complaints_about
from conftest import PACKED_HERE, PROJECT, SUMMARY
from pack import Charmcraft, copy_project


@pytest.mark.parametrize("directory, platform", PACKED_HERE, ids=str)
def test_nothing_is_wrong_with_the_packed_charm(directory, platform, charms, charmcraft, pytestconfig):
    charm = charms[directory, platform]
    linters = charmcraft.analyse(charm)
    complaints = complaints_about(charm, linters, platform)

    pytestconfig.stash[SUMMARY] += [
        f"{charm.name}, {charm.stat().st_size} bytes: " + ("; ".join(complaints) or "good"),
        "  charmcraft analyse: " + ", ".join(f"{linter['name']} {linter['result']}" for linter in linters),
    ]
    assert complaints == []


def test_every_build_gives_the_same_program(charms, tmp_path):
    # given the same sources in another folder, another home of cargo, and nothing compiled yet
    project = copy_project(PROJECT, tmp_path / "somewhere" / "else")
    cargo_home = tmp_path / "cargo"
    cargo_home.mkdir()
    for entry in Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo")).iterdir():
        (cargo_home / entry.name).symlink_to(entry)
    elsewhere = Charmcraft(tmp_path, {"CARGO_HOME": str(cargo_home), "CARGO_TARGET_DIR": str(tmp_path / "target")})
    (_, platform), charm = next(iter(charms.items()))
    # when
    packed = elsewhere.pack(project, platform)
    # then
    assert checksum_of_program(packed) == checksum_of_program(charm)


def checksum_of_program(charm):
    with ZipFile(charm) as packed:
        return sha256(packed.read("bin/hello-server")).hexdigest()
