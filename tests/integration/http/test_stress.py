"""64 clients of every kind on 4 threads while the server reloads 10 times: each answer is complete and correct."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import socket
import struct
from collections import Counter

from support.helpers import serve
from support.plain import family_of
from support.reloading import port_of, wait_until

RELOADS = 10
CODE = """
import hashlib, time

def make(global_conf):
    return application

def application(environ, start_response):
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read()
    headers = [("Content-Type", "text/plain")]
    if path.startswith("/stream/"):
        start_response("200 OK", headers)
        return stream(path)
    if path.startswith("/slow/"):
        time.sleep(0.02)
    text = {{"/version": "{version}", "/upload": hashlib.sha256(body).hexdigest()}}.get(path, path).encode()
    start_response("200 OK", [*headers, ("Content-Length", str(len(text)))])
    return [text]

def stream(path):
    for number in range(10):
        if number == 5:
            time.sleep(0.01)
        yield f"{{path}} {{number}}".encode().ljust(5000)
"""


class Client:
    """One connection that sends requests of one kind one after the other, and compares each answer."""

    def __init__(self, port: int, number: int, stop: asyncio.Event, answered: Counter[str]) -> None:
        self.port, self.number, self.stop, self.answered = port, number, stop, answered
        self.random = random.Random(number)

    async def connect(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    def send(self, method: str, path: str, body: bytes = b"", *, headers: str = "") -> None:
        length = f"Content-Length: {len(body)}\r\n" if body else ""
        self.writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n{length}{headers}\r\n".encode() + body)

    async def answer(self) -> bytes:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        assert head.startswith("HTTP/1.1 200 OK\r\n"), head
        if "Transfer-Encoding: chunked" not in head:
            return await self.reader.readexactly(int(head.partition("Content-Length: ")[2].partition("\r\n")[0]))
        body = b""
        while size := int(await self.reader.readline(), 16):
            body += await self.reader.readexactly(size)
            assert await self.reader.readexactly(2) == b"\r\n"
        assert await self.reader.readexactly(2) == b"\r\n"
        return body

    async def run(self, kind: str) -> None:
        step = getattr(self, kind)
        await self.connect()
        count = 0
        while not self.stop.is_set() or not count:
            count += 1
            await asyncio.wait_for(step(f"{self.number}-{count}"), 60)
            self.answered[kind] += 1
        await self.close()

    async def quick(self, name: str) -> None:
        self.send("GET", f"/quick/{name}")
        assert await self.answer() == f"/quick/{name}".encode()

    async def pipelined(self, name: str) -> None:
        for number in range(5):
            self.send("GET", f"/quick/{name}-{number}")
        for number in range(5):
            assert await self.answer() == f"/quick/{name}-{number}".encode()

    async def slow(self, name: str) -> None:
        self.send("GET", f"/slow/{name}")
        assert await self.answer() == f"/slow/{name}".encode()

    async def streaming(self, name: str) -> None:
        """waitress closes the connection after an answer of unknown length."""
        self.send("GET", f"/stream/{name}")
        expected = b"".join(f"/stream/{name} {number}".encode().ljust(5000) for number in range(10))
        assert await self.answer() == expected
        assert await self.reader.read() == b""
        await self.close()
        await self.connect()

    async def uploading(self, _name: str) -> None:
        body = self.random.randbytes(100_000)
        self.writer.write(f"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for start in range(0, len(body), 25_000):
            self.writer.write(body[start : start + 25_000])
            await self.writer.drain()
            await asyncio.sleep(0)
        assert await self.answer() == hashlib.sha256(body).hexdigest().encode()

    async def half_closed(self, name: str) -> None:
        self.send("GET", f"/slow/{name}")
        self.writer.write_eof()
        assert await self.answer() == f"/slow/{name}".encode()
        assert await self.reader.read() == b""
        await self.close()
        await self.connect()

    async def aborted(self, name: str) -> None:
        """Reset the connection inside a request, or while it is answered."""
        self.send("POST", f"/stream/{name}", b"x" * 10, headers="X: y\r\n")
        if self.random.random() < 0.5:
            await self.reader.readexactly(1)
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        await self.close()
        await self.connect()


KINDS = ["quick", "pipelined", "slow", "streaming", "uploading", "half_closed", "aborted", "quick"]


async def stress(port: int, reload_often) -> Counter[str]:
    """Run all clients until ``reload_often`` has returned, or one of them has failed."""
    stop, answered = asyncio.Event(), Counter()
    clients = [
        asyncio.create_task(Client(port, number, stop, answered).run(KINDS[number % len(KINDS)]))
        for number in range(64)
    ]
    reloading = asyncio.create_task(reload_often())
    await asyncio.wait([reloading, *clients], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.gather(reloading, *clients)
    return answered


def write_version(folder, version):
    draft = folder / "site.draft"
    draft.write_text(CODE.format(version=version))
    draft.replace(folder / "stress_site.py")


def size_of(served) -> tuple[int, list[tuple[int, int]]]:
    """Return how many processes the server has, and how many threads and descriptors each of them."""
    family = family_of(served)
    return len(family), sorted((one.num_threads(), one.num_fds()) for one in family)


def test_64_clients_get_complete_answers_while_the_server_reloads(tmp_path):
    write_version(tmp_path, "0")
    (tmp_path / "development.ini").write_text(
        "[app:main]\npaste.app_factory = stress_site:make\n"
        "[server:main]\nuse = egg:waitress#main\nport = 0\nthreads = 4\n"
        "[serve]\naccess_log = false\n"
    )
    with serve(tmp_path, "--reload") as served:
        port = port_of(served)

        async def version() -> bytes:
            client = Client(port, 0, asyncio.Event(), Counter())
            await client.connect()
            client.send("GET", "/version")
            answer = await client.answer()
            await client.close()
            return answer

        async def reload_often() -> None:
            for number in range(1, RELOADS + 1):
                write_version(tmp_path, str(number))
                while await version() != str(number).encode():  # noqa: ASYNC110 (another process sets it)
                    await asyncio.sleep(0.05)

        assert asyncio.run(version()) == b"0"
        before = size_of(served)
        answered = asyncio.run(stress(port, reload_often))
        assert set(answered) == set(KINDS)
        wait_until(lambda: size_of(served) == before)
        output = served.output
        assert "Traceback" not in output, output
        assert served.end() == 0
