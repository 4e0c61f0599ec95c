"""Real memcached, Redis, PostgreSQL and nginx for the tests and the bench, on free ports, with their own data."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from support.helpers import TEST_TIMEOUT, free_port, unavailable


class Service:
    """A server in its own process group, which can be killed and started again with the same port and data."""

    program = ""

    def __init__(self, folder: Path) -> None:
        debian = [*sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True), Path("/usr/sbin")]
        found = shutil.which(self.program, path=os.pathsep.join([os.environ["PATH"], *map(str, debian)]))
        if found is None:
            unavailable(f"{self.program} is not installed")
        self.executable = found
        self.folder = folder
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command(), cwd=self.folder, start_new_session=True, user=self.user(),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + TEST_TIMEOUT
        while not self.answers():
            assert self.process.poll() is None, f"{self.program} exited"
            assert time.monotonic() < deadline, f"{self.program} does not answer"
            time.sleep(0.02)

    def user(self) -> str | None:
        return None

    def answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pause(self) -> None:
        """Stop all its processes (SIGSTOP): they answer nothing, but the kernel accepts connections for them."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._processes():
            with contextlib.suppress(ProcessLookupError):  # a child may exit at any time
                os.kill(pid, number)

    def _processes(self) -> list[int]:
        """Return the server's process and its descendants, parents first; PostgreSQL's have their own groups."""
        assert self.process is not None
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(FileNotFoundError):
                found += map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
        return found

    def kill(self) -> None:
        if self.process is not None:
            self.resume()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            while self.answers():
                time.sleep(0.02)
            self.process = None


class Memcached(Service):
    program = "memcached"

    def command(self) -> list[str]:
        run_as = ["-u", "nobody"] if os.geteuid() == 0 else []
        return [self.executable, *run_as, "-l", "127.0.0.1", "-p", str(self.port), "-U", "0"]

    def options(self) -> dict[str, str]:
        return {"session.type": "ext:memcached", "session.url": f"127.0.0.1:{self.port}"}


class Redis(Service):
    program = "redis-server"

    def command(self) -> list[str]:
        return [
            self.executable, "--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
            "--appendonly", "yes", "--appendfsync", "always",
        ]  # fmt: skip

    def options(self) -> dict[str, str]:
        return {"session.type": "ext:redis", "session.url": f"redis://127.0.0.1:{self.port}/0"}


@functools.cache
def new_cluster(initdb: Path, owner: str | None) -> Path:
    """Create the data folder that every PostgreSQL of this test process starts with a copy of."""
    folder = Path(tempfile.mkdtemp(prefix="gearbox-lite-", dir="/tmp"))
    atexit.register(shutil.rmtree, folder)
    if owner:
        shutil.chown(folder, owner)
    subprocess.run(
        [initdb, "-D", folder / "data", "-U", "test", "-A", "trust", "-N", "-E", "UTF8", "--no-locale"],
        check=True, user=owner, cwd=folder, stdout=subprocess.DEVNULL, timeout=60,
    )  # fmt: skip
    return folder / "data"


class PostgreSQL(Service):
    """PostgreSQL, as another user if the tests run as root, which it refuses."""

    program = "postgres"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        owner = self.user()
        if owner:
            shutil.chown(folder, owner)
        initdb = Path(self.executable).resolve().with_name("initdb")
        subprocess.run(["cp", "-a", new_cluster(initdb, owner), folder / "data"], check=True)

    def user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        return "postgres" if any(entry.pw_name == "postgres" for entry in pwd.getpwall()) else "nobody"

    def command(self) -> list[str]:
        return [
            self.executable, "-D", str(self.folder / "data"), "-h", "127.0.0.1", "-p", str(self.port), "-k", "",
            "-c", "fsync=off",  # the machine keeps running, whatever happens to the processes
        ]  # fmt: skip

    def answers(self) -> bool:
        import psycopg

        try:
            psycopg.connect(f"host=127.0.0.1 port={self.port} user=test dbname=postgres", connect_timeout=1).close()
        except psycopg.OperationalError:
            return False
        return True

    def kill(self) -> None:
        super().kill()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def options(self) -> dict[str, str]:
        url = f"postgresql+psycopg://test@127.0.0.1:{self.port}/postgres"
        return {"session.type": "ext:database", "session.url": url}


class Nginx(Service):
    """nginx as a load balancer (round robin) in front of other servers of this machine."""

    program = "nginx"

    def __init__(self, folder: Path, ports: list[int]) -> None:
        super().__init__(folder)
        servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; pid {folder}/pid; error_log stderr;\n"
            "events {}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
            f"upstream applications {{ {servers} }}\n"
            f"server {{ listen 127.0.0.1:{self.port}; location / "
            "{ proxy_pass http://applications; proxy_set_header Host $host; } } }\n"
        )

    def command(self) -> list[str]:
        return [self.executable, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]


@contextlib.contextmanager
def running(kind: type[Service], *arguments: object) -> Iterator[Service]:
    """Start a service in a folder that its user may enter; afterwards, kill it and remove the folder."""
    with tempfile.TemporaryDirectory(prefix="gearbox-lite-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        service = kind(folder, *arguments)
        service.start()
        try:
            yield service
        finally:
            service.kill()
