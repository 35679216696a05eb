"""Prints the median time, in microseconds, of one config-changed in a test of the charm in Python."""

import statistics
import sys
import time

sys.path.insert(0, "src")

import charm
from ops import testing


class FakeServer:
    """Takes every port."""

    def __init__(self, *_):
        pass

    def serve_on(self, port: int) -> None:
        pass


charm.Systemd = FakeServer
context = testing.Context(charm.HelloServer, charm_root=".")
given = testing.State(config={"server-port": 6789}, opened_ports={testing.TCPPort(8000)})
times = []
for _ in range(int(sys.argv[1])):
    started = time.perf_counter()
    then = context.run(context.on.config_changed(), given)
    times.append(time.perf_counter() - started)
assert then.opened_ports == {testing.TCPPort(6789)}, then
print(round(statistics.median(times) * 1e6))
