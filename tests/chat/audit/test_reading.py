"""Who reads the audit and how: export, REST, the admin's line, and the incident report."""

import json
import re
import uuid
from html.parser import HTMLParser
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import AsyncClient

from chat import audit, journal
from chat.actions import approvals, calls, conversations, leases, messages, people, rounds, runs, tokens
from chat.agent.ports import Usage
from chat.asking import Question
from chat.audit import chain
from chat.audit.calls import Grounds
from chat.models import AuditRow, Conversation, ToolCall
from chat.web import report_markdown
from tests.conftest import in_database
from tools.kube.sending import Sending

HOSTILE = (
    "<script>alert(1)</script> ![x](http://evil.example/a) [y](javascript:alert(1)) `` ``` ```` =1+1 \u202e @SUM(A1)"
)


@pytest.fixture
def auditor(transactional_db):
    return people.create("audrey", role="auditor")


@pytest.fixture
def told(transactional_db, alice, charlie) -> Conversation:
    """A conversation in which everything happened, all of it said by somebody hostile."""
    accepted = messages.send(alice, HOSTILE)
    claim = leases.claim("here")
    rounds.start(claim, "scripted", HOSTILE[:60])
    rounds.close_block(claim, "text", 0, HOSTILE)
    call = ToolCall(tool="k8s_scale", arguments={HOSTILE: HOSTILE}, cluster="prod", effect="CHANGE", intent=HOSTILE)
    rounds.close_round(claim, [call], Usage(input_tokens=70, output_tokens=30))
    approval = approvals.request(claim, call, HOSTILE, Question({}, {}, "d" * 64, HOSTILE))
    approvals.decide(charlie, approval.pk, "approve", HOSTILE)
    calls.begin_approved(claim, call, approval.call_hash, Grounds())
    calls.announce(claim, call, Sending("patch", "/apis/apps/v1/x", HOSTILE))
    calls.finish(claim, call, "completed", HOSTILE * 200)
    rounds.notice(claim, "test", HOSTILE)
    runs.end(claim, "failed", error=HOSTILE, code="broken")
    conversations.rename(alice, accepted.conversation_id, HOSTILE)
    return Conversation.objects.get(pk=accepted.conversation_id)


# ---- export ------------------------------------------------------------------------------------------------------


