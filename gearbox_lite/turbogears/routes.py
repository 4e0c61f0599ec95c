"""The URLs of a loaded TurboGears application, read from its tree of controllers.

The rules are those of crank, TurboGears' dispatcher (crank.objectdispatcher and crank.restdispatcher, 0.8 and 0.9), and
the table in the docstring of tg.controllers.RestController, TurboGears 2.5.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any

ANY_METHOD = "ANY"
"""Stands for all HTTP methods."""

BY_NAME = "GET,PATCH,POST,PUT"
"""The HTTP methods that call any exposed method of a RestController at its own name."""


def _requests_for(http: str, path: str) -> tuple[tuple[str, str], ...]:
    """Return all requests that call a changing method: the HTTP method, ``_method`` in a query or form, and by name.

    RestDispatcher._dispatch refuses ``_method`` in a GET only for PUT and DELETE.
    """
    instead = {"PATCH": "GET,POST", "POST": "GET"}.get(http, "POST")
    own_name = (BY_NAME, f"{{name}}/{path}"), ("GET", f"{path}/{{name}}")
    return (http, path), (instead, f"{path}?_method={http.lower()}"), *own_name


REST_METHODS = {
    "get_all": (("GET", ""),),
    "get_one": (("GET", "{item}"),),
    "get": (("GET", ""), ("GET", "{item}")),
    "new": (("GET", "new"),),
    "edit": (("GET", "{item}/edit"),),
    "get_delete": (("GET", "{item}/delete"),),
    "post": _requests_for("POST", ""),
    "put": _requests_for("PUT", "{item}"),
    "patch": _requests_for("PATCH", "{item}"),
    "post_delete": _requests_for("DELETE", "{item}"),
    "delete": _requests_for("DELETE", "{item}"),
    "options": (("OPTIONS", ""),),
}
"""The requests that call each method of a RestController; {item} stands for the arguments that identify one item.

Methods that only read are listed at their usual URLs, although they can also be called by name.
"""

PREFERRED = {
    ("get", ""): "get_all",
    ("get", "{item}"): "get_one",
    ("delete", "{item}"): "post_delete",
    ("delete", "{item}?_method=delete"): "post_delete",
    ("delete", "{item}/{name}"): "get_delete",
}
"""Which method is called instead, if the controller exposes it too."""


@dataclass(frozen=True)
class Route:
    """One URL: the HTTP methods, comma separated, the controller's class, its method, and what it answers with."""

    url: str
    http: str
    controller: str
    method: str
    answer: str


def find_root_controller(config: Any) -> Any:
    """Return the root controller of ``tg.config``, or None if no TurboGears application has set it up.

    Raises whatever the controller's module or constructor raises.
    """
    from tg.wsgiapp import TGApp

    root = config.get("tg.root_controller")
    if root is None and config.get("application_root_module"):
        root = TGApp.lookup_controller(config, "root")
    return root() if inspect.isclass(root) else root


def list_routes(root: Any, default_renderer: str | None) -> list[Route]:
    """Return the routes below a root controller, sorted by URL, wildcards last.

    A controller that is mounted a second time, or inside itself, is one line that refers to its first URL. Properties
    of a controller are not read, because that would run its code.
    """
    routes: list[Route] = []
    first: dict[int, str] = {}
    waiting = [("/", root)]
    while waiting:  # breadth first, so that a controller's first URL is its shortest
        url, controller = waiting.pop(0)
        if id(controller) in first:
            name = _class_name(controller)
            routes.append(Route(f"{url}*", ANY_METHOD, name, "-", f"as below {first[id(controller)]}"))
            continue
        first[id(controller)] = url
        for name, value in _static_attributes(controller):
            if _is_exposed(value):
                routes += _routes_of(url, controller, name, value, default_renderer)
            elif _is_controller(value):
                waiting += [(f"{url}{part}{name}/", value) for part in _url_prefixes(controller)]
    return sorted(routes, key=lambda route: (route.url.replace("*", "\U0010ffff"), route.http))


def _static_attributes(controller: Any) -> Iterator[tuple[str, Any]]:
    for name in sorted(object.__dir__(controller)):  # dir() would call the __dir__ of a proxy object
        value = inspect.getattr_static(controller, name)
        if isinstance(value, (FunctionType, MethodType)):
            value = getattr(controller, name)
        yield name, value


def _is_exposed(value: Any) -> bool:
    decoration = getattr(value, "decoration", None) if inspect.ismethod(value) else None
    return bool(decoration is not None and decoration.exposed)


