"""The settings of [server:...] with ``use = egg:waitress#main``: what each one means, for the reference.

Their names, types and defaults are in waitress.adjustments.Adjustments, which server/http/adjustments.py checks them
against; a test compares the names.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ServerSetting:
    """What the reference says of one setting."""

    meaning: str
    example: str


SERVER_SETTINGS = {
    "use": ServerSetting(
        "The server: waitress, or any other PasteDeploy server, which then has its own settings.",
        "egg:waitress#main",
    ),
    "host": ServerSetting(
        "Address or host name to listen on: 127.0.0.1 is this machine only, 0.0.0.0 is every IPv4 network. "
        "`--host` overrides it.",
        "127.0.0.1",
    ),
    "port": ServerSetting("Port to listen on; 0 chooses a free one. `--port` overrides it.", "8080"),
    "listen": ServerSetting(
        "Several addresses to listen on, separated by spaces, instead of host and port.", "127.0.0.1:8080 [::1]:8080"
    ),
    "ipv4": ServerSetting("Whether a host name is resolved to IPv4 addresses.", "true"),
    "ipv6": ServerSetting("Whether a host name is resolved to IPv6 addresses.", "false"),
    "unix_socket": ServerSetting("Path of a Unix socket to listen on, instead of host and port.", "/run/hello.sock"),
    "unix_socket_perms": ServerSetting(
        "Mode of the Unix socket, in octal digits. While debug is true it must be 600.", "660"
    ),
    "threads": ServerSetting("How many requests each worker process handles at the same time.", "8"),
    "connection_limit": ServerSetting(
        "How many connections each worker process keeps open. Further clients wait until one is closed. It is lowered "
        "to what the limit of file descriptors allows.",
        "500",
    ),
    "backlog": ServerSetting("How many connections the system queues before they are accepted.", "2048"),
    "channel_timeout": ServerSetting("Seconds after which an inactive connection is closed (keep-alive).", "30"),
    "cleanup_interval": ServerSetting("Seconds between two searches for inactive connections.", "30"),
    "channel_request_lookahead": ServerSetting(
        "How many further requests of a connection (pipelining) are read while one is running, which also lets the "
        "application notice that the client has closed the connection.",
        "5",
    ),
    "max_request_header_size": ServerSetting(
        "Bytes of a request's headers; a request with larger ones is answered 431.", "65536"
    ),
    "max_request_body_size": ServerSetting("Bytes of a request's body; a larger one is answered 413.", "10485760"),
    "inbuf_overflow": ServerSetting("Bytes of a request's body above which it is kept in a temporary file.", "1048576"),
    "outbuf_overflow": ServerSetting("Bytes of a response above which it is kept in a temporary file.", "2097152"),
    "outbuf_high_watermark": ServerSetting(
        "Bytes of a response that may wait for a slow client before the application has to pause.", "33554432"
    ),
    "recv_bytes": ServerSetting("Bytes that are received at once.", "65536"),
    "send_bytes": ServerSetting("Bytes of a response that are collected before they are sent.", "1"),
    "trusted_proxy": ServerSetting(
        "The one IP address whose X-Forwarded and Forwarded headers are trusted, as the server sees it; localhost for "
        "a proxy that connects through a Unix socket; * for every client.",
        "127.0.0.1",
    ),
    "trusted_proxy_count": ServerSetting("The number of trusted proxies that a request passes through.", "1"),
    "trusted_proxy_headers": ServerSetting(
        "The headers that the trusted proxy sets, separated by spaces.",
        "x-forwarded-for x-forwarded-host x-forwarded-proto",
    ),
    "clear_untrusted_proxy_headers": ServerSetting(
        "Remove such headers from requests that do not come from the trusted proxy.", "true"
    ),
    "log_untrusted_proxy_headers": ServerSetting("Log such headers of requests from other addresses.", "true"),
    "url_scheme": ServerSetting("wsgi.url_scheme of every request that no trusted proxy sets it for.", "https"),
    "url_prefix": ServerSetting(
        "Path that the application is mounted at behind a proxy; it becomes SCRIPT_NAME.", "/shop"
    ),
    "server_name": ServerSetting("SERVER_NAME in the environ if the server listens on all addresses.", "example.org"),
    "ident": ServerSetting("The Server header of responses; empty for none.", "hello"),
    "expose_tracebacks": ServerSetting(
        "Show the traceback of an exception that the application does not handle to the client.", "false"
    ),
    "log_socket_errors": ServerSetting("Log connections that clients have closed early.", "false"),
    "asyncore_loop_timeout": ServerSetting("Seconds that the server waits for an event at once.", "1"),
    "asyncore_use_poll": ServerSetting("Use poll; false uses select, which fails above 1,024 descriptors.", "true"),
}
"""Every setting, in the order in which the reference lists them."""