def exported(*arguments: str) -> list[dict]:
    out = StringIO()
    call_command("audit_export", *arguments, stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_row_is_exported_and_can_be_checked_by_anybody(told):
    rows = exported()
    before = "0" * 64
    for seq, row in enumerate(rows, 1):
        request = chain.canonical(row["request"]) if row["request"] is not None else ""
        values = [request if name == "request" else row[name] for name in chain.SEALED]
        assert (row["seq"], row["prev_hash"], row["hash"]) == (seq, before, chain.digest(before, values))
        before = row["hash"]
    assert rows[-1]["kind"] == "audit.exported"


def test_no_character_of_an_export_acts_on_whoever_opens_it(told):
    out = StringIO()
    call_command("audit_export", stdout=out)
    assert out.getvalue().isascii()
    assert all(line.startswith('{"') for line in out.getvalue().splitlines())


def test_an_export_of_a_time_or_of_a_conversation(told):
    assert {row["conversation_id"] for row in exported("--conversation", str(told.pk))} == {str(told.pk)}
    middle = AuditRow.objects.get(kind="call.begun")
    late, early = exported("--from", middle.at.isoformat()), exported("--until", middle.at.isoformat())
    assert late[0]["seq"] <= middle.seq
    assert early[-1]["seq"] < middle.seq
    assert exported("--until", "2020-01-01") == []
    for arguments in (("--from", "yesterday"), ("--conversation", "mine")):
        with pytest.raises(CommandError, match="it accepts"):
            exported(*arguments)


# ---- REST --------------------------------------------------------------------------------------------------------


async def get(token: str, query: str = "", **headers: str):
    return await AsyncClient().get(f"/api/v1/audit{query}", headers={"Authorization": f"Bearer {token}"} | headers)


@pytest.mark.parametrize(
    ("role", "status"),
    [("viewer", 403), ("operator", 403), ("approver", 403), ("administrator", 200), ("auditor", 200)],
)
async def test_who_reads_it_over_rest(transactional_db, role, status):
    reader = await in_database(people.create, "reader", role=role)
    token = await in_database(tokens.create, reader)
    for accept in ("application/json", "application/x-ndjson"):
        answer = await get(token, Accept=accept)
        assert answer.status_code == status
    assert (await AsyncClient().get("/api/v1/audit")).status_code == 401


async def test_pages_and_filters_over_rest(told, auditor):
    token = await in_database(tokens.create, auditor)
    seen, query = [], "?limit=5"
    while query:
        page = (await get(token, query)).json()
        seen += [row["seq"] for row in page["items"]]
        query = f"?limit=5&cursor={page['next']}" if page.get("next") else ""
    count = await in_database(AuditRow.objects.count)
    assert sorted(seen) == list(range(1, count + 1))
    only = (await get(token, f"?kind=call.sent&conversation_id={told.pk}&actor=alice")).json()["items"]
    assert [row["kind"] for row in only] == ["call.sent"]
    assert only[0]["request"]["path"] == "/apis/apps/v1/x"
    assert (await get(token, "?from=2100-01-01T00:00:00Z")).json()["items"] == []
    for bad in ("?limit=0", "?from=yesterday", "?cursor=x", "?kind=" + "x" * 50):
        assert (await get(token, bad)).status_code == 422


async def test_a_stream_of_json_lines_over_rest(told, auditor):
    token = await in_database(tokens.create, auditor)
    answer = await get(token, f"?conversation_id={told.pk}", Accept="application/x-ndjson")
    assert answer["Content-Type"] == "application/x-ndjson"
    rows = [json.loads(line) for line in b"".join([part async for part in answer]).splitlines()]
    assert {row["conversation_id"] for row in rows} == {str(told.pk)}
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    noted = await in_database(AuditRow.objects.filter(kind="audit.exported").get)
    assert (noted.actor, noted.door) == ("audrey", "rest")


# ---- the line in the admin ---------------------------------------------------------------------------------------


def test_the_admin_says_up_to_where_it_was_verified(told, auditor, client, settings, tmp_path):
    settings.K8SMCP_HOME = tmp_path
    client.force_login(auditor)
    listing = "/admin/chat/auditrow/"
    assert "Not verified yet" in client.get(listing).text
    count = AuditRow.objects.count()
    call_command("audit_verify", stdout=StringIO())
    page = client.get(listing).text
    assert f"Verified up to row {count} at" in page
    assert f'href="/c/{told.pk}/report"' in page


# ---- the incident report -----------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def address(conversation: Conversation, more: str = "") -> str:
    return f"/c/{conversation.pk}/report{more}"


def test_the_report_tells_everything_in_order(told, alice, client):
    client.force_login(alice)
    page = client.get(address(told)).text
    words = ["Message", "Run", "Tool call", "Approval asked for", "Approval", "Result", "Notice", "Fault", "Run ended"]
    assert re.findall(r'data-what="([^"]+)"', page)[: len(words)] == words
    for fact in ("charlie", "alice", "70 input tokens", "1 completed", "1 approved", "prod", "patch ", "approved"):
        assert fact in page, fact
    assert "more characters are kept beside the call" in page
    assert re.search(r"Rows \d+ to \d+ of the audit\. The audit has not been verified yet", page)


@pytest.mark.parametrize("form", ["", "?format=md"])
def test_what_was_said_stays_text(told, alice, client, form):
    client.force_login(alice)
    text = client.get(address(told, form)).text
    text = text if form else text[text.index("<main") : text.index("</main>")]
    assert "\u202e" not in text
    if form:
        outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.S | re.M)
        assert "<script" not in outside
        assert not re.search(r"(?<!\\)[\[\]`<]|https?://|(?<!\\)!\[", outside)
    else:
        tags = Tags(text).found
        assert [tag for tag, had in tags if tag == "script" and "src" not in had] == []
        assert [tag for tag, had in tags if tag == "img" or "evil.example" in str(had.get("href"))] == []


def test_markdown_is_a_download(told, alice, client):
    client.force_login(alice)
    answer = client.get(address(told, "?format=md"))
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="incident-{told.pk}.md"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_fence_is_longer_than_any_in_it():
    assert report_markdown.fenced("a\n`````\nb") == "``````text\na\n`````\nb\n``````"
    assert report_markdown.fenced("a") == "```text\na\n```"


@pytest.mark.parametrize(
    ("role", "status"),
    [("viewer", 404), ("operator", 404), ("approver", 404), ("administrator", 200), ("auditor", 200)],
)
def test_who_reads_a_private_conversations_report(told, client, role, status):
    client.force_login(people.create("reader", role=role))
    for form in ("", "?format=md"):
        assert client.get(address(told, form)).status_code == status


def test_whoever_sees_a_shared_conversation_reads_its_report(told, alice, bob, client):
    client.force_login(bob)
    assert client.get(address(told)).status_code == 404
    conversations.share(alice, told.pk, True)
    assert client.get(address(told)).status_code == 200


def test_auditors_read_the_report_of_a_deleted_one(told, alice, auditor, client):
    conversations.delete(alice, told.pk)
    client.force_login(alice)
    assert client.get(address(told)).status_code == 404
    client.force_login(auditor)
    page = client.get(address(told)).text
    assert "(deleted " in page
    assert client.get(f"/c/{uuid.uuid4()}/report").status_code == 404


def test_the_report_says_what_the_verification_found(told, alice, client, settings, tmp_path):
    settings.K8SMCP_HOME = tmp_path
    client.force_login(alice)
    call_command("audit_verify", stdout=StringIO())
    assert re.search(r"of the audit\. Verified at ", client.get(address(told)).text)
    with transaction.atomic():
        audit.record("policy.changed", actor="alice", conversation_id=str(told.pk))
    assert "what is newer has not been" in client.get(address(told)).text


def test_an_empty_conversation_has_a_report(transactional_db, alice, client):
    made = conversations.create(alice)
    client.force_login(alice)
    assert "Nothing has happened here yet" in client.get(address(made)).text
    assert journal.head(made.pk) == 0