def _is_controller(value: Any) -> bool:
    """Whether crank dispatches to this attribute: it has ``_dispatch``, or is another object with exposed methods."""
    if inspect.isclass(value) or inspect.ismodule(value) or inspect.isroutine(value):
        return False
    return hasattr(type(value), "_dispatch") or any(_is_exposed(inner) for _, inner in _static_attributes(value))


def _is_rest(controller: Any) -> bool:
    from crank.restdispatcher import RestDispatcher

    return isinstance(controller, RestDispatcher)


def _url_prefixes(controller: Any) -> list[str]:
    """Return what may come between a controller's URL and a sub-controller's name.

    For a RestController these are also the arguments of get_one or get: RestDispatcher._check_for_sub_controllers.
    """
    item = _item_of(controller) if _is_rest(controller) else ""
    return [f"{item}/", ""] if item else [""]


def _item_of(controller: Any) -> str:
    """Return the part of the URL that get_one or get takes; empty if the controller has neither."""
    for name in ("get_one", "get"):
        if hasattr(controller, name):
            return _arguments(getattr(controller, name))
    return ""


def _arguments(method: Any, most: int | None = None) -> str:
    """Return a method's parameters as parts of a URL, at most ``most`` of them."""
    parameters = list(inspect.signature(method).parameters.values())
    named = [f"{{{one.name}}}" for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    rest = ["*" for one in parameters if one.kind is one.VAR_POSITIONAL]
    return "/".join([*named, *rest][:most])


def _routes_of(url: str, controller: Any, name: str, method: Any, default_renderer: str | None) -> Iterator[Route]:
    """Yield the routes of one exposed method."""
    if name in ("_default", "_lookup"):
        requests = [(ANY_METHOD, "*")]
    elif not _is_rest(controller):
        requests = [(ANY_METHOD, "" if name == "index" else name)]
    elif name in REST_METHODS:
        item = _item_of(controller)
        most = None if name in ("get_one", "get") else item.count("/") + 1
        item = _arguments(method, most)
        called = [
            (http, path)
            for http, path in REST_METHODS[name]
            if not _is_exposed_at(controller, PREFERRED.get((name, path)))
        ]
        requests = [(http, _clean_path(path.format(item=item, name=name))) for http, path in called]
    elif name.startswith("get_"):
        requests = [("GET", name.removeprefix("get_"))]
    else:
        requests = [(BY_NAME, name)]
    allowed = method.decoration._allowed_methods  # noqa: SLF001 (TurboGears has no public name for it)
    for http, path in dict.fromkeys(requests):
        if allowed:
            http = ",".join(sorted(allowed if http == ANY_METHOD else allowed & set(http.split(","))))  # noqa: PLW2901
        if http:
            shown = f"{name}{_parameters(method)}"
            answer = _answer(controller, name, method.decoration, default_renderer)
            yield Route(url + path, http, _class_name(controller), shown, answer)


def _is_exposed_at(controller: Any, name: str | None) -> bool:
    return name is not None and _is_exposed(getattr(controller, name, None))


def _clean_path(path: str) -> str:
    """Return a path without the extra slashes that empty parts leave behind."""
    path, query, value = path.partition("?")
    return path.strip("/").replace("//", "/") + query + value


def _parameters(method: Any) -> str:
    """Return a method's parameters in parentheses, if any. Default values are not shown: repr may run code."""
    shown = []
    for one in inspect.signature(method).parameters.values():
        stars = "*" if one.kind is one.VAR_POSITIONAL else "**" if one.kind is one.VAR_KEYWORD else ""
        shown.append(f"{stars}{one.name}{'' if one.default is one.empty else '=...'}")
    return f"({', '.join(shown)})" if shown else ""


def _answer(controller: Any, name: str, decoration: Any, default_renderer: str | None) -> str:
    """Return the content types, each with its template, or the WSGI application or controller that responds instead."""
    from tg.controllers import WSGIAppController

    if name == "_lookup":
        return "another controller"
    if name == "_default" and isinstance(controller, WSGIAppController):
        return f"WSGI application {_qualified_name(controller.app)}"
    engines = [(kind, *decoration.engines[kind][:2]) for kind in decoration.engines_keys]
    engines += [(kind, engine, template) for kind, engine, template, *_ in decoration.custom_engines.values()]
    shown = []
    for kind, engine, template in engines:
        if not template:
            shown.append(kind)
        else:
            shown.append(f"{kind} {template if engine == default_renderer else f'{engine}:{template}'}")
    return ", ".join(dict.fromkeys(shown))


def _class_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _qualified_name(value: Any) -> str:
    name = getattr(value, "__qualname__", None)
    return f"{value.__module__}.{name}" if name else _class_name(value)
