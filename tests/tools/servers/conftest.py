"""A lying server for the whole run, honest again before every test."""

import pytest

from tests.tools.servers.liar import Liar, serving


@pytest.fixture(scope="session")
def served():
    with serving() as liar:
        yield liar


@pytest.fixture
def liar(served) -> Liar:
    fresh = Liar(served.port)
    for name in ("calls", "headers", "description", "schema", "resend", "redirect"):
        setattr(served, name, getattr(fresh, name))
    return served
