"""Packs a charm with the real charmcraft, on any machine that has apt."""

import json
import os
import platform as machine
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Platform:
    """What one .charm is for: an Ubuntu such as 24.04 on an architecture such as amd64."""

    base: str
    architecture: str

    def __str__(self):
        return f"ubuntu@{self.base}:{self.architecture}"


class CharmcraftError(Exception):
    """charmcraft refused; the text is what it said."""


def platforms_of_this_machine(project: Path) -> list[Platform]:
    """The platforms in charmcraft.yaml that can be packed here: a Rust charm is not cross-compiled."""
    charmcraft = yaml.safe_load((project / "charmcraft.yaml").read_text())
    short_forms = [name.removeprefix("ubuntu@").split(":") for name in charmcraft["platforms"]]
    here = ARCHITECTURES[machine.machine()]
    return [Platform(base, architecture) for base, architecture in short_forms if architecture == here]


def copy_project(project: Path, into: Path) -> Path:
    """Copies what git would commit, so that packing leaves nothing in the checkout and takes nothing stray from it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=project,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (project / name).exists():
            (into / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(project / name, into / name)
    return into


class Charmcraft:
    """The charmcraft that is installed beside this Python."""

    def __init__(self, scratch: Path, environment: dict[str, str]):
        self.scratch = scratch
        self.environment = {
            **os.environ,
            **environment,
            # craftctl, which the recipe calls, is beside charmcraft.
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "XDG_RUNTIME_DIR": str(scratch),
            "XDG_STATE_HOME": str(scratch),
        }

    def pack(self, project: Path, platform: Platform) -> Path:
        """Packs the project for the platform, and returns the .charm."""
        # charmcraft packs only on the Ubuntu that it packs for. It looks into this folder to see where it runs.
        ubuntu = self.scratch / str(platform)
        ubuntu.mkdir(exist_ok=True)
        (ubuntu / "os-release").write_text(f'ID=ubuntu\nVERSION_ID="{platform.base}"\n')
        packed = self._run("pack", "--destructive-mode", f"--platform={platform}", cwd=project, UNIXCONFDIR=str(ubuntu))
        if packed.returncode != 0:
            raise CharmcraftError(packed.stdout + packed.stderr)
        [charm] = project.glob("*.charm")
        return charm

    def analyse(self, charm: Path) -> list[dict[str, str]]:
        """What charmcraft's own linters say of the .charm: name, result and text of each."""
        analysed = self._run("analyse", "--format=json", str(charm), cwd=charm.parent)
        try:
            return json.loads(analysed.stdout)
        except json.JSONDecodeError:
            raise CharmcraftError(analysed.stdout + analysed.stderr) from None

    def _run(self, *arguments: str, cwd: Path, **environment: str):
        return subprocess.run(
            ["charmcraft", *arguments],
            check=False,
            cwd=cwd,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
