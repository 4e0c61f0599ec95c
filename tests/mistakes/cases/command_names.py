"""Mistakes in the name of a command, and in what comes before it."""

from __future__ import annotations

from mistakes.case import Case

CASES = (
    Case(
        "start, as npm names it",
        command="start",
        error="no such command 'start'; write gearbox-lite serve",
    ),
    Case(
        "run, as Flask names it",
        command="run",
        error="no such command 'run'; write gearbox-lite serve",
    ),
    Case(
        "runserver, as Django names it",
        command="runserver",
        error="no such command 'runserver'; write gearbox-lite serve",
    ),
    Case(
        "server, as Rails names it",
        command="server",
        error="no such command 'server'; write gearbox-lite serve",
    ),
    Case(
        "dev, as npm names it",
        command="dev",
        error="no such command 'dev'; write gearbox-lite serve",
    ),
    Case(
        "up, as Docker names it",
        command="up",
        error="no such command 'up'; write gearbox-lite serve",
    ),
    Case(
        "pserve, as Pyramid names it",
        command="pserve development.ini",
        error="no such command 'pserve'; write gearbox-lite serve",
    ),
    Case(
        "serve in capitals",
        command="Serve",
        error="no such command 'Serve'; write gearbox-lite serve",
    ),
    Case(
        "help as a command",
        command="help",
        error="no such command 'help'; write gearbox-lite --help",
    ),
    Case(
        "help of a command",
        command="help serve",
        error="no such command 'help'; write gearbox-lite --help",
    ),
    Case(
        "version as a command",
        command="version",
        error="no such command 'version'; write gearbox-lite --version",
    ),
    Case(
        "new, as Rails names it",
        command="new shop",
        error="no such command 'new'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "init, as npm names it",
        command="init shop",
        error="no such command 'init'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "create, as npm names it",
        command="create shop",
        error="no such command 'create'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "startproject, as Django names it",
        command="startproject shop",
        error="no such command 'startproject'; write gearbox-lite quickstart NAME",
    ),
    Case(
        "quick-start with a hyphen",
        command="quick-start shop",
        error="no such command 'quick-start'; write gearbox-lite quickstart",
    ),
    Case(
        "generate, as Rails names it",
        command="generate controller movies",
        error="no such command 'generate'; write gearbox-lite scaffold controller NAME",
    ),
    Case(
        "startapp, as Django names it",
        command="startapp movies",
        error="no such command 'startapp'; write gearbox-lite scaffold controller NAME",
    ),
    Case(
        "console, as Rails names it",
        command="console",
        error="no such command 'console'; write gearbox-lite shell",
    ),
    Case(
        "python as a command",
        command="python",
        error="no such command 'python'; write gearbox-lite shell",
    ),
    Case(
        "test as a command",
        command="test",
        error="no such command 'test'; projects use pytest: pip install -e . --group dev, then pytest",
    ),
    Case(
        "setup_app with an underscore",
        command="setup_app",
        error="no such command 'setup_app'; write gearbox-lite setup-app",
    ),
    Case(
        "setupapp, as gearbox names it",
        command="setupapp",
        error="no such command 'setupapp'; write gearbox-lite setup-app",
    ),
    Case(
        "initdb, as others name it",
        command="init-db",
        error="no such command 'init-db'; write gearbox-lite migrate, or gearbox-lite setup-app for the websetup",
    ),
    Case(
        "sessions instead of session",
        command="sessions purge",
        error="no such command 'sessions'; write gearbox-lite session",
    ),
    Case(
        "template instead of templates",
        command="template",
        error="no such command 'template'; write gearbox-lite templates",
    ),
    Case(
        "route instead of routes",
        command="route",
        error="no such command 'route'; write gearbox-lite routes",
    ),
    Case(
        "urls, as others name it",
        command="urls",
        error="no such command 'urls'; write gearbox-lite routes",
    ),
    Case(
        "stop as a command",
        command="stop",
        error=(
            "no such command 'stop'; to stop a server, press Ctrl-C in its terminal, or stop its service: systemctl "
            "stop"
        ),
    ),
    Case(
        "restart as a command",
        command="restart",
        error="no such command 'restart'; serve --reload reloads by itself; a service is reloaded by systemctl reload",
    ),
    Case(
        "reload as a command",
        command="reload",
        error="no such command 'reload'; serve --reload reloads by itself; a service is reloaded by systemctl reload",
    ),
    Case(
        "status as a command",
        command="status",
        error="no such command 'status'; write gearbox-lite info",
    ),
    Case(
        "deploy as a command",
        command="deploy",
        error="no such command 'deploy'; the project's README and its folder deploy/ describe the deployment",
    ),
    Case(
        "install as a command",
        command="install",
        error="no such command 'install'; packages are installed with pip",
    ),
    Case(
        "update as a command",
        command="update",
        error="no such command 'update'; packages are installed with pip",
    ),
    Case(
        "build as a command",
        command="build",
        error="no such command 'build'; a project is built with pip wheel . (its README describes it)",
    ),
    Case(
        "makepackage, as gearbox names it",
        command="makepackage",
        error="no such command 'makepackage'; a project is built with pip wheel . (its README describes it)",
    ),
    Case(
        "tgshell, as gearbox names it",
        command="tgshell",
        error="no such command 'tgshell'; write gearbox-lite shell",
    ),
    Case(
        "patch, as gearbox names it",
        command="patch",
        error="no such command 'patch'; it is a command of gearbox: gearbox patch",
    ),
    Case(
        "an ini without a command",
        command="development.ini",
        error="no such command 'development.ini'; write gearbox-lite serve development.ini",
    ),
    Case(
        "a project without a command",
        command="hello",
        error=(
            "no such command 'hello'; choose from quickstart, templates, serve, check, info, routes, shell, "
            "setup-app, migrate, scaffold, session"
        ),
    ),
    Case(
        "an option before the command",
        command="--reload serve",
        error="no such option '--reload'; options of a command follow its name: gearbox-lite serve --reload",
    ),
    Case(
        "a port before the command",
        command="--port 8000 serve",
        error="no such option '--port'; options of a command follow its name: gearbox-lite serve --port 8000",
    ),
    Case(
        "--version of a command",
        command="serve --version",
        error="no such option '--version'; write gearbox-lite --version",
    ),
    Case(
        "-V for the version",
        command="-V",
        error="no such option '-V'; write gearbox-lite --version",
    ),
    Case(
        "-? for help",
        command="-?",
        error="no such option '-?'; write gearbox-lite --help",
    ),
    Case(
        "/? for help",
        command="/?",
        error="no such command '/?'; write gearbox-lite --help",
    ),
    Case(
        "a comma between commands",
        command="check, serve",
        error="no such command 'check,'; did you mean 'check'?",
    ),
    Case(
        "a question mark behind a command",
        command="serve?",
        error="no such command 'serve?'; did you mean 'serve'?",
    ),
)
