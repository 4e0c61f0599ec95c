"""Who may see a debug page: browsers on this machine, under names that no other site can have."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from gearbox_lite.debug_page.answers import DebugAnswer, json_answer
from gearbox_lite.host_names import HOST_IS_CHECKED, AllowedHosts
from gearbox_lite.json_clients import problem_details, wants_json

_LOCAL = AllowedHosts.of([], any_address=False)
_REFUSED = "An exception was raised; its debug page is shown at localhost only. The log has the traceback."


def may_see(environ: Mapping[str, Any]) -> bool:
    """Whether a request comes from this machine and names it as its host.

    ``serve`` checks the host itself, since its settings may allow others. Any other server may listen on every network,
    and any web page can have its own name resolved to this machine (DNS rebinding).
    """
    if environ.get(HOST_IS_CHECKED):
        return True
    hosts = [environ.get("HTTP_HOST", ""), *environ.get("HTTP_X_FORWARDED_HOST", "").split(",")]
    return is_local(environ) and all(_LOCAL.allow(host.strip()) for host in hosts if host or host is hosts[0])


def is_local(environ: Mapping[str, Any]) -> bool:
    """Whether a request was sent from this machine, and if a proxy has passed it on, to the proxy as well."""
    named = [environ[name] for name in ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP") if environ.get(name)]
    senders = [environ.get("REMOTE_ADDR", ""), *(sender.strip() for item in named for sender in item.split(","))]
    try:
        return all(ip_address(sender).is_loopback for sender in senders)
    except ValueError:
        return False


def refusal(environ: Mapping[str, Any]) -> DebugAnswer:
    """Return the answer without any detail."""
    if wants_json(environ.get("HTTP_ACCEPT", "")):
        return json_answer(problem_details(500, _REFUSED))
    body = f"{_REFUSED}\n".encode()
    return DebugAnswer([("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))], body)
