"""The files in deploy/ and .github/ of a generated project are valid for the programs that read them."""

from __future__ import annotations

import re
import subprocess
from urllib.parse import urlsplit

import pytest
import yaml
from support.deployment import certificate
from support.helpers import new_project, nginx_check, units_check
from waitress.adjustments import Adjustments

STORES = ["cookie", "file", "database", "postgresql", "memcached", "redis"]


def units_of(project):
    return {
        path.name: path.read_text() for path in (project / "deploy").iterdir() if path.suffix not in (".conf", ".yaml")
    }


@pytest.mark.parametrize("store", STORES)
def test_systemd_accepts_the_units_and_rates_the_services_as_hardened(tmp_path, store):
    project = new_project(tmp_path, "hello", "--session", store)
    units = units_of(project)
    purge = {"hello-purge.service", "hello-purge.timer"} if store in ("file", "database", "postgresql") else set()
    assert set(units) == {"hello.socket", "hello.service", *purge}
    result = units_check(tmp_path / "units", units)
    assert [line for line in result.stderr.splitlines() if "hello" in line] == []
    assert result.returncode == 0, result.stderr
    services = sorted((tmp_path / "units").glob("*.service"))
    for service in services:
        rated = subprocess.run(
            ["systemd-analyze", "security", "--offline=true", "--threshold=40", "--no-pager", service],
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert rated.returncode == 0, rated.stdout


def test_nginx_accepts_the_site(project, tmp_path):
    tls = certificate(tmp_path / "tls")
    site = (project / "deploy/nginx.conf").read_text()
    other = site.replace("    server 127.0.0.1:8080;\n    #server unix", "    server unix")
    assert other.count("server unix:/run/hello.sock;") == 1
    for text in (site, other):
        result = nginx_check(
            tmp_path, re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.MULTILINE).replace("/etc/ssl/hello", str(tls))
        )
        assert result.returncode == 0, result.stderr
        assert "[warn]" not in result.stderr


def test_nginx_limits_request_bodies_like_the_application(project):
    site = (project / "deploy/nginx.conf").read_text()
    own = re.search(r"^max_request_body_size = (\d+)$", (project / "production.ini").read_text(), re.MULTILINE)
    limit = int(own[1]) if own else Adjustments.max_request_body_size
    assert int(re.search(r"client_max_body_size (\d+)m;", site)[1]) << 20 <= limit


@pytest.mark.parametrize("store", STORES)
def test_compose_defines_the_application_its_store_and_nginx(tmp_path, store):
    """Checks what the file refers to, because docker compose needs a Docker engine."""
    project = new_project(tmp_path, "hello", "--session", store)
    compose = yaml.safe_load((project / "deploy/compose.yaml").read_text())
    services = compose["services"]
    own = {store} & {"postgresql", "memcached", "redis"}
    assert set(services) == {"app", "nginx", *own}
    app, nginx = services["app"], services["nginx"]
    assert (project / "deploy" / app["build"] / "Dockerfile").is_file()
    assert app["command"] == ["gearbox-lite", "serve", "production.ini"]
    assert "host = 127.0.0.1" in (project / "production.ini").read_text()
    assert nginx["network_mode"] == "service:app"
    assert nginx["depends_on"]["app"]["condition"] == "service_healthy"
    assert "HEALTHCHECK" in (project / "Dockerfile").read_text()
    assert {port.partition(":")[2] for port in app["ports"]} == {"80", "443"}
    assert set(app.get("depends_on", {})) == own
    if own:
        assert urlsplit(f"//{app['environment']['HELLO_SESSION_URL'].rpartition('//')[2]}").hostname == store
    for service in services.values():
        for volume in service.get("volumes", []):
            source, target = volume.split(":")[:2]
            if source.startswith("./"):
                assert source == "./tls" or (project / "deploy" / source).is_file()
                assert target in ("/etc/nginx/conf.d/default.conf", "/etc/ssl/hello")
            else:
                assert source in compose["volumes"]
    assert ("sessions" in compose.get("volumes", {})) == (store not in ("cookie", "memcached"))


def test_github_runs_what_the_readme_says(project):
    workflow = yaml.safe_load((project / ".github/workflows/test.yml").read_text())
    assert workflow[True] == ["push", "pull_request"]  # "on" is true in YAML 1.1
    steps = workflow["jobs"]["test"]["steps"]
    command = re.search(r"## Test\n\n.*\n\n    (.*)\n", (project / "README.md").read_text())[1]
    assert [step["run"] for step in steps if "run" in step] == [command]


def test_each_file_that_the_readme_names_exists(tmp_path):
    for options in ([], ["--minimal"], ["--session", "database"]):
        folder = tmp_path / str(len(options))
        folder.mkdir()
        project = new_project(folder, "hello", *options)
        named = re.findall(r"`((?:deploy|\.github|hello)/[\w./-]+)`", (project / "README.md").read_text())
        assert named
        missing = {name for name in named if not (project / name).exists() and not name.startswith("deploy/tls/")}
        assert missing == set()
