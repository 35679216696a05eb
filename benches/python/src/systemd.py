"""The server's life under systemd: does what src/systemd.rs and src/files.rs do, file by file and call by call."""

import errno
import filecmp
import os
import pathlib
import shutil
import socket
import subprocess


class PortTaken(Exception):
    """Another process of the machine listens on the wanted port."""


class Systemd:
    """The server as two systemd units, a socket and the service that it starts."""

    def __init__(self, name: str, charm_dir: pathlib.Path):
        self.name = name
        self.prefix = name.replace("/", "-") + "@"
        self.charm_dir = charm_dir
        self.executable = charm_dir / "server" / "hello-server"
        path = os.environ.get("SYSTEMD_UNIT_PATH", "").split(":")
        self.unit_dir = pathlib.Path(next(filter(os.path.isabs, path), "/etc/systemd/system"))

    def serve_on(self, port: int) -> None:
        must_reload = self._install()
        loaded = self._loaded_units()
        if must_reload or any(unit["NeedDaemonReload"] == "yes" for unit in loaded.values()):
            self._reload(loaded)
        listening = loaded.get(self._socket(port), {})
        service = loaded.get(self._service(port), {})
        if listening.get("Result") in ("service-start-limit-hit", "trigger-limit-hit"):
            self._reset_failed({port})
            raise RuntimeError(f"systemd gave it up: {listening['Result']}")
        listens = listening.get("ActiveState") == "active" and port in self._enabled_ports()
        others = self._ports_in_use(loaded) - {port}
        if not listens:
            self._start(port, others)
        elif service.get("ActiveState") in ("activating", "failed"):
            systemctl("start", "--", self._service(port))
        self._stop_ports(loaded, others)
        if self._is_outdated(service.get("MainPID", "0")):
            systemctl("try-restart", "--", self._service(port))

    def stop(self) -> None:
        ports = self._ports_in_use(self._loaded_units())
        self._disable(ports)
        self._reset_failed(ports)

    def uninstall(self) -> None:
        self.stop()
        for kind in ("socket", "service"):
            self._unit_file(kind).unlink(missing_ok=True)
        shutil.rmtree(self.executable.parent, ignore_errors=True)

    def _socket(self, port: int) -> str:
        return f"{self.prefix}{port}.socket"

    def _service(self, port: int) -> str:
        return f"{self.prefix}{port}.service"

    def _unit_file(self, kind: str) -> pathlib.Path:
        return self.unit_dir / f"{self.prefix}.{kind}"

    def _port_of(self, unit: str) -> int | None:
        instance = unit.removeprefix(self.prefix).partition(".")[0]
        return int(instance) if unit.startswith(self.prefix) and instance.isdecimal() else None

    def _install(self) -> bool:
        texts = {}
        for kind in ("socket", "service"):
            template = (self.charm_dir / "src" / f"hello-server.{kind}").read_text()
            executable, name = ('"' + str(word).replace("%", "%%") + '"' for word in (self.executable, self.name))
            texts[self._unit_file(kind)] = template.replace("{executable}", executable).replace("{name}", name)
        differ = {path: text for path, text in texts.items() if not path.exists() or path.read_text() != text}
        server = self.charm_dir / "bin" / "hello-server"
        if differ or not self.executable.exists() or not filecmp.cmp(server, self.executable, shallow=False):
            self.executable.parent.mkdir(exist_ok=True)
            replace(self.executable, server.read_bytes(), 0o755)
        for path, text in differ.items():
            replace(path, text.encode(), 0o644)
        return bool(differ)

    def _reload(self, loaded: dict[str, dict[str, str]]) -> None:
        outdated = [
            self._port_of(name)
            for name, unit in loaded.items()
            if name.endswith(".socket") and unit["ActiveState"] == "active" and unit["NeedDaemonReload"] == "yes"
        ]
        if outdated:
            systemctl("stop", "--", *map(self._socket, outdated))
        systemctl("daemon-reload")
        if outdated:
            systemctl("start", "--", *(unit(port) for port in outdated for unit in (self._socket, self._service)))

    def _loaded_units(self) -> dict[str, dict[str, str]]:
        shown = systemctl(
            "show",
            "--property=Id,ActiveState,Result,MainPID,NeedDaemonReload",
            "--",
            f"{self.prefix}*.socket",
            f"{self.prefix}*.service",
        )
        blocks = [block for block in shown.split("\n\n") if block.strip()]
        units = [dict(line.split("=", 1) for line in block.splitlines() if line) for block in blocks]
        return {unit["Id"]: unit for unit in units}

    def _enabled_ports(self) -> set[int]:
        try:
            names = os.listdir(self.unit_dir / "sockets.target.wants")
        except FileNotFoundError:
            return set()
        return {port for port in map(self._port_of, names) if port}

    def _ports_in_use(self, loaded: dict[str, dict[str, str]]) -> set[int]:
        names = [name for name, unit in loaded.items() if unit["ActiveState"] != "inactive"]
        return self._enabled_ports() | {port for port in map(self._port_of, names) if port}

    def _start(self, port: int, others: set[int]) -> None:
        options = ["--no-reload"] if others else []
        try:
            systemctl("enable", "--now", *options, "--", self._socket(port), self._service(port))
        except subprocess.CalledProcessError:
            self._stop_ports(self._loaded_units(), {port})
            try:
                socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True).close()
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise PortTaken from error
            raise

    def _stop_ports(self, loaded: dict[str, dict[str, str]], ports: set[int]) -> None:
        self._disable(ports)
        failed = {self._port_of(name) for name, unit in loaded.items() if unit["ActiveState"] == "failed"}
        self._reset_failed(ports & failed)

    def _disable(self, ports: set[int]) -> None:
        if ports:
            systemctl("disable", "--now", "--", *map(self._socket, sorted(ports)))

    def _reset_failed(self, ports: set[int]) -> None:
        if ports:
            systemctl("reset-failed", "--", *(f"{self.prefix}{port}.*" for port in sorted(ports)))

    def _is_outdated(self, main_pid: str) -> bool:
        try:
            return not os.path.samefile(f"/proc/{main_pid}/exe", self.executable)
        except OSError:
            return False


def replace(path: pathlib.Path, content: bytes, mode: int) -> None:
    """Writes a file in one step: a reader, or a crash, finds the old one or the new one."""
    new = path.with_suffix(".new")
    with new.open("wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
        os.fsync(file.fileno())
    new.rename(path)


def systemctl(*arguments: str) -> str:
    return subprocess.run(["systemctl", *arguments], check=True, capture_output=True, text=True).stdout
