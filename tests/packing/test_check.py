"""The check refuses what it must: the charm's own recipe around a program that compiles in a moment, broken in one place."""

import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

import check
from check import complaints_about
from conftest import PROJECT
from pack import CharmcraftError, Platform, platforms_of_this_machine

PLATFORM = platforms_of_this_machine(PROJECT)[0]

# What breaks: the file, the text in it, what stands there instead, and a part of the complaint.
BREAKS = {
    "dispatch-not-executable": (
        "charmcraft.yaml",
        "install -m 755 dispatch",
        "install -m 644 dispatch",
        "dispatch has the mode 644",
    ),
    "dispatch-missing": ("charmcraft.yaml", "install -m 755 dispatch", "# ", "dispatch is missing"),
    "dispatch-starts-nothing": (
        "dispatch",
        "./bin/hello-server",
        './bin/hello-server "$@"',
        "no executable of the charm",
    ),
    "default-of-another-type": ("config.yaml", "default: 8000", "default: eight", "not of its type int"),
    "option-without-a-type": ("config.yaml", "    type: int\n", "", "type None"),
    "unknown-key": ("charmcraft.yaml", "type: charm", "type: charm\nweather: rain", "weather"),
    "code-that-does-not-compile": ("src/main.rs", "fn main() {}", "fn main() {", "unclosed delimiter"),
    "config-in-two-files": (
        "charmcraft.yaml",
        "type: charm",
        "type: charm\nconfig: {options: {}}",
        "Cannot specify 'config'",
    ),
}


@pytest.mark.parametrize("file, text, instead, complaint", BREAKS.values(), ids=BREAKS)
def test_broken_project_is_refused(file, text, instead, complaint, toy, charmcraft):
    # given
    source = (toy / file).read_text()
    assert text in source
    (toy / file).write_text(source.replace(text, instead))
    # when
    try:
        charm = charmcraft.pack(toy, PLATFORM)
        complaints = complaints_about(charm, charmcraft.analyse(charm), PLATFORM)
    except CharmcraftError as error:
        complaints = [str(error)]
    # then
    assert complaint in "\n".join(complaints)


def test_whole_project_is_not_refused(toy_charm, charmcraft):
    assert complaints_about(toy_charm, charmcraft.analyse(toy_charm), PLATFORM) == []


def test_charm_with_a_stray_file_is_refused(toy_charm, tmp_path):
    charm = Path(shutil.copy(toy_charm, tmp_path))
    with ZipFile(charm, "a") as packed:
        packed.writestr("src/main.rs", "fn main() {}")
    assert complaints_about(charm, [], PLATFORM) == ["src/main.rs does not belong in the charm"]


def test_charm_for_another_platform_is_refused(toy_charm):
    other = {"amd64": "arm64", "arm64": "amd64"}[PLATFORM.architecture]
    program, manifest = complaints_about(toy_charm, [], Platform(PLATFORM.base, other))
    assert "bin/hello-server is for" in program
    assert "manifest.yaml is for" in manifest


def test_charm_that_needs_a_newer_glibc_is_refused(toy_charm, monkeypatch):
    monkeypatch.setitem(check.GLIBC, PLATFORM.base, (2, 4))
    [complaint] = complaints_about(toy_charm, [], PLATFORM)
    assert "needs glibc" in complaint


def test_charm_that_a_linter_refuses_is_refused(toy_charm):
    linter = {"name": "metadata", "result": "error", "text": "no summary"}
    assert complaints_about(toy_charm, [linter], PLATFORM) == ["metadata: no summary"]


@pytest.fixture
def toy(tmp_path):
    return make_toy(tmp_path)


@pytest.fixture(scope="module")
def toy_charm(charmcraft, tmp_path_factory):
    return charmcraft.pack(make_toy(tmp_path_factory.mktemp("toy")), PLATFORM)


def make_toy(folder):
    for name in ["LICENSE", "charmcraft.yaml", "config.yaml", "dispatch", "icon.svg"]:
        shutil.copy2(PROJECT / name, folder)
    (folder / "Cargo.toml").write_text('[package]\nname = "hello-server"\nedition = "2024"\n')
    (folder / "src").mkdir()
    (folder / "src" / "main.rs").write_text("fn main() {}\n")
    return folder
