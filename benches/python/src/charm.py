"""hello-server's charm in Python on ops: does what src/charm.rs and src/config.rs do."""

import json

import ops

from systemd import PortTaken, Systemd


class HelloServer(ops.CharmBase):
    """A server on the port that the operator chose, and that port open in Juju."""

    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        self.server = Systemd(self.unit.name, self.charm_dir)
        for event in self.on.events().values():
            if issubclass(event.event_type, (ops.StopEvent, ops.RemoveEvent)):
                framework.observe(event, self._tear_down)
            elif issubclass(event.event_type, ops.HookEvent):
                framework.observe(event, self._reconcile)

    def _reconcile(self, _event: ops.EventBase) -> None:
        port = self.config["server-port"]
        if not 1 <= port <= 65535:
            self._block(f"server-port: {port} is not a port; choose one from 1 to 65535")
        elif port == 22:
            self._block("server-port: 22 is reserved for SSH; choose another port")
        else:
            before = self.unit.opened_ports()
            self.unit.set_ports(port)
            try:
                self.server.serve_on(port)
            except PortTaken:
                self.unit.set_ports(*before)
                self._block(
                    f"server-port: {port} is in use by another process of the machine; choose another port"
                )
            else:
                self._ask_for_a_url(port)
                self.unit.status = ops.ActiveStatus()

    def _ask_for_a_url(self, port: int) -> None:
        for relation in self.model.relations["ingress"]:
            address = json.dumps(relation.data[self.unit]["ingress-address"])
            relation.data[self.unit].update({"host": address, "ip": address})
            if self.unit.is_leader():
                application = {"model": self.model.name, "name": self.app.name, "port": port, "strip-prefix": True}
                texts = {key: json.dumps(value) for key, value in application.items()}
                relation.data[self.app].update(texts)

    def _block(self, message: str) -> None:
        self.unit.status = ops.BlockedStatus(message)

    def _tear_down(self, event: ops.EventBase) -> None:
        self.unit.set_ports()
        if isinstance(event, ops.RemoveEvent):
            self.server.uninstall()
        else:
            self.server.stop()


if __name__ == "__main__":
    ops.main(HelloServer)
