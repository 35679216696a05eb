"""Tells where it listens and knows where the units of the other side do, on either side of the relation."""

import ops


class AddressCharm(ops.CharmBase):
    def __init__(self, framework):
        super().__init__(framework)
        self.provides = "addresses" in self.meta.provides
        relation = self.on["addresses"]
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

    def reconcile(self, _):
        number = self.unit.name.split("/")[1]
        address = f"10.0.0.{number}" if self.provides else f"10.0.1.{number}"
        port = "8000" if self.provides else "9000"
        known = []
        for relation in self.model.relations["addresses"]:
            relation.data[self.unit].update(address=address, port=port)
            if self.provides and self.unit.is_leader():
                relation.data[self.app]["leader"] = self.unit.name
            if not self.provides:
                leader = relation.data[relation.app].get("leader")
                if leader is None:
                    self.unit.status = ops.WaitingStatus("for the leader")
                    return
                known.append(f"leader={leader}")
            for unit in sorted(relation.units, key=lambda unit: int(unit.name.split("/")[1])):
                data = relation.data[unit]
                if "address" not in data or "port" not in data:
                    self.unit.status = ops.WaitingStatus(f"for {unit.name}")
                    return
                known.append(f"{unit.name}={data['address']}:{data['port']}")
        self.unit.status = ops.ActiveStatus(" ".join(known))


if __name__ == "__main__":
    ops.main(AddressCharm)
