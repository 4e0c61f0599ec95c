"""Deploy generated projects on loopback: their nginx site in a real nginx, with a new certificate."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import ipaddress
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support import services
from support.chromium import Tab
from support.helpers import PROGRAM, Served, add_line, free_port, run, set_option

KEY = {f"HELLO_{name}_KEY": hashlib.sha256(name.encode()).hexdigest() for name in ("SESSION", "CSRF")}
"""The environment variables that hello's production.ini needs."""

WITHOUT_WRITABLE_CODE = """
import ctypes, os, sys
if ctypes.CDLL(None, use_errno=True).prctl(65, 1, 0, 0, 0): sys.exit(os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
"""
"""Does what MemoryDenyWriteExecute=yes does: sets PR_SET_MDWE (Linux 6.3), which child processes inherit."""


@functools.cache
def certificate(folder: Path) -> Path:
    """Create a self-signed certificate for localhost; return the folder with it and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = dt.datetime.now(dt.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(1))
        .not_valid_after(now + dt.timedelta(1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    folder.mkdir()
    (folder / "fullchain.pem").write_bytes(made.public_bytes(pem))
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "privkey.pem").write_bytes(private)
    return folder


def site_of(project: Path, tls: Path, upstreams: list[str], https: str = "443", http: str = "80") -> str:
    """Return the project's nginx site; only names, addresses and the certificate's path are replaced."""
    text = (project / "deploy/nginx.conf").read_text()
    text, count = re.subn(r"    server 127\.0\.0\.1:8080;\n", "".join(f"    server {it};\n" for it in upstreams), text)
    assert count == 1
    text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE)  # this machine may have no IPv6
    text = text.replace("listen 443", f"listen {https}").replace("listen 80", f"listen {http}")
    return text.replace("hello.example.org", "localhost").replace("/etc/ssl/hello", str(tls))


class NginxSite(services.Service):
    """nginx with one site."""

    program = "nginx"

    def __init__(self, folder: Path, site: str, port: int, prefix: tuple[str, ...] = ()) -> None:
        super().__init__(folder)
        self.port = port
        self._prefix = prefix
        user = "user root;" if os.geteuid() == 0 else ""
        (folder / "nginx.conf").write_text(
            f"{user} daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;\n"
            "events {}\n"
            f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
            f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{site}}}\n"
        )

    def command(self) -> list[str]:
        words = [self.executable, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf"), "-e", "stderr"]
        return [*self._prefix, *words]

    def answers(self) -> bool:
        if self._prefix:  # its port is on another network; nginx writes its pid once it listens
            return self.process is not None and self.process.poll() is None and (self.folder / "pid").exists()
        return super().answers()


@contextmanager
def behind_nginx(project: Path, tls: Path, upstream: str, edit=lambda site: site) -> Iterator[str]:
    """Run nginx with the project's site, changed by ``edit``, and give the site's URL."""
    port = free_port()
    site = edit(site_of(project, tls, [upstream], f"127.0.0.1:{port}", f"127.0.0.1:{free_port()}"))
    with services.running(NginxSite, site, port):
        yield f"{'https' if ' ssl;' in site else 'http'}://localhost:{port}"


def serve_production(
    project: Path, *arguments: object, prefix: tuple[str, ...] = (), ready: str = "Serving at ", **environment: str
) -> Served:
    """Serve production.ini, with one worker by default."""
    words = [PROGRAM, "serve", "production.ini", "--workers", "1", *arguments]
    return Served([*prefix, *words], project, ready, **KEY, **environment)


def use_unix_socket(project: Path, path: Path) -> None:
    """Edit production.ini as its comments describe."""
    ini = project / "production.ini"
    set_option(ini, "host", None)
    set_option(ini, "port", None)
    set_option(ini, "trusted_proxy", "localhost")
    add_line(ini, "server:main", f"unix_socket = {path}")


def by_socket_activation(listen: str) -> tuple[str, ...]:
    """Return the command prefix that starts a server at the first connection, as systemd does for a socket unit."""
    activate = ("/usr/bin/systemd-socket-activate", "--listen", listen, *(f"--setenv={name}" for name in KEY))
    return (sys.executable, "-c", WITHOUT_WRITABLE_CODE, *activate)


def ip(*words: str) -> None:
    """Run ``ip`` of iproute2."""
    subprocess.run(["ip", *words], check=True, timeout=30)


def store_a_value(tab: Tab, url: str) -> None:
    tab.page.goto(url)
    tab.page.get_by_label("Value to store as user").fill("Ada")
    tab.press("Store")
    assert tab.state == "Your session contains user = Ada"
    assert tab.page.url == f"{url}/"


def see_the_value_again(tab: Tab, _url: str) -> None:
    tab.page.reload()
    assert "Ada" in tab.state
    cookies = tab.page.context.cookies()
    assert cookies
    assert all(cookie["secure"] for cookie in cookies)
    assert tab.problems == []


def assert_clean(url: str, tls: Path) -> None:
    result = run("check", "--strict", "--url", url, SSL_CERT_FILE=str(tls / "fullchain.pem"))
    assert (result.stderr, result.stdout) == ("", f"{url}: no errors, no warnings\n")
    assert result.returncode == 0
