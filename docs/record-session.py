#!/usr/bin/env python3
"""Records the session in README.md anew: runs its commands on an emulator of its own, and replaces what they print.

Ports 8000 and 6789 must be free.
"""

import os
import pathlib
import re
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).parent.parent
README = ROOT / "README.md"
SESSION = re.compile(r"(?<=## What you then see\n\n```console\n).*?(?=```\n)", re.DOTALL)


def record(commands):
    with tempfile.TemporaryDirectory() as data:
        environment = os.environ | {"JUJU_EMULATOR_DATA": data}

        def run(command):
            result = subprocess.run(
                command, shell=True, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            return "".join(f"{line.rstrip()}\n" for line in result.stdout.splitlines())

        run("cargo juju deploy .")
        return "".join(f"$ {command}\n{run(command)}" for command in commands)


text = README.read_text()
commands = re.findall(r"^\$ (.*)$", SESSION.search(text)[0], re.MULTILINE)
session = record(commands)
README.write_text(SESSION.sub(lambda _: session, text))
