"""Plays either side of the interface `ingress`: with JSON in every text, or as older charms do, with strings as they are."""

import json

import ops


class IngressCharm(ops.CharmBase):
    def __init__(self, framework):
        super().__init__(framework)
        relation = self.on["ingress"]
        for event in [
            self.on.config_changed,
            self.on.leader_elected,
            self.on.start,
            relation.relation_created,
            relation.relation_joined,
            relation.relation_changed,
            relation.relation_departed,
            relation.relation_broken,
        ]:
            framework.observe(event, self.reconcile)

    def reconcile(self, event):
        relation = self.model.get_relation("ingress")
        if relation is None or isinstance(event, ops.RelationBrokenEvent):
            self.unit.status = ops.ActiveStatus("alone")
        elif self.meta.provides:
            self.provide(relation)
        else:
            self.require(relation)

    def provide(self, relation):
        application = relation.data[relation.app]
        units = {unit.name: relation.data[unit] for unit in relation.units if "host" in relation.data[unit]}
        if not units or not application.keys() >= {"model", "name", "port"}:
            self.unit.status = ops.WaitingStatus("for the application")
            return
        model, name, port = (self.read(application[key]) for key in ["model", "name", "port"])
        hosts = [f"{unit}={self.read(units[unit]['host'])}:{port}" for unit in sorted(units)]
        url = f"http://192.0.2.1/{relation.app.name}/"
        if self.unit.is_leader():
            relation.data[self.app]["ingress"] = url if self.config["plain"] else json.dumps({"url": url})
        self.unit.status = ops.ActiveStatus(" ".join([model, name, *hosts]))

    def require(self, relation):
        host = str(self.model.get_binding(relation).network.bind_address)
        relation.data[self.unit].update(host=self.write(host), ip="null")
        if self.unit.is_leader():
            texts = {"model": self.write(self.model.name), "name": self.write(self.app.name)}
            relation.data[self.app].update(texts, port=str(self.config["port"]))
        answer = relation.data[relation.app].get("ingress")
        if answer is None:
            self.unit.status = ops.WaitingStatus("for the url")
        else:
            self.unit.status = ops.ActiveStatus(json.loads(answer)["url"])

    def read(self, text):
        return text if self.config["plain"] else json.loads(text)

    def write(self, text):
        return text if self.config["plain"] else json.dumps(text)


if __name__ == "__main__":
    ops.main(IngressCharm)
