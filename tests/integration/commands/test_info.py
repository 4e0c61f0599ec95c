"""What info tells about a project, in text and as JSON."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version

from support.helpers import add_line, line_of, set_option
from support.plain import write_site
from support.warm import run

PASSPHRASE = "opensesame-42"


def told(project, *arguments, code=0, **environment):
    """Return what info prints as JSON, and its standard error."""
    result = run("info", "--json", *arguments, cwd=project, **environment)
    assert result.returncode == code, result.stderr
    return json.loads(result.stdout), result.stderr


def test_a_new_project_is_described_with_versions_pipeline_session_routes_and_templates(project):
    facts, errors = told(project)
    assert errors == ""
    ini = project / "development.ini"
    assert facts["versions"]["Python"] == platform.python_version()
    assert facts["versions"]["TurboGears2"] == version("TurboGears2")
    assert (facts["ini"], facts["debug"], facts["error"]) == (str(ini), True, None)
    line = line_of(ini, "use = egg:gearbox_lite#session")
    assert {
        "section": "filter:session", "factory": "egg:gearbox_lite#session", "at": f"development.ini:{line}",
    } in facts["pipeline"]  # fmt: skip
    assert facts["pipeline"][-1]["factory"] == "hello.config.application:make_app"
    assert facts["session"] == {"store": "cookie", "address": None, "cookie": "hello"}
    assert facts["database"] is None
    assert {"url": "/store", "http": "POST"}.items() <= facts["routes"][-1].items()
    assert "hello/templates/index.jinja" in facts["templates"]


def test_the_text_has_the_same_facts_under_headings(project):
    result = run(
        "info", "production.ini", cwd=project, HELLO_SESSION_KEY="0123456789abcdef" * 4, HELLO_CSRF_KEY="x" * 32
    )
    assert (result.returncode, result.stderr) == (0, "")
    headings = [line for line in result.stdout.splitlines() if line and not line.startswith(" ")]
    assert headings == ["Versions", "Ini", "Debug", "Pipeline", "Session", "Routes", "Templates"]
    for text in (
        "\nIni\n  production.ini\n",
        "\nDebug\n  off\n",
        "\n  store   cookie\n  cookie  hello\n",
        "\n  /setsession ",
    ):
        assert text in result.stdout


def test_any_paste_ini_is_described_without_routes_and_templates(tmp_path):
    facts, _ = told(write_site(tmp_path))
    assert [part["factory"] for part in facts["pipeline"]] == ["site_code:make"]
    assert [facts[name] for name in ("session", "database", "routes", "templates", "error")] == [None] * 5


def test_a_pyramid_ini_is_described_with_its_version_and_its_database(tmp_path):
    (tmp_path / "shop.py").write_text(
        "from pyramid.config import Configurator\n\n"
        "def main(global_config, **settings):\n    return Configurator(settings=settings).make_wsgi_app()\n"
    )
    (tmp_path / "development.ini").write_text(
        "[app:main]\npaste.app_factory = shop:main\nsqlalchemy.url = sqlite:///shop.db\n"
        "pyramid.debug_notfound = true\n\n[server:main]\nuse = egg:waitress#main\nlisten = localhost:6543\n"
    )
    facts, _ = told(tmp_path)
    assert facts["versions"]["pyramid"] == version("pyramid")
    assert facts["pipeline"] == [{"section": "app:main", "factory": "shop:main", "at": "development.ini:2"}]
    assert (facts["database"], facts["routes"], facts["error"]) == ("sqlite:///shop.db", None, None)


def test_an_application_that_does_not_load_is_described_as_far_as_possible(project):
    (project / "hello/controllers/root.py").write_text("def broken(:\n")
    facts, errors = told(project, code=1)
    assert errors == f"Error: {facts['error']}\n"
    assert "SyntaxError in root.py line 1" in facts["error"]
    assert facts["session"]["store"] == "cookie"
    assert len(facts["pipeline"]) >= 2
    assert (facts["routes"], facts["templates"]) == (None, None)
    result = run("info", cwd=project)
    assert (result.returncode, result.stderr) == (1, errors)
    assert "\nPipeline\n" in result.stdout


def test_an_ini_that_is_wrong_or_missing_leaves_the_versions(project):
    ini = project / "development.ini"
    set_option(ini, "session.timeout", "soon")
    facts, _ = told(project, code=2)
    assert facts["error"].startswith(f"development.ini:{line_of(ini, 'session.timeout')}: session.timeout = ")
    assert (facts["session"], len(facts["pipeline"]) >= 2) == (None, True)
    set_option(ini, "pipeline", "nothing hello")
    facts, _ = told(project, code=2)
    assert (facts["ini"], facts["pipeline"]) == (str(ini), None)
    facts, _ = told(project, "no.ini", code=2)
    assert facts["error"].startswith("no.ini: there is no such file")
    assert facts["versions"]["PasteDeploy"] == version("PasteDeploy")


def test_no_secret_is_shown_in_text_or_json(project):
    ini = project / "development.ini"
    set_option(ini, "session.type", "ext:database")
    set_option(ini, "session.url", f"postgresql://ada:{PASSPHRASE}@localhost/hello")
    add_line(ini, "app:hello", f"sqlalchemy.url = postgresql://ada:{PASSPHRASE}@localhost/shop")
    keys = [
        line.partition(" = ")[2] for line in ini.read_text().splitlines() if "key = " in line or "secret = " in line
    ]
    secrets = [PASSPHRASE, *(key for key in keys if len(key) == 64)]
    assert len(secrets) >= 4
    for arguments in ([], ["--json"], ["-v"]):
        result = run("info", *arguments, cwd=project)
        assert "postgresql://ada:***@localhost/shop" in result.stdout
        assert "postgresql://ada:***@localhost/hello" in result.stdout
        assert [secret for secret in secrets if secret in result.stdout + result.stderr] == []


def test_what_the_application_prints_does_not_disturb_the_json(project):
    root = project / "hello/controllers/root.py"
    root.write_text(f"{root.read_text()}\nprint('loaded')\n")
    _, errors = told(project)
    assert errors == "loaded\n"
