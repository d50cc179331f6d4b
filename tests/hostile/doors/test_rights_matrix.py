"""Each route for each role answers as the table says, and no route is without a row."""

import json

import pytest
from channels.testing import HttpCommunicator
from django.db import transaction

from k8smcp import asgi
from tests.conftest import in_database
from tests.hostile import figures
from tests.hostile.doors import routes
from tests.hostile.doors.rights_matrix import ADMIN_OF_PEOPLE, ADMIN_OPEN, MCP, PAGES, REST
from tests.hostile.doors.world import PAGE_SUBJECTS, REST_SUBJECTS, World, build

NOBODYS = ("anonymous", "viewer", "approver")


@pytest.fixture
def world(db) -> World:
    return build()


def test_every_route_has_a_row_and_every_row_a_route():
    assert set(routes.rest()) == set(REST), "give the new route its row in rights_matrix.REST"
    assert set(routes.pages()) == set(PAGES), "give the new page its row in rights_matrix.PAGES"
    cells = (len(REST) + 1) * len(REST_SUBJECTS) + 2 * len(PAGES) * len(PAGE_SUBJECTS)
    count = len(REST) + len(PAGES) + 1
    figures.note("rights matrix", f"rights matrix: {count} routes, {cells} cells", routes=count, cells=cells)


def test_rest_answers_each_role_as_the_table_says(world):
    found = {route: tuple(world.ask(route, subject) for subject in REST_SUBJECTS) for route in REST}
    assert {route: row for route, row in found.items() if row != REST[route]} == {}


async def test_mcp_answers_each_role_as_the_table_says(transactional_db):
    world = await in_database(transaction.atomic(build))
    found = tuple([await listed(world.tokens.get(subject, "nobody-has-this")) for subject in REST_SUBJECTS])
    assert found == MCP


async def listed(token: str) -> int:
    """The status of a request for the list of tools over MCP, which is an application beside Django."""
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json", "host": "localhost"}
    headers["authorization"] = f"Bearer {token}"
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}).encode()
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await HttpCommunicator(asgi.http, "POST", "/mcp", body, pairs).get_response(timeout=60)
    return int(answer["status"])


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_answer_each_role_as_the_table_says(world, method):
    column = ("GET", "POST").index(method)
    found = {path: tuple(world.visit(path, who, method) for who in PAGE_SUBJECTS) for path in PAGES}
    assert {path: row for path, row in found.items() if row != PAGES[path][column]} == {}


def test_the_audit_is_for_auditors_and_for_reading(world):
    faults = []
    for path in set(routes.admin()) - set(ADMIN_OPEN):
        codes = {who: world.visit(path, who) for who in (*NOBODYS, "administrator", "auditor")}
        if any(codes[who] != 302 for who in NOBODYS):
            faults.append(f"{path} is shown to people of no such role: {codes}")
        if path.startswith(ADMIN_OF_PEOPLE) and codes["auditor"] not in (302, 403):
            faults.append(f"{path} is shown to an auditor: {codes}")
        if not path.startswith(ADMIN_OF_PEOPLE) and path.endswith(("/add/", "/delete/")):
            faults += [f"{path} is offered to {who}" for who in ("administrator", "auditor") if codes[who] != 403]
    assert faults == []
