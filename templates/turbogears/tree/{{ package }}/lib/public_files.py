"""Serve the files in public/, without looking for one at the URL of each page."""

import os
import time

from tg.configurator.components.statics import StaticsConfigurationComponent
from tg.support.statics import StaticsMiddleware

READ_AGAIN_AFTER = 1
"""Seconds after which the names in public/ are read again, to find new ones."""


class PublicFiles(StaticsMiddleware):
    """WSGI middleware that serves a URL from public/ if its first part is a name there.

    TurboGears' own would ask the operating system for a file at each request.
    """

    def __init__(self, app, root_dir):
        super().__init__(app, root_dir)
        self.read_names()

    def read_names(self):
        self.names = names_in(self.doc_root)
        self.read_again_at = time.monotonic() + READ_AGAIN_AFTER

    def __call__(self, environ, start_response):
        if time.monotonic() >= self.read_again_at:
            self.read_names()
        if environ["PATH_INFO"].lstrip("/").partition("/")[0] in self.names:
            return super().__call__(environ, start_response)
        return self.app(environ, start_response)


def names_in(folder):
    """Return the names of the files and folders in a folder; none if it is missing."""
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


class PublicFilesComponent(StaticsConfigurationComponent):
    """Adds PublicFiles to the application if the ini has serve_static = true."""

    def _add_middleware(self, conf, app):
        if not conf["serve_static"]:
            return app
        return PublicFiles(app, conf["paths"]["static_files"])
