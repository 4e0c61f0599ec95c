"""``check --url`` reports what is wrong with a deployment: the generated files, each time with one fault."""

from __future__ import annotations

import shutil

import pytest
from support.deployment import behind_nginx, by_socket_activation, certificate, serve_production
from support.helpers import free_port, set_option, unavailable
from support.warm import run


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return certificate(tmp_path_factory.mktemp("certificate") / "tls")


def without(*lines):
    """Return a function that removes the lines of a site that start with one of ``lines``."""
    return lambda site: "".join(line for line in site.splitlines(keepends=True) if not line.strip().startswith(lines))


def without_tls(site):
    """Turn the site into one without a certificate."""
    return without("ssl_", "add_header")(site.replace(" ssl;", ";").replace(" ssl default", " default"))


def bare_headers(site):
    names = ("Content-Security-Policy", "X-Content-Type-Options", "Referrer-Policy", "X-Frame-Options")
    hidden = "".join(f"proxy_hide_header {name};\n" for name in names)
    return without("add_header")(site).replace("location / {", "location / {\n" + hidden)


FAULTS = {
    "secure cookie without TLS": (
        {}, without_tls, "is for HTTPS only, but the site is served over plain HTTP: browsers drop it",
    ),
    "untrusted proxy": (
        {"trusted_proxy": "127.0.0.2"}, None, "the application ignores the X-Forwarded headers of its proxy",
    ),
    "Host not passed on": (
        {}, without("proxy_set_header Host", "proxy_set_header X-Forwarded-Host"),
        "the proxy does not pass the host name on: the application sees hello; in nginx, proxy_set_header Host",
    ),
    "scheme not passed on": (
        {}, without("proxy_set_header X-Forwarded-Proto"), "the application sees this request as http; see trusted",
    ),
    "missing headers": (
        {}, bare_headers,
        "security headers are missing: Content-Security-Policy, X-Content-Type-Options, Referrer-Policy; add them",
    ),
    "debug on": (
        {"debug": "true", "pipeline": "egg:gearbox_lite#debug session hello"}, None,
        "debug is on: exceptions show visitors code and data; serve an ini with",
    ),
    "any host name answered": (
        {}, lambda site: site.replace(" default_server", "").replace("return 444", "return 404"),
        "requests for any other host name are answered",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_check_url_reports_the_fault_and_no_other(project, tls, fault):
    options, edit, message = FAULTS[fault]
    for name, value in options.items():
        set_option(project / "production.ini", name, value)
    port = free_port()
    with behind_nginx(project, tls, f"127.0.0.1:{port}", edit or (lambda site: site)) as url:
        with serve_production(project, "--port", port, *(["--allow-remote-debug"] if fault == "debug on" else [])):
            result = run("check", "--strict", "--url", url, SSL_CERT_FILE=str(tls / "fullchain.pem"))
    assert result.returncode == 1
    lines = result.stderr.splitlines()
    assert message in lines[0]
    assert lines[0].partition(" ")[2].startswith(f"{url}/: ")
    assert "; " in lines[0]
    assert len(lines) == (2 if fault == "missing headers" else 1), lines  # and Strict-Transport-Security


def test_check_url_reports_a_trusted_proxy_of_the_wrong_kind(project, tls):
    """An IP address, which clients of a Unix socket do not have. With unix_socket in the ini it would be refused."""
    if shutil.which("systemd-socket-activate") is None:
        unavailable("systemd-socket-activate is not installed")
    path = project / "web.sock"
    with behind_nginx(project, tls, f"unix:{path}") as url:
        with serve_production(project, prefix=by_socket_activation(str(path)), ready="Listening on ") as served:
            result = run("check", "--url", url, SSL_CERT_FILE=str(tls / "fullchain.pem"))
            served.end()
    assert result.returncode == 1
    assert "arrive through its Unix socket, because trusted_proxy names an address; set trusted_proxy = localhost" in (
        result.stderr
    )
    assert "set trusted_proxy = localhost in the [server:...] section" in served.output
