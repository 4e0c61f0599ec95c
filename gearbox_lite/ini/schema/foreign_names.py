"""Names of settings in other programs, with what each is called here, or why nothing replaces it.

``remedy_for`` is asked before any search for a similar name: ``session.path`` means ``session.cookie_path``, although
other names are more similar. ``remedy_in`` also knows in which section our own settings belong. To add a name, add it
to a row below. The names are those of TurboGears, gearbox, Beaker, Pyramid, Paste, Flask, Django, gunicorn and uvicorn,
in lower case, with _ for -.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from gearbox_lite.ini.schema.serve_section import SERVE_SETTINGS
from gearbox_lite.ini.schema.server_section import SERVER_SETTINGS

_HTTPS = "remove the line; waitress speaks plain HTTP, and a proxy such as nginx does HTTPS (README.md)"
_GUNICORN = "remove the line, or choose its server: use = egg:gunicorn#main"
_PROXY = "write trusted_proxy and trusted_proxy_headers, as in production.ini"
_LEVEL = "write level in [logger_root]"
_PID_FILE = "remove the line, and pass --pid-file FILE to serve"
_DAEMON = "remove the line; a process manager such as systemd runs it in the background (README.md)"
_KEYS = "write session.validate_key for session.type = cookie, or session.secret for any other store"

_RELOAD = "auto_reload autoreload use_reloader reloader hot_reload reload_on_change"
_WORKERS = "processes num_workers worker number_of_workers web_concurrency nproc worker_processes"
_ACCESS_LOG = "accesslog access_logfile log_requests request_log access_log_file"
_DRAIN = "graceful_timeout timeout_graceful_shutdown shutdown_timeout stop_timeout"
_HOSTS = "trusted_hosts allowed_host valid_hosts hosts"

_SERVER: Mapping[str, str] = {
    _RELOAD: "write reload in [serve]",
    _WORKERS: "write workers in [serve]",
    _ACCESS_LOG: "write access_log in [serve]",
    _DRAIN: "write drain_timeout in [serve]",
    _HOSTS: "write allowed_hosts in [serve]",
    "watch_files reload_dirs reload_includes reload_extra_files extra_files": "write watch in [serve]",
    "timeout request_timeout": "write channel_timeout for idle connections, or worker_timeout in [serve] for workers "
    "that hang",
    "bind listen_on address addresses addr sockets http_socket": "write listen = HOST:PORT",
    "interface hostname server_host ip http_host bind_host": "write host",
    "server_port http_port bind_port port_number": "write port",
    "uds socket sock socket_path unix_socket_path unix unixsocket": "write unix_socket",
    "socket_mode socket_perms unix_socket_mode chmod_socket": "write unix_socket_perms",
    "threadpool_workers num_threads threads_per_worker threadpool_size thread_pool numthreads max_threads "
    "min_threads thread_count nthreads": "write threads",
    "use_threadpool daemon_threads threaded": "remove the line; waitress always uses threads",
    "ssl_pem certfile keyfile ssl_certfile ssl_keyfile ssl_certificate ssl https ssl_context cert key ca_certs": _HTTPS,
    "max_body_size limit_request_body client_max_body_size max_content_length max_request_size body_limit": (
        "write max_request_body_size"
    ),
    "limit_request_line limit_request_field_size limit_request_fields h11_max_incomplete_event_size": (
        "write max_request_header_size"
    ),
    "keepalive keep_alive timeout_keep_alive keepalive_timeout keep_alive_timeout socket_timeout": (
        "write channel_timeout"
    ),
    "max_connections worker_connections limit_concurrency": "write connection_limit",
    "proxy_headers forwarded_allow_ips proxy_fix behind_proxy trusted_proxies use_x_forwarded_for reverse_proxy": (
        _PROXY
    ),
    "root_path script_name prefix mount_point base_path application_root": "write url_prefix",
    "worker_class max_requests max_requests_jitter preload preload_app umask user group chdir worker_tmp_dir": (
        _GUNICORN
    ),
    "daemon daemonize background": _DAEMON,
    "pid pidfile pid_file": _PID_FILE,
    "log_level loglevel errorlog log_file logfile log_config logging": _LEVEL,
    "server_header server_software": "write ident",
    "loop http ws lifespan interface_type": "remove the line; it belongs to uvicorn, an ASGI server",
}

_SERVE: Mapping[str, str] = {
    _RELOAD: "write reload",
    _WORKERS: "write workers",
    _ACCESS_LOG: "write access_log",
    _DRAIN: "write drain_timeout",
    _HOSTS: "write allowed_hosts",
    "watch_files reload_dirs reload_dir reload_includes reload_include reload_extra_files extra_files watch_dirs "
    "reload_extra_file include include_files files": "write watch",
    "exclude excludes reload_excludes reload_exclude exclude_patterns ignore_files exclude_files": "write ignore",
    "timeout": "write drain_timeout for the shutdown, or worker_timeout for workers that hang",
    "worker_healthcheck_timeout hang_timeout": "write worker_timeout",
    "open browser launch_browser open_url": "write open_browser",
    "bind address": "write listen = HOST:PORT in [server:main]",
    "app application app_name factory": "remove the line, and pass --app-name NAME to serve",
    "server server_name": "remove the line, and write use in [server:main]",
    "pid pidfile pid_file": _PID_FILE,
    "daemon daemonize background": _DAEMON,
    "log_level loglevel level": _LEVEL,
    "interval reload_interval reload_delay poll_interval reloader_interval": (
        "remove the line; a change is noticed at once"
    ),
    "ssl_certfile ssl_keyfile certfile keyfile https ssl": _HTTPS,
}

_SESSION: Mapping[str, str] = {
    "cookie_secure session_cookie_secure secure_cookie https_only https": "write session.secure",
    "cookie_httponly http_only cookie_http_only": "write session.httponly",
    "cookie_samesite same_site cookie_same_site": "write session.samesite",
    "path cookiepath": "write session.cookie_path",
    "domain": "write session.cookie_domain",
    "name cookie_name cookie cookie_key session_name cookiename session_cookie_name": "write session.key",
    "max_age cookie_max_age cookie_age lifetime permanent_session_lifetime idle_timeout ttl expire_after age "
    "timeout_seconds inactivity_timeout session_timeout duration expiry expiration": "write session.timeout",
    "expires cookie_expiry cookie_expire expire expire_at_browser_close cookie_on_exception permanent": (
        "write session.cookie_expires"
    ),
    "max_lifetime absolute max_duration": "write session.absolute_timeout",
    "enabled enable active": "remove the line; the filter in the pipeline switches the session on",
    "secret_key sign_key signing_key hash_key private_key cookie_secret salt": _KEYS,
    "validation_key validate_keys": "write session.validate_key",
    "encryption_key crypto_key cipher_key encrypt encryption": "write session.encrypt_key",
    "backend store engine driver storage kind session_type provider": "write session.type",
    "serializer serialiser serialization format": "write session.data_serializer",
    "dir folder directory file_path data_directory storage_path save_path datadir data_path": (
        "write session.data_dir"
    ),
    "host server servers uri address redis_url memcache_servers memcached_servers dsn connection port redis.host "
    "connection_string database_url sqlalchemy.url db_url db database redis": "write session.url",
    "autosave auto_save save_every_request save_always": "write session.auto",
    "table tablename": "write session.table_name",
    "schema": "write session.schema_name",
    "redis_prefix key_prefix namespace": "write session.prefix",
    "lock": "write session.lock_dir",
    "refresh_interval update_interval": "write session.reissue_time",
}

_APPLICATION: Mapping[str, str] = {
    "secret_key": "write csrf.key for forms; the session's keys are in [filter:session]",
    "session_cookie_secure": "write session.secure in [filter:session]",
    "static_files static serve_static_files": "write serve_static",
    "templates_auto_reload auto_reload reload_templates pyramid.reload_templates": "write auto_reload_templates",
    "full_stack": "remove the line; TurboGears 2.5 has no such setting",
    "lang language language_code": "write i18n.lang",
    "pyramid.includes pyramid.debug_authorization pyramid.debug_notfound pyramid.debug_routematch "
    "pyramid.default_locale_name pyramid.debug_templates pyramid.debug_all pyramid.tweens pyramid.reload_all": (
        "remove the line; it belongs to Pyramid, and this is a TurboGears application"
    ),
}

_CHOICES: Mapping[str, str] = {
    "sqlite sqlite3 postgres postgresql mysql mariadb sqla ext:sqla sqlalchemy ext:sqlalchemy db sql rdbms "
    "ext:postgresql ext:sqlite ext:mysql ext:db": "ext:database",
    "filesystem files filesystemcache pickle disk folder": "file",
    "memcache pylibmc ext:memcache libmemcached memcached": "ext:memcached",
    "redis ext:redisnm ext:rediss": "ext:redis",
    "signed signed_cookie securecookie signed_cookies client browser cookie_session encrypted": "cookie",
    "dict ram locmem simple inmemory in_memory": "memory",
    "gdbm dbm.gnu ndbm anydbm bsddb": "dbm",
    "pkl cpickle": "pickle",
}

_TABLES = {"choice": _CHOICES, "server": _SERVER, "serve": _SERVE, "session": _SESSION, "app": _APPLICATION}


_OTHER_PLACES = {"debug": "DEFAULT", "pipeline": "pipeline:main"}


def remedy_for(name: str, place: str) -> str | None:
    """Return what to write instead of a name of another program; None if it is unknown.

    ``place`` is "server" ([server:...] with waitress), "serve", "session" (without the prefix) or "app".
    """
    plain = re.sub(r"^(beaker\.)?session\.", "", name.lower().replace("-", "_")) if place == "session" else name
    return _by_name(place).get(plain.lower().replace("-", "_"))


def choice_meant(value: str) -> str | None:
    """Return what another program's word for a session's type or serializer is called here; None if it is unknown."""
    return remedy_for(value, "choice")


def section_of(name: str) -> str | None:
    """Return the header of the section that a setting belongs in, None if the name does not tell."""
    if re.match(r"(beaker\.)?session\.", name):
        return "filter:session"
    if name in SERVE_SETTINGS:
        return "serve"
    if name in SERVER_SETTINGS and name != "use":
        return "server:main"
    return _OTHER_PLACES.get(name)


def remedy_in(name: str, place: str) -> str | None:
    """Return what to write instead of a name that a section does not have; None if the name tells nothing.

    ``place`` is as in ``remedy_for``. A name of another section's settings is answered with that section.
    """
    section = section_of(name)
    if section is not None and section.partition(":")[0] != {"session": "filter"}.get(place, place):
        return f"write {name.removeprefix('beaker.')} in [{section}]"
    return remedy_for(name, place)


@cache
def _by_name(place: str) -> Mapping[str, str]:
    return {name: remedy for names, remedy in _TABLES.get(place, {}).items() for name in names.split()}
