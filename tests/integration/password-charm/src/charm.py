"""Writes the password that it is granted into a file on its machine, and a new one once there is one."""

from pathlib import Path

import ops


class PasswordCharm(ops.CharmBase):
    def __init__(self, framework):
        super().__init__(framework)
        relation = self.on["passwords"]
        for event in [self.on.start, relation.relation_changed, relation.relation_broken, self.on.secret_changed]:
            framework.observe(event, self.reconcile)

    def reconcile(self, event):
        relation = self.model.get_relation("passwords")
        if relation is None or not relation.active:
            self.unit.status = ops.ActiveStatus("none")
            return
        secret_id = relation.data[relation.app].get("password")
        if secret_id is None:
            self.unit.status = ops.WaitingStatus("for a password")
            return
        secret = self.model.get_secret(id=secret_id, label="password")
        Path("password").write_text(secret.get_content(refresh=True)["password"])
        self.unit.status = ops.ActiveStatus("follows")


if __name__ == "__main__":
    ops.main(PasswordCharm)
