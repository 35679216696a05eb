"""A new charm, made by `juju init` from a repository that others can reach, is packed and deploys."""

import os
import subprocess
from zipfile import ZipFile

from conftest import PROJECT
from pack import copy_project, platforms_of_this_machine


def run(*arguments, cwd, **environment):
    done = subprocess.run(arguments, check=False, cwd=cwd, env=os.environ | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_charm_is_packed_and_deploys(charmcraft, tmp_path):
    # given this project as a git repository
    repository = copy_project(PROJECT, tmp_path / "repository")
    git = ["git", "-c", "user.name=CI", "-c", "user.email=ci@localhost"]
    for arguments in [["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=all"]]:
        run(*git, *arguments, cwd=repository)
    juju = ["cargo", "--quiet", "juju"]
    data = {"JUJU_EMULATOR_DATA": str(tmp_path / "data")}
    # when
    run(*juju, "init", str(tmp_path / "web-site"), "--git", repository.as_uri(), cwd=PROJECT, **data)
    charm = charmcraft.pack(tmp_path / "web-site", platforms_of_this_machine(PROJECT)[0])
    # then
    with ZipFile(charm) as packed:
        names = {name for name in packed.namelist() if not name.endswith("/")}
    described = {"actions.yaml", "config.yaml", "manifest.yaml", "metadata.yaml"}
    assert names == {"bin/web-site", "dispatch"} | described
    refused = [linter for linter in charmcraft.analyse(charm) if linter["result"] in {"errors", "error", "fatal"}]
    assert refused == []
    run(*juju, "deploy", str(charm), cwd=PROJECT, **data)
    status = run(*juju, "status", cwd=PROJECT, **data)
    assert "web-site/0*  active    idle   0        127.0.0.1       8080/tcp" in status
