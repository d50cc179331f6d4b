"""What the tests of approvals ask about: names that nobody else has, and a model that makes something."""

import uuid

import pytest


@pytest.fixture
def namespace() -> str:
    return f"n-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def config() -> str:
    return f"c-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def story(script, namespace):
    """The model makes a namespace, and reports what it was told."""
    script(
        [{"say": "Making it."}, {"wish": "namespace_create", "arguments": {"name": namespace}}], [{"say": "{answers}"}]
    )


@pytest.fixture
def token(transactional_db, alice, token_of):
    return token_of(alice)
