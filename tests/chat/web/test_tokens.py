"""The page of a person's own tokens: made once, shown once, revoked at once, and never another's."""

import re

import pytest

from chat import standing
from chat.actions import people, tokens
from chat.models import AccessToken

pytestmark = pytest.mark.django_db


def _made(client, **fields) -> str:
    answer = client.post("/tokens/new", {"scope": "read", "days": "7"} | fields)
    return re.search(r"k8smcp_[\w-]{30,}", answer.content.decode())[0]


def test_a_token_is_shown_once_and_lets_in(client, alice):
    client.force_login(alice)
    token = _made(client)
    assert standing.by_token(token).user == alice
    page = client.get("/tokens").content.decode()
    assert token not in page
    assert token[:11] in page


def test_deciding_is_never_the_scope_that_stands_there_first(client, alice):
    client.force_login(alice)
    page = client.get("/tokens").content.decode()
    assert re.findall(r'value="(\w+)" selected', page)[0] == "write"
    assert 'value="approve"' in page


def test_a_revoked_token_lets_nobody_in(client, alice):
    client.force_login(alice)
    token = _made(client)
    assert client.post(f"/tokens/{AccessToken.objects.get().pk}/revocation").status_code == 302
    assert standing.by_token(token) is None
    assert token[:11] not in client.get("/tokens").content.decode()


def test_anothers_token_is_not_there(client, alice, bob):
    tokens.create(alice)
    client.force_login(bob)
    assert client.post(f"/tokens/{AccessToken.objects.get().pk}/revocation").status_code == 404
    assert AccessToken.objects.get().revoked_at is None


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"scope": "root"}, 422, "choose read, write, approve, admin"),
        ({"scope": "approve"}, 403, "the widest is"),
        ({"days": "0"}, 422, "from 1 to 3650"),
        ({"days": "3651"}, 422, "from 1 to 3650"),
        ({"days": "-1"}, 422, "from 1 to 3650"),
        ({"days": "²"}, 422, "from 1 to 3650"),
    ],
)
def test_what_does_not_fit_is_a_sentence_and_makes_nothing(client, fields, status, sentence):
    client.force_login(people.create("vera", role="viewer"))
    answer = client.post("/tokens/new", {"scope": "read", "days": "7"} | fields)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert not AccessToken.objects.exists()


def test_tokens_have_a_bound(client, alice, monkeypatch):
    monkeypatch.setattr(tokens, "MOST", 2)
    client.force_login(alice)
    _made(client), _made(client)
    assert client.post("/tokens/new", {"scope": "read", "days": "7"}).status_code == 409
    tokens.revoke(AccessToken.objects.first())
    _made(client)
