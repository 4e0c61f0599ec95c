"""Fixtures: the application with test.ini, and a client that keeps cookies."""

import sys
from pathlib import Path

import pytest
from paste.deploy import loadapp
from webtest import TestApp

PROJECT = Path(__file__).parents[1]

# So that the tests run even if the project is not installed.
sys.path.insert(0, str(PROJECT))


@pytest.fixture(scope="session")
def application():
    """Load the application once for all tests."""
    return loadapp(f"config:{PROJECT / 'test.ini'}")


@pytest.fixture
def app(application):
    """Return a client without cookies, like a new visitor's browser."""
    return TestApp(application)
