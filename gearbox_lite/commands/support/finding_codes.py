"""The code of each finding of ``check``: what it means and what to do. docs/reference.py makes a page of this table."""

from __future__ import annotations

from dataclasses import dataclass

from gearbox_lite.errors import UserError, nearest


@dataclass(frozen=True)
class FindingCode:
    """What a finding means, and what to do about it. Each is a whole sentence."""

    meaning: str
    remedy: str


FINDING_CODES = {
    "application-does-not-load": FindingCode(
        "The application's code, or a setting that it needs, raises an error while it loads.",
        "Fix the line that the message names.",
    ),
    "async-method": FindingCode(
        "A method of a controller is `async`, but TurboGears calls it like any other and awaits nothing.",
        "Write `def` instead of `async def`.",
    ),
    "code-syntax": FindingCode(
        "Python cannot compile a file of the project. Nothing has imported it yet.",
        "Fix the line that the message names.",
    ),
    "console-with-workers": FindingCode(
        "Debugging with several workers: the debug page's console needs the process in which the exception occurred.",
        "Set `workers = 1` while debugging.",
    ),
    "controller-base": FindingCode(
        "A controller is an instance of a class that inherits none of TurboGears' controllers.",
        "Inherit `BaseController`.",
    ),
    "controller-class": FindingCode(
        "A controller is mounted as a class, but TurboGears needs an instance.",
        "Add parentheses: `movies = MoviesController()`.",
    ),
    "cookie-not-httponly": FindingCode(
        "Scripts can read the session cookie, so a script that an attacker gets into a page can steal the session.",
        "Set `session.httponly = true`.",
    ),
    "cookie-not-secure": FindingCode(
        "Browsers send the session cookie over plain HTTP too, where anyone on the network can read it.",
        "Set `session.secure = true`, and serve the site with TLS.",
    ),
    "cookie-samesite-none": FindingCode(
        "Every other site can make a visitor's browser send requests with the session.",
        "Set `session.samesite = Lax`, unless this site is shown inside others.",
    ),
    "database-unreachable": FindingCode(
        "The database refuses, does not answer or may only be read, so pages that use it fail.",
        "Start the database, correct `sqlalchemy.url`, or give the user of the server the right to write the file.",
    ),
    "debug-exposed": FindingCode(
        "Other machines or users could reach the debug page, which reveals code and data.",
        "Set `debug = false`, or listen on `127.0.0.1` only.",
    ),
    "expose-parentheses": FindingCode(
        "`@expose` is written without parentheses, so the method is not exposed.",
        "Write `@expose()`.",
    ),
    "form-without-token": FindingCode(
        "A form of a template sends no CSRF token, so the project rejects what it sends.",
        "Add the hidden field of `lib/csrf.py` to the form.",
    ),
    "hidden-module": FindingCode(
        "A file beside the ini has the name of one of Python's own modules, or of a library, and hides it.",
        "Rename the file.",
    ),
    "invalid-setting": FindingCode(
        "The ini cannot be read, or a setting in it has an invalid name or value.",
        "Correct the line that the message names.",
    ),
    "key-of-development": FindingCode(
        "A key is also in `development.ini`, which may be in a public repository.",
        "Write 64 other random hex digits, or let `gearbox-lite session rotate-key` do it.",
    ),
    "memory-sessions": FindingCode(
        "Sessions are kept in the memory of one process: its end loses them, and other workers do not see them.",
        "Choose another `session.type`.",
    ),
    "method-without-self": FindingCode(
        "A method of a controller has no parameter `self`.",
        "Write `def name(self)`.",
    ),
    "migration-pending": FindingCode(
        "The database lacks migrations that the code needs.",
        "Run `gearbox-lite migrate upgrade`.",
    ),
    "migrations-broken": FindingCode(
        "The files in `migrations/versions` do not fit together, or not to the database.",
        "Correct the file that the message names.",
    ),
    "models-differ": FindingCode(
        "The tables of the database differ from the classes in `model/`.",
        'Write a migration: `gearbox-lite migrate new "what has changed"`.',
    ),
    "no-absolute-timeout": FindingCode(
        "The whole session is in the cookie and never expires while it is used, so a copied cookie works forever.",
        "Set for example `session.absolute_timeout = 604800`, which is a week.",
    ),
    "package-file-missing": FindingCode(
        "A folder of templates has no `__init__.py`, and TurboGears finds templates only in packages.",
        "Create the file; it may be empty.",
    ),
    "pickled-sessions": FindingCode(
        "Sessions are stored with pickle, which runs code if an attacker ever gets the key.",
        "Set `session.data_serializer = json`, or remove the line.",
    ),
    "relative-path": FindingCode(
        "The folder or database of the sessions is relative to the folder in which the server was started.",
        "Write `%(here)s/` before it, which is the ini's folder.",
    ),
    "site-any-host": FindingCode(
        "The site answers requests for every host name, with which an attacker can poison links and caches.",
        "Give nginx a `default_server` that refuses them.",
    ),
    "site-cookie-dropped": FindingCode(
        "A cookie is for HTTPS only, but the site is served over plain HTTP, so browsers drop it.",
        "Serve the site with TLS.",
    ),
    "site-cookie-not-httponly": FindingCode("Scripts can read a cookie.", "Set `session.httponly = true`."),
    "site-cookie-not-secure": FindingCode("A cookie is also sent over plain HTTP.", "Set `session.secure = true`."),
    "site-cookie-samesite": FindingCode(
        "Requests that other sites make include a cookie.", "Set `session.samesite = Lax`."
    ),
    "site-debug": FindingCode(
        "The site shows a debug page after an exception, which reveals code and data.",
        "Serve an ini with `debug = false`.",
    ),
    "site-error": FindingCode("The first page is an error page.", "See the server's log."),
    "site-form": FindingCode(
        "The form on the welcome page is rejected or loses its value.",
        "See the server's log; usually a cookie was not sent back.",
    ),
    "site-headers": FindingCode(
        "Security headers are missing.",
        "Add them in the application, as a generated project does in `lib/headers.py`, or in nginx.",
    ),
    "site-host": FindingCode(
        "The proxy does not pass the host name on.", "In nginx, write `proxy_set_header Host $host;`."
    ),
    "site-hsts": FindingCode(
        "Browsers are not told to use HTTPS only.",
        'In nginx, write `add_header Strict-Transport-Security "max-age=31536000" always;`.',
    ),
    "site-plain-http": FindingCode(
        "The site is served over plain HTTP, which anyone on the network can read.",
        "Serve it with TLS, and redirect plain HTTP to it.",
    ),
    "site-proxy-untrusted": FindingCode(
        "The application ignores the `X-Forwarded` headers of its proxy.",
        "Set `trusted_proxy` to the proxy's address.",
    ),
    "site-redirects": FindingCode(
        "The first page redirects too often, or to something that is no web page.",
        "Check whether the proxy and the application both redirect.",
    ),
    "site-redirects-away": FindingCode(
        "A page redirects to another host.", "In nginx, write `proxy_set_header Host $host;`."
    ),
    "site-redirects-to-http": FindingCode(
        "A page redirects to plain HTTP, since the application does not know that browsers use HTTPS.",
        "In nginx, write `proxy_set_header X-Forwarded-Proto $scheme;`, and set `trusted_proxy` in the ini.",
    ),
    "site-scheme": FindingCode(
        "The application takes requests over HTTPS for plain HTTP, or the reverse.",
        "In nginx, write `proxy_set_header X-Forwarded-Proto $scheme;`, and set `trusted_proxy` in the ini.",
    ),
    "site-unreachable": FindingCode(
        "The site does not answer, or not within the time limit.", "Start the server, or correct the URL."
    ),
    "store-unreachable": FindingCode(
        "The session store does not answer, so pages that use the session fail.",
        "Start the store, or correct `session.url`.",
    ),
    "template-missing": FindingCode(
        "A method's `@expose` names a template that does not exist.",
        "Create the template, or correct its name.",
    ),
    "template-syntax": FindingCode(
        "Jinja cannot compile a template, so each page that uses it fails.",
        "Fix the line that the message names.",
    ),
    "trusts-every-proxy": FindingCode(
        "`trusted_proxy = *`: every client can claim any host, address or scheme.",
        "Write the proxy's address.",
    ),
    "unprotected-session": FindingCode(
        "The session is stock Beaker's, whose cookies scripts can read, and which accepts ids that an attacker chose.",
        "Write `use = egg:gearbox_lite#session` in the section of the filter.",
    ),
    "unread-setting": FindingCode(
        "Nothing reads a setting or a section: its name is mistyped, or it belongs in another section.",
        "Correct the name, move it, or remove it.",
    ),
    "unknown-renderer": FindingCode(
        "A method's `@expose` names a renderer that the project has not configured, so the method is not exposed.",
        "Name a template of a configured renderer, or add the renderer in `config/app_cfg.py`.",
    ),
    "weak-fallback-key": FindingCode(
        "A fallback key, which is still accepted after a rotation, can be guessed.",
        "End the rotation: `gearbox-lite session rotate-key --drop-fallbacks`.",
    ),
    "weak-key": FindingCode(
        "A key is too short, an example, not random enough, or the same as another one, so it can be guessed.",
        "Write 64 random hex digits, or let `gearbox-lite session rotate-key` do it.",
    ),
}
"""Every code that ``check`` can show. A code never changes its meaning."""


def check_codes(codes: tuple[str, ...]) -> None:
    """Raise UserError for a code that does not exist."""
    for code in codes:
        if code not in FINDING_CODES:
            guess = nearest(code, list(FINDING_CODES))
            hint = f"did you mean {guess}?" if guess else "write a code that check shows in brackets"
            raise UserError(f"--ignore {code}: there is no finding with this code", remedy=hint)
