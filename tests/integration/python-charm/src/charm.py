"""Opens the port that the operator chose, and blocks on one that it cannot have."""

import logging
import os

import ops

logger = logging.getLogger(__name__)


class PythonCharm(ops.CharmBase):
    def __init__(self, framework):
        super().__init__(framework)
        framework.observe(self.on.install, self.install)
        for event in [self.on.config_changed, self.on.upgrade_charm, self.on.update_status]:
            framework.observe(event, self.reconcile)
        framework.observe(self.on.stop, self.stop)
        framework.observe(self.on.collect_unit_status, self.collect_status)

    def install(self, event):
        self.unit.status = ops.MaintenanceStatus("installing")
        self.unit.set_workload_version("3.14")
        self.reconcile(event)

    def reconcile(self, event):
        databases = len(self.model.relations["database"])
        logger.info("reconciling at %s with %d databases", os.environ["JUJU_HOOK_NAME"], databases)
        if not self.problem():
            self.unit.set_ports(self.config["server-port"])
        if self.config["crash"] == os.environ["JUJU_HOOK_NAME"]:
            raise RuntimeError("asked to crash")

    def stop(self, event):
        self.unit.set_ports()

    def collect_status(self, event):
        event.add_status(ops.ActiveStatus())
        if problem := self.problem():
            event.add_status(ops.BlockedStatus(f"server-port: {problem}"))

    def problem(self):
        port = self.config["server-port"]
        if port == 22:
            return "22 is reserved for SSH; choose another port"
        if not 1 <= port <= 65535:
            return f"{port} is not a port; choose one from 1 to 65535"
        return None


if __name__ == "__main__":
    ops.main(PythonCharm)
