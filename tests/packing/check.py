"""Finds in a .charm what charmcraft lets through, and what Juju or the machine would then refuse."""

import posixpath
import stat
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import yaml
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from pack import Platform

FILES = {"config.yaml", "dispatch", "manifest.yaml", "metadata.yaml"}
ALSO = {"hello-server": {"LICENSE", "actions.yaml", "icon.svg"}, "ingress": set()}
GLIBC = {"22.04": (2, 35), "24.04": (2, 39), "26.04": (2, 43)}
MACHINES = {"amd64": "EM_X86_64", "arm64": "EM_AARCH64"}
LINTERS_CONTENT = {"ok", "nonapplicable", "unknown"}
OPTION_TYPES = {"string": str, "int": int, "float": float, "boolean": bool, "secret": str}


def complaints_about(charm: Path, linters: list[dict[str, str]], platform: Platform) -> list[str]:
    """What is wrong with a .charm that was packed for the platform, and of which charmcraft's linters say this."""
    with ZipFile(charm) as packed:
        modes = {member.filename: stat.S_IMODE(member.external_attr >> 16) for member in packed.infolist()}
        content = {name: packed.read(name) for name in modes if not name.endswith("/")}
    name = charm.name.partition("_")[0]
    program = f"bin/{name}"
    files = FILES | ALSO[name] | {program}
    return [
        *(f"{linter['name']}: {linter['text']}" for linter in linters if linter["result"] not in LINTERS_CONTENT),
        *(f"{name} is missing" for name in sorted(files - content.keys())),
        *(f"{name} does not belong in the charm" for name in sorted(content.keys() - files)),
        *complaints_about_dispatch(content, modes),
        *complaints_about_program(program, content.get(program, b""), platform),
        *complaints_about_options(yaml.safe_load(content.get("config.yaml", b"{}"))),
        *complaints_about_manifest(yaml.safe_load(content.get("manifest.yaml", b"{}")), platform),
    ]


def complaints_about_dispatch(content, modes):
    if "dispatch" not in content:
        return
    if modes["dispatch"] != 0o755:
        yield f"dispatch has the mode {modes['dispatch']:o}; Juju starts it only with 755"
    words = content["dispatch"].decode().split()
    program = posixpath.normpath(words[-1]) if words else ""
    if not modes.get(program, 0) & stat.S_IXOTH:
        yield f"dispatch ends in {program!r}, which is no executable of the charm"


def complaints_about_program(name, program, platform):
    if not program.startswith(b"\x7fELF"):
        yield f"{name} is not a program"
        return
    elf = ELFFile(BytesIO(program))
    if elf["e_machine"] != MACHINES[platform.architecture]:
        yield f"{name} is for {elf['e_machine']}, the platform is {platform}"
    needed = max(needed_glibc(elf), default=(0, 0))
    if needed > GLIBC[platform.base]:
        yield f"{name} needs glibc {needed}, ubuntu@{platform.base} has {GLIBC[platform.base]}"


def needed_glibc(elf):
    """Versions such as (2, 34); a program without any is linked statically."""
    for section in elf.iter_sections():
        if isinstance(section, GNUVerNeedSection):
            for _, versions in section.iter_versions():
                for version in versions:
                    if version.name.startswith("GLIBC_2"):
                        yield tuple(int(part) for part in version.name.removeprefix("GLIBC_").split("."))


def complaints_about_options(config):
    for name, option in config.get("options", {}).items():
        expected = OPTION_TYPES.get(option.get("type"))
        default = option.get("default")
        if expected is None:
            yield f"option {name} has the type {option.get('type')}, which Juju does not know"
        elif default is not None and type(default) is not expected:
            yield f"option {name} has the default {default!r}, which is not of its type {option['type']}"


def complaints_about_manifest(manifest, platform):
    base = {"name": "ubuntu", "channel": platform.base, "architectures": [platform.architecture]}
    if manifest.get("bases") != [base]:
        yield f"manifest.yaml is for {manifest.get('bases')}, the platform is {platform}"
