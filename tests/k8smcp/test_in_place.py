"""Middleware on the event loop does what Django's does in threads, and leaves to a thread what may wait."""

import threading

import pytest
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient
from django.urls import path
from django.utils.deprecation import MiddlewareMixin
from django.utils.module_loading import import_string

from k8smcp.urls import urlpatterns as of_portal

seen: dict[str, int] = {}


def remember(request: HttpRequest) -> HttpResponse:
    """Changes the session, and leaves a word for the next page."""
    seen["view"] = threading.get_ident()
    request.session["told"] = request.session.get("told", 0) + 1
    messages.info(request, "Kept.")
    return HttpResponse(str(request.session["told"]))


def recall(request: HttpRequest) -> HttpResponse:
    return HttpResponse("|".join(map(str, messages.get_messages(request))) + str(request.session.get("told")))


urlpatterns = [*of_portal, path("remember", remember), path("recall", recall)]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls(__name__)]


def test_every_middleware_of_django_runs_in_place() -> None:
    stack = [import_string(name) for name in settings.MIDDLEWARE]
    mixed = [each for each in stack if isinstance(each, type) and issubclass(each, MiddlewareMixin)]
    assert len(mixed) >= 7
    assert [each for each in mixed if each.__acall__ is MiddlewareMixin.__acall__] == []


async def test_a_session_that_a_view_has_changed_is_kept() -> None:
    client = AsyncClient()
    assert (await client.get("/remember")).content == b"1"
    assert (await client.get("/remember")).content == b"2"
    assert seen["view"] != threading.get_ident()


async def test_words_for_the_next_page_are_shown_there_once() -> None:
    client = AsyncClient()
    await client.get("/remember")
    assert (await client.get("/recall")).content == b"Kept.1"
    assert (await client.get("/recall")).content == b"1"


async def test_a_form_without_its_token_is_refused_and_with_it_is_taken() -> None:
    await User.objects.acreate_user("ana", password="correct-horse-9")
    client = AsyncClient(enforce_csrf_checks=True)
    form = {"username": "ana", "password": "correct-horse-9"}
    assert (await client.post("/sign-in", form)).status_code == 403
    await client.get("/sign-in")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    assert (await client.post("/sign-in", form | {"csrfmiddlewaretoken": token})).status_code == 302


async def test_a_page_has_the_headers_that_keep_others_out() -> None:
    page = await AsyncClient().get("/sign-in")
    assert page["X-Frame-Options"] == "DENY"
    assert page["X-Content-Type-Options"] == "nosniff"
    assert "script-src" in page["Content-Security-Policy"]
    assert int(page["Content-Length"]) == len(page.content)
