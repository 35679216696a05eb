"""crates/ops/examples/address_provider.rs in Python on ops."""

import ops


class Provider(ops.CharmBase):
    """Tells whoever is related where it listens, and knows who they are."""

    def __init__(self, framework: ops.Framework):
        super().__init__(framework)
        for event in self.on.events().values():
            if issubclass(event.event_type, ops.HookEvent):
                framework.observe(event, self._reconcile)

    def _reconcile(self, _event: ops.EventBase) -> None:
        number = self.unit.name.split("/")[1]
        ours = {"address": f"10.0.0.{number}", "port": "8000"}
        known = []
        for relation in self.model.relations["addresses"]:
            publish(relation.data[self.unit], ours)
            if self.unit.is_leader():
                publish(relation.data[self.app], {"leader": self.unit.name})
            for other in sorted(relation.units, key=lambda unit: int(unit.name.split("/")[1])):
                data = relation.data[other]
                known.append(f"{other.name}={data['address']}:{int(data['port'])}")
        self.unit.status = ops.ActiveStatus(" ".join(known))


def publish(data: ops.RelationDataContent, wanted: dict[str, str]) -> None:
    """Writes what differs: without the look, ops runs a relation-set whether or not anything does."""
    changes = {key: text for key, text in wanted.items() if data.get(key) != text}
    if changes:
        data.update(changes)


if __name__ == "__main__":
    ops.main(Provider)
