"""The language of a visitor's pages, if app_cfg.py has ``"i18n.enabled": True``.

It is the one that the controller has chosen with ``set_language("de")``, which a cookie
keeps, or else one of those that the browser asks for.
"""

import re

from tg import config, request, response
from tg.appwrappers.i18n import I18NApplicationWrapper
from tg.configurator.components.i18n import I18NConfigurationComponent
from tg.i18n import sanitize_language_code, set_request_lang

YEAR = 365 * 24 * 60 * 60
"""Seconds for which the browser keeps the cookie."""


class VisitorLanguage(I18NApplicationWrapper):
    """Sets the language of each request.

    TurboGears' own wrapper would read the session for that, on every page.
    """

    def __call__(self, controller, environ, context):
        chosen = context.request.cookies.get(cookie_name(context.config), "")
        languages = [chosen] if is_language(chosen) else []
        languages += map(sanitize_language_code, context.request.languages)
        set_request_lang(languages, tgl=context)
        return self.next_handler(controller, environ, context)


def set_language(language):
    """Use a language, such as "de" or "pt_BR", for this and the visitor's next pages.

    Use this instead of ``tg.i18n.set_lang``, which stores it in the session.
    """
    if not is_language(language):
        raise ValueError(f"{language!r} is not a language such as de or pt_BR")
    set_request_lang(language)
    response.set_cookie(
        cookie_name(config),
        language,
        max_age=YEAR,
        secure=request.scheme == "https",
        httponly=True,
        samesite="Lax",
    )


def cookie_name(conf):
    """Return the cookie's name, which other sites on this host do not use."""
    return f"{conf['package_name']}-language"


def is_language(text):
    """Return whether a string looks like a language; a visitor can send any cookie."""
    return re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", text) is not None


class LanguageComponent(I18NConfigurationComponent):
    """Adds VisitorLanguage to the application."""

    def on_bind(self, configurator):
        configurator.register_application_wrapper(VisitorLanguage, after=True)
