"""A charm in Rust that hands a password to others as a secret, and changes it by an action; the others follow it."""

from pathlib import Path

import jubilant
import pytest

ROTATE = {"rotate-password": {"description": "Makes another password up."}}
READERS = ["rust-reader", "python-reader"]


def metadata(name, side):
    text = "About a password."
    return {
        "name": name,
        "summary": text,
        "description": text,
        side: {"passwords": {"interface": "passwords"}},
    }


@pytest.fixture(scope="module")
def related(juju, rust_example, pack, python_project):
    """The model with two units of the owner, and two of a reader in each language."""
    owner = rust_example("password_rotator", "rotator", metadata=metadata("rotator", "provides"), actions=ROTATE)
    juju.deploy(owner, "rotator", num_units=2)
    rust = rust_example("password_reader", "rust-reader", metadata=metadata("rust-reader", "requires"))
    juju.deploy(rust, "rust-reader", num_units=2)
    prime = python_project(Path(__file__).parent / "password-charm")
    python = pack(prime, "python-reader", metadata=metadata("python-reader", "requires"))
    juju.deploy(python, "python-reader", num_units=2)
    for reader in READERS:
        juju.integrate("rotator", reader)
    status = juju.wait(
        lambda status: jubilant.all_active(status) and {message(status, unit) for unit in readers()} == {"follows"},
        error=jubilant.any_error,
        delay=0.5,
    )
    related = status.apps["rotator"].relations["passwords"]
    assert {(relation.related_app, relation.interface) for relation in related} == {
        (reader, "passwords") for reader in READERS
    }
    return juju


def readers():
    return [f"{reader}/{number}" for reader in READERS for number in [0, 1]]


def message(status, unit):
    units = status.apps[unit.split("/")[0]].units
    return units[unit].workload_status.message if unit in units else None


def password(juju):
    """The owner's."""
    return juju.exec("secret-get $(secret-ids) --peek password", unit="rotator/leader").stdout.strip()


def passwords_read(juju):
    return {juju.exec("cat password", unit=unit).stdout for unit in readers()}


def test_an_action_changes_the_password_and_the_others_follow(related):
    juju = related
    before = password(juju)
    assert len(before) == 32
    assert passwords_read(juju) == {before}

    task = juju.run("rotator/leader", "rotate-password")

    assert task.success
    after = password(juju)
    assert after != before
    juju.wait(lambda _: passwords_read(juju) == {after}, delay=0.5)
    (secret,) = [secret for secret in juju.secrets() if secret.owner == "rotator"]
    assert secret.uri.unique_identifier == jubilant.SecretURI(task.results["secret"]).unique_identifier
    assert secret.revision == 2
    assert {access.target for access in juju.show_secret(secret.uri).access} == {
        f"application-{reader}" for reader in READERS
    }


def test_only_the_leader_changes_the_password(related):
    juju = related
    before = password(juju)
    units = juju.status().apps["rotator"].units
    (other,) = [name for name, unit in units.items() if not unit.leader]

    with pytest.raises(jubilant.TaskError) as failed:
        juju.run(other, "rotate-password")

    assert failed.value.task.status == "failed"
    assert failed.value.task.message == "only the leader rotates it"
    assert password(juju) == before


def test_what_cannot_be_run_is_an_error(related):
    with pytest.raises(ValueError, match="nosuch"):
        related.run("rotator/leader", "nosuch")
    with pytest.raises(ValueError, match='unit "rotator/9" not found'):
        related.run("rotator/9", "rotate-password")
    with pytest.raises(jubilant.CLIError, match="invalid unit or action name"):
        related.run("rotator/0", "Rotate")
    with pytest.raises(TimeoutError):
        related.exec("sleep 60", unit="rotator/0", wait=0.2)


def test_a_relation_that_ends_takes_the_secret_away(related):
    juju = related
    juju.remove_relation("rotator", "rust-reader")
    juju.wait(lambda status: message(status, "rust-reader/0") == "none", delay=0.5)
    (secret,) = [secret for secret in juju.secrets() if secret.owner == "rotator"]
    assert [access.target for access in juju.show_secret(secret.uri).access] == ["application-python-reader"]
    with pytest.raises(jubilant.TaskError) as refused:
        juju.exec(f"secret-get {secret.uri}", unit="rust-reader/0")
    assert "is not allowed to read this secret" in refused.value.task.stderr


def test_an_operator_keeps_secrets_of_their_own(related):
    juju = related
    uri = juju.add_secret("mine", {"user": "admin", "token": "planted-one"}, info="For tests.")

    with pytest.raises(jubilant.TaskError) as refused:
        juju.exec(f"secret-get {uri}", unit="python-reader/0")
    assert "is not allowed to read this secret" in refused.value.task.stderr
    juju.grant_secret("mine", ["python-reader", "rust-reader"])
    assert juju.exec(f"secret-get {uri} token", unit="python-reader/0").stdout == "planted-one\n"

    juju.update_secret(uri, {"token": "planted-two"}, auto_prune=True)
    revealed = juju.show_secret("mine", reveal=True)
    assert (revealed.revision, revealed.content, revealed.description) == (2, {"token": "planted-two"}, "For tests.")
    assert [it.revision for it in juju.show_secret(uri, revisions=True).revisions] == [1, 2]
    assert juju.exec(f"secret-get {uri} --refresh token", unit="python-reader/0").stdout == "planted-two\n"
    juju.wait(lambda _: [it.revision for it in juju.show_secret(uri, revisions=True).revisions] == [2], delay=0.5)

    juju.remove_secret("mine")
    with pytest.raises(jubilant.CLIError, match="not found"):
        juju.show_secret(uri)
    with pytest.raises(jubilant.CLIError, match='application "nosuch" not found'):
        juju.grant_secret(juju.add_secret("other", {"token": "planted-one"}), "nosuch")
