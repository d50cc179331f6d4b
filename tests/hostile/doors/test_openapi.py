"""Schemathesis over the OpenAPI document, for each role: expected statuses, plain sentences, nothing of the inside."""

import collections
import contextlib
import json
import re
from urllib.parse import urlencode

import pytest
import schemathesis
from django.test import Client
from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core import NOT_SET

from chat.rest.urls import v1
from tests.hostile import figures
from tests.hostile.doors import world

EXAMPLES = 6  # of each operation, role and mode: good bodies, bad bodies
EXPECTED = {200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429}
INSIDE = re.compile(r"Traceback|site-packages|File \"|django\.|sqlite3|psycopg|SELECT .* FROM|object at 0x")
ROLES = ("anonymous", *world.ROLES, "owner/approve")
COUNTED = collections.Counter[str]()


@pytest.fixture(scope="module")
def schema():
    return schemathesis.openapi.from_dict(json.loads(json.dumps(v1.get_openapi_schema(), default=str)))


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("role", ROLES)
def test_every_operation_answers_as_it_says(schema, role, mode, db):
    made = world.build()
    headers = {"Authorization": f"Bearer {made.tokens[role]}"} if role != "anonymous" else {}
    faults: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.method.upper() == "POST" and operation.path.endswith("/{name}/call"):
            continue  # waits for a run, and nobody drives runs here: the rights matrix and the campaign call tools
        _try(operation, mode, Client(raise_request_exception=False, headers=headers), role, faults)
    assert faults == []


def _try(operation, mode, client: Client, role: str, faults: list[str]) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES, phases=[Phase.generate], deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck), verbosity=Verbosity.quiet,
    )  # fmt: skip
    def each(case) -> None:
        faults.extend(_sent(case, client, role))

    # Of some there is nothing that could be wrong: no such request can be made then.
    with contextlib.suppress(*[Unsatisfiable] if mode is GenerationMode.NEGATIVE else []):
        each()


def _sent(case, client: Client, role: str):
    query = {name: value for name, value in (case.query or {}).items() if name not in ("wait",)}
    path = case.formatted_path + ("?" + urlencode(query, doseq=True, errors="replace") if query else "")
    body = "" if case.body is NOT_SET else json.dumps(case.body, default=str)
    answer = client.generic(case.method, path, body, content_type="application/json")
    text = "" if answer.streaming else answer.content.decode(errors="replace")
    COUNTED[role] += 1
    told = f"{role}: {case.method} {path[:120]} {body[:120]} -> {answer.status_code} {text[:200]}"
    if answer.status_code not in EXPECTED or (role == "anonymous" and answer.status_code not in (401, 404, 405)):
        yield told
    if INSIDE.search(text):
        yield "something of the inside is told: " + told
    if answer.status_code >= 400 and answer["Content-Type"].startswith("application/json"):
        fault = json.loads(text).get("error", {})
        if not str(fault.get("message", "")).endswith("."):
            yield "no sentence: " + told


def test_the_figures_are_kept():
    count = sum(COUNTED.values())
    line = f"requests made from the OpenAPI document: {count} by {len(COUNTED)} roles, 0 unexpected 5xx"
    figures.note("openapi", line, requests=count, roles=len(COUNTED))
