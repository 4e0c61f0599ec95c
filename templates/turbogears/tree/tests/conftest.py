"""The application as test.ini sets it up, in a browser that keeps cookies."""

import sys
from pathlib import Path

import pytest
from paste.deploy import loadapp
from webtest import TestApp

PROJECT = Path(__file__).parents[1]

# The tests also run where the project is not installed.
sys.path.insert(0, str(PROJECT))


@pytest.fixture(scope="session")
def application():
    """Load the application, once for all tests."""
    return loadapp(f"config:{PROJECT / 'test.ini'}")


@pytest.fixture
def app(application):
    """Return a browser that has not been here yet."""
    return TestApp(application)
