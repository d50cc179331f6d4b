"""What every answer says to browsers, and the cookies behind TLS and without it."""

import json
import os
import re
import subprocess
import sys

import pytest
from django.test import Client

from chat.limits import Bucket
from chat.web.pages import reports
from tests.portal import ROOT

PATHS = ["/", "/sign-in", "/nothing", "/admin/", "/api/v1/tools", "/livez", "/static/js/portal.js", "/favicon.ico"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_is_closed_to_other_sites(db, path):
    answer = Client().get(path)
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]


def policy(path: str) -> dict[str, str]:
    text = Client().get(path)["Content-Security-Policy"]
    return {name: value for name, _, value in (part.strip().partition(" ") for part in text.split(";"))}


@pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", "/api/v1/docs", "/admin/"])
def test_the_policy_lets_nothing_in_from_elsewhere(db, path):
    told = policy(path)
    assert "unsafe" not in str(told)
    assert "http" not in str(told)
    assert "*" not in str(told)
    for name in ("default-src", "object-src", "base-uri", "frame-ancestors"):
        assert told[name] == "'none'"
    assert told["script-src"] == told["style-src"] == told["font-src"] == told["connect-src"] == "'self'"
    assert told["img-src"] == "'self' data:"
    assert told["require-trusted-types-for"] == "'script'"
    assert told["trusted-types"] == ("default" if path == "/admin/" else "portal")
    assert told["report-uri"] == "/csp-reports"


def test_one_module_makes_markup_of_text():
    sinks = ("innerHTML", "outerHTML", "insertAdjacentHTML", "DOMParser", "document.write", "createContextualFragment")
    sinks += ("eval(", "new Function", "createPolicy", "setHTMLUnsafe", "srcdoc")
    users = {
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "static" / "js").rglob("*.js")
        if any(sink in file.read_text() for sink in sinks)
    }
    assert users == {"static/js/lib/markup.js", "static/js/admin.js"}


def test_no_page_asks_for_anything_from_elsewhere():
    places = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "static" / "css").glob("*.css")]
    elsewhere = re.compile(r"""(?:src|href|action|srcset|poster)=["']?(?:https?:)?//|url\(|@import""")
    assert [file.name for file in places if elsewhere.search(file.read_text())] == []


# ---- reports -----------------------------------------------------------------------------------------------------


def report(**fields: object) -> str:
    return json.dumps({"csp-report": {"effective-directive": "img-src", **fields}})


@pytest.fixture
def room(monkeypatch):
    monkeypatch.setattr(reports, "_room", Bucket.full(0.001, 3, 0.0))


def send(body: str | bytes, **more: str):
    return Client(enforce_csrf_checks=True).post("/csp-reports", body, content_type="application/csp-report", **more)


def test_a_report_is_one_short_line_of_the_log(room, caplog):
    hostile = "http://x.example/a?secret=1\nERROR forged \x1b[31m" + "x" * 500
    assert send(report(**{"blocked-uri": hostile, "document-uri": "http://here/c/1?q=words"})).status_code == 204
    (line,) = caplog.messages
    assert "\n" not in line
    assert "\x1b" not in line
    assert "secret" not in line
    assert "words" not in line
    assert len(line) < 600


def test_reports_are_bounded_in_number_and_size(room, caplog):
    for _ in range(3):
        send(report())
    assert len(caplog.messages) == 3
    assert send(report()).status_code == 204
    assert len(caplog.messages) == 3


@pytest.mark.parametrize(
    "body", [b"\xff", "[]", "{}", '{"csp-report": 1}', "[" * 5000, '{"csp-report": []}', "x" * 9000]
)
def test_what_is_no_report_breaks_nothing(room, body):
    assert send(body).status_code == 204
    assert Client().get("/csp-reports").status_code == 405


# ---- cookies -----------------------------------------------------------------------------------------------------

ASK = """
import django; django.setup()
from django.conf import settings as s
import json, sys
names = ["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE",
         "SESSION_COOKIE_PATH", "CSRF_COOKIE_PATH", "SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN",
         "SESSION_COOKIE_HTTPONLY"]
sys.stdout.write(json.dumps({name: getattr(s, name) for name in names}))
"""


def cookies(tmp_path, **environment: str) -> dict[str, object]:
    variables = {"PATH": os.environ["PATH"], "K8SMCP_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "k8smcp.settings"}
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=ROOT, env=variables | environment, capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_behind_tls_cookies_belong_to_this_host_alone(tmp_path):
    told = cookies(tmp_path, CSRF_TRUSTED_ORIGINS="https://portal.example.org")
    assert (told["SESSION_COOKIE_NAME"], told["CSRF_COOKIE_NAME"]) == ("__Host-sessionid", "__Host-csrftoken")
    assert told["SESSION_COOKIE_SECURE"] is told["CSRF_COOKIE_SECURE"] is told["SESSION_COOKIE_HTTPONLY"] is True
    assert told["SESSION_COOKIE_PATH"] == told["CSRF_COOKIE_PATH"] == "/"  # what a browser demands of the prefix
    assert told["SESSION_COOKIE_DOMAIN"] is told["CSRF_COOKIE_DOMAIN"] is None


def test_on_plain_loopback_they_have_their_plain_names(tmp_path):
    told = cookies(tmp_path)
    assert (told["SESSION_COOKIE_NAME"], told["CSRF_COOKIE_NAME"]) == ("sessionid", "csrftoken")
    assert told["SESSION_COOKIE_SECURE"] is False
