"""No program that an application starts inherits a socket or control channel of the server, or can harm it."""

from __future__ import annotations

import contextlib
import os
import signal
import socket

import psutil
import pytest
from support.helpers import TEST_TIMEOUT, Browser
from support.plain import descriptors_of, serve_site, write_site
from support.reloading import port_of, wait_until

STARTS = {
    "subprocess": "import subprocess; return subprocess.Popen(['sleep', '60'], close_fds=False).pid",
    "os.system": "os.system('sleep 60 & echo $! > pid'); return open('pid').read()",
    "fork and exec": "return os.fork() or os.execlp('sleep', 'sleep', '60')",
    "fork": "return os.fork() or __import__('time').sleep(60) or os._exit(0)",
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("how", STARTS)
def test_a_child_process_of_the_application_inherits_no_socket_and_leaves_the_port_free(tmp_path, how, workers):
    """The children are started while loading and by a request, and keep running after the server has exited."""
    more = f"def start():\n    {STARTS[how]}\n\ndef answer(path, environ):\n    return start()\n"
    write_site(tmp_path, load="with open(f'child-{os.getpid()}', 'w') as file: file.write(str(start()))", more=more)
    with serve_site(tmp_path, "--workers", workers) as served:
        children = [int(Browser(served.url).get("/").text)]
        children += [int(path.read_text()) for path in tmp_path.glob("child-*") if path.read_text()]
        try:
            assert len(children) >= 2
            for child in children:
                wait_until(lambda child=child: not [one for one in descriptors_of(child) if "socket:" in one])
            port = port_of(served)
            served.process.send_signal(signal.SIGTERM)  # its output ends later, since the children have it too
            assert served.process.wait(TEST_TIMEOUT) == 0
            with socket.create_server(("127.0.0.1", port)):
                pass
            assert all(psutil.pid_exists(child) for child in children)
        finally:
            for child in children:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGKILL)


WRITES = """
def answer(path, environ):
    import pickle, socket, stat, struct
    messages = {'/garbage': b'\\x00\\x00\\x00\\x05{"a":1',
                '/pickle': struct.pack('!I', 60) + pickle.dumps(print).ljust(60),
                '/half': struct.pack('!I', 1000) + b'[',
                '/oversized': b'\\xff' * 10}
    for name in os.listdir('/proc/self/fd') if path in messages else []:
        try:
            if not stat.S_ISSOCK(os.fstat(int(name)).st_mode):
                continue
            with socket.socket(fileno=os.dup(int(name))) as one:
                if one.family == socket.AF_UNIX and one.type == socket.SOCK_STREAM:
                    one.send(messages[path])
        except OSError:
            pass
    return f'pid {os.getpid()}'
"""


@pytest.mark.parametrize("path", ["/garbage", "/pickle", "/half", "/oversized"])
def test_an_invalid_message_ends_only_the_worker_that_sent_it(tmp_path, path):
    """The application itself writes into the control channel, since its children cannot."""
    write_site(tmp_path, more=WRITES, serve_lines="worker_timeout = 5")
    with serve_site(tmp_path, "--workers", 2) as served:
        wait_until(lambda: len({Browser(served.url).get("/").text for _ in range(8)}) == 2)
        with contextlib.suppress(OSError):
            Browser(served.url).get(path)
        wait_until(lambda: "exited (it sent" in served.output or "exited (it has not" in served.output)
        wait_until(lambda: len({Browser(served.url).get("/").text for _ in range(8)}) == 2)
        assert "Traceback" not in served.output, served.output
        assert served.end() == 0
