"""Signing in: how often one may try, over all processes, and what somebody who tries too often learns."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from chat.actions import sign_in, throttles
from chat.errors import TooMany
from chat.models import Throttle

GOOD = "a long password"


@pytest.fixture
def people_here(transactional_db, alice, bob, settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a slow one takes a second here
    for person in (alice, bob):
        person.set_password(GOOD)
        person.save()


def attempt(name: str, password: str, host: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=host).post("/sign-in", {"username": name, "password": password})


def test_five_tries_and_not_one_more(people_here):
    for _ in range(5):
        assert attempt("alice", "wrong").status_code == 200
    refused = attempt("alice", GOOD)
    assert refused.status_code == 429
    assert 50 < int(refused["Retry-After"]) <= 60
    assert "Too many tries to sign in" in refused.content.decode()
    assert "sessionid" not in refused.cookies
    Throttle.objects.update(moments=[time.time() - 61] * 5)
    assert attempt("alice", GOOD).status_code == 302


def test_an_account_is_guarded_whatever_address_it_is_tried_from(people_here):
    for number in range(5):
        assert attempt("alice", "wrong", f"192.0.2.{number}").status_code == 200
    assert attempt("ALICE ", GOOD, "198.51.100.7").status_code == 429
    assert attempt("bob", GOOD, "198.51.100.7").status_code == 302


def test_an_address_is_stopped_whatever_accounts_it_tries(people_here):
    for name in ("a", "b", "c", "d", "e"):
        assert attempt(name, "wrong").status_code == 200
    assert attempt("alice", GOOD).status_code == 429
    assert attempt("alice", GOOD, "192.0.2.2").status_code == 302


def test_ipv6_addresses_count_by_their_network():
    assert throttles.address("2001:db8::1") == throttles.address("2001:db8::ffff:2")
    assert throttles.address("2001:db8::1") != throttles.address("2001:db8:0:1::1")
    assert throttles.address("192.0.2.1") != throttles.address("192.0.2.2")
    assert throttles.address("unix socket")


def test_good_ones_do_not_count(people_here):
    for _ in range(7):
        assert attempt("alice", GOOD).status_code == 302
    assert all(row.moments == [] for row in Throttle.objects.all())


def test_an_account_that_does_not_exist_is_refused_alike(people_here):
    answers = []
    for name in ("alice", "nobody"):
        for _ in range(5):
            attempt(name, "wrong", f"203.0.113.{len(name)}")
        answers.append(attempt(name, "wrong", "198.51.100.9"))
    known, unknown = (answer.content.decode() for answer in answers)
    assert [answer.status_code for answer in answers] == [429, 429]
    assert known.split("<form")[0] == unknown.split("<form")[0]


def test_a_refused_try_asks_no_hash(people_here, monkeypatch):
    for _ in range(5):
        attempt("alice", "wrong")
    monkeypatch.setattr(User, "check_password", lambda *_: pytest.fail("the password was looked at"))
    assert attempt("alice", GOOD).status_code == 429


def test_a_hundred_at_once_are_five(people_here):
    def one(_: int) -> int:
        try:
            throttles.count(["somebody"])
        except TooMany:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(4) as pool:  # fewer than the connections that other threads leave
        assert sum(pool.map(one, range(40))) == 5


def test_one_time_links_are_counted_too(people_here, alice):
    link = sign_in.link(alice)
    browser = Client(REMOTE_ADDR="192.0.2.1")
    for _ in range(5):
        assert browser.get("/sign-in/guess").status_code == 404
    refused = browser.get(f"/sign-in/{link}")
    assert refused.status_code == 429
    assert refused["Retry-After"]
    assert Client(REMOTE_ADDR="192.0.2.2").get(f"/sign-in/{link}").status_code == 302


def test_the_admin_has_no_second_door(people_here):
    answer = Client().get("/admin/login/?next=/admin/")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in?next=/admin/")
    assert Client().get("/admin/")["Location"].startswith("/admin/login/")


def test_what_is_counted_is_not_kept_in_words_and_not_for_long(people_here):
    attempt("alice", "wrong")
    assert "alice" not in str(list(Throttle.objects.values()))
    assert "192.0.2.1" not in str(list(Throttle.objects.values()))
    Throttle.objects.update(touched_at="2020-01-01T00:00:00Z")
    attempt("bob", "wrong", "192.0.2.9")
    assert Throttle.objects.count() == 2
