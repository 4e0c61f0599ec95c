"""Runs waitress' own functional tests against our server; the argument is the folder of waitress' source distribution.

In the child processes in which the tests start waitress' server, ours is started instead. Prints which tests have
failed, as JSON.
"""

from __future__ import annotations

import io
import json
import logging
import os
import socket
import sys
import unittest
from importlib import import_module
from types import SimpleNamespace

from gearbox_lite.server.http import adjustments
from gearbox_lite.server.http.server import Server

sys.path.insert(0, sys.argv[1])
test_functional = import_module("tests.test_functional")


def start_server(application, fixture, queue, **settings):
    logging.disable()
    if issubclass(fixture, test_functional.FixtureTcpWSGIServer):
        listener = socket.create_server(("127.0.0.1", 0))
    else:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"/tmp/waitress.test-{os.getpid()}.sock")  # the tests remove it
        listener.listen()
    serve = SimpleNamespace(access_log=False, drain_timeout=5)
    server = Server(application, [listener], adjustments.check_options({}) | settings, serve)
    queue.put(listener.getsockname())
    server.run()


test_functional.start_server = start_server
suite = unittest.defaultTestLoader.loadTestsFromModule(test_functional)
result = unittest.TextTestRunner(io.StringIO()).run(suite)
failed = {test.id().removeprefix("tests.test_functional."): text for test, text in [*result.failures, *result.errors]}
print(json.dumps({"run": result.testsRun, "skipped": len(result.skipped), "failed": failed}))
