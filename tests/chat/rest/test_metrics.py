"""`/metrics`: what it counts, that no label takes foreign words, and who may read it."""

import math
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from chat.actions import approvals, calls, leases, messages, people, rounds, runs, tokens
from chat.agent.ports import Usage
from chat.asking import Question
from chat.audit.calls import Grounds
from chat.audit.kinds import KINDS
from chat.metrics import deeds
from chat.models import AuditRow, ToolCall
from tests.chat.audit.tampering import unguarded
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.conftest import in_database
from tools import registry
from tools.effects import Effect

SCRAPE = "only-for-the-scraper-0123456789"
HOSTILE = 'evil"} 1\n# HELP stolen'
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def scraper(settings, transactional_db) -> Api:
    settings.K8SMCP_METRICS_TOKEN = SCRAPE
    return Api(SCRAPE)


async def scraped(api: Api) -> Samples:
    answer = await api.get("/metrics")
    assert answer.status_code == 200
    return dict(samples(answer.content.decode()))


def samples(text: str) -> Iterator[tuple[tuple[str, frozenset[tuple[str, str]]], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "process"}
            yield (sample.name, frozenset(labels.items())), sample.value


def at(found: Samples, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0.0)


# ---- who may read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "status"),
    [("viewer", 403), ("operator", 403), ("approver", 403), ("administrator", 200), ("auditor", 200)],
)
async def test_a_person_reads_it_who_sees_all(transactional_db, role, status):
    reader = await in_database(people.create, "reader", role=role)
    token = await in_database(tokens.create, reader, scope="read")
    assert (await Api(token).get("/metrics")).status_code == status


async def test_the_scrape_token_opens_this_and_nothing_else(scraper):
    assert (await scraper.get("/metrics")).status_code == 200
    assert (await scraper.get("/api/v1/conversations")).status_code == 401
    assert (await scraper.get("/api/v1/audit")).status_code == 401
    assert (await scraper.post("/metrics")).status_code == 405


@pytest.mark.parametrize("token", ["", "only-for-the-scraper-012345678", SCRAPE + "0", "None"])
async def test_nobody_else_reads_it(scraper, token):
    answer = await Api(token).get("/metrics")
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert "k8smcp_" not in answer.content.decode()


@pytest.mark.parametrize("token", ["", "None", " "])
async def test_without_the_setting_no_scraper_reads_it(transactional_db, settings, token):
    settings.K8SMCP_METRICS_TOKEN = ""
    answer = await Api().get("/metrics", Authorization=f"Bearer {token}")
    assert answer.status_code == 401


async def test_it_comes_in_the_format_that_is_asked_for(scraper):
    plain = await scraper.get("/metrics")
    assert plain["Content-Type"].startswith("text/plain; version=0.0.4")
    assert plain["Cache-Control"] == "no-store"
    newer = await scraper.get("/metrics", Accept="application/openmetrics-text; version=1.0.0")
    assert newer["Content-Type"].startswith("application/openmetrics-text")
    assert newer.content.endswith(b"# EOF\n")


# ---- what is counted ---------------------------------------------------------------------------------------------


async def test_a_conversation_is_counted_from_its_first_frame_to_its_end(crew, demo, story, alice, token, scraper):
    before = await scraped(scraper)
    async with Client(token) as client:
        await client.send("make it")
        request = (await client.until("approval_requested"))["data"]
        during = await scraped(scraper)
        await client.say({"type": "decide", "id": "d", "approval_id": request["approval_id"], "decision": "approve"})
        await client.until("complete")
    after = await scraped(scraper)

    def grew(name: str, **labels: str) -> float:
        return at(after, name, **labels) - at(before, name, **labels)

    assert at(during, "k8smcp_sockets") - at(before, "k8smcp_sockets") == 1
    assert (at(during, "k8smcp_approvals_pending"), at(after, "k8smcp_approvals_pending")) == (1, 0)
    assert 0 < at(during, "k8smcp_approvals_pending_oldest_seconds") < 60
    assert at(during, "k8smcp_runs", status="waiting") + at(during, "k8smcp_runs", status="running") == 1
    assert grew("k8smcp_runs_ended_total", outcome="done") == 1
    assert grew("k8smcp_tool_calls_total", tool="namespace_create", effect="CHANGE", status="completed") == 1
    assert grew("k8smcp_verdicts_total", verdict="ask") == 1
    assert grew("k8smcp_verdicts_total", verdict="allow") == 0
    assert grew("k8smcp_approvals_decided_total", decision="approved") == 1
    assert grew("k8smcp_audit_rows_total", kind="call.sent") == 1
    assert grew("k8smcp_first_frame_seconds_count") == grew("k8smcp_first_words_seconds_count") == 1
    assert at(after, "k8smcp_audit_head") == await in_database(AuditRow.objects.count)
    assert at(after, "k8smcp_clusters", state="usable") == 1
    for name in ("k8smcp_database_seconds", "k8smcp_doorbell_seconds"):
        assert 0 < at(after, name) < 60
        assert not math.isnan(at(after, name))


async def test_a_socket_that_the_portal_closes_is_counted_by_its_code(transactional_db, scraper):
    before = await scraped(scraper)
    async with Client("nobody-has-this") as client:
        assert (await client.socket.receive_output(10))["type"] == "websocket.close"
    after = await scraped(scraper)
    name, labels = "k8smcp_sockets_closed_total", {"code": "4201"}
    assert at(after, name, **labels) - at(before, name, **labels) == 1


# ---- the audit counts, and no word of anybody is a label ------------------------------------------------------------


@pytest.fixture
def lived(transactional_db, alice, charlie) -> None:
    """Calls of a model that names its tools as it likes; one is approved, one denied, one is a read."""
    messages.send(alice, HOSTILE)
    claim = leases.claim("here")
    rounds.start(claim, HOSTILE[:30], HOSTILE)
    made = [ToolCall(tool=HOSTILE, arguments={}, cluster=HOSTILE, effect=effect) for effect in ("CHANGE", "READ", "")]
    rounds.close_round(claim, made, Usage(input_tokens=70, output_tokens=30))
    change, read, odd = made
    approval = approvals.request(claim, change, HOSTILE, Question({}, {}, "d" * 64, HOSTILE))
    approvals.decide(charlie, approval.pk, "approve", HOSTILE)
    calls.begin_approved(claim, change, approval.call_hash, Grounds(HOSTILE, HOSTILE))
    calls.finish(claim, change, "completed", HOSTILE)
    calls.begin(claim, read, Grounds(HOSTILE))
    calls.finish(claim, read, "failed", HOSTILE)
    calls.refuse(claim, odd, "denied", HOSTILE, Grounds(HOSTILE))
    runs.end(claim, "failed", error=HOSTILE, code=HOSTILE)


KNOWN = {
    "tool": {*(tool.name for tool in registry.all_tools()), "other"},
    "effect": {*Effect, "other"},
    "status": {"completed", "failed", "denied", "cancelled", "unknown", "queued", "running", "waiting"},
    "verdict": {"allow", "ask", "deny"},
    "decision": {"approved", "rejected", "expired", "void"},
    "outcome": {"done", "failed", "stopped", "lost"},
    "provider": {"anthropic", "guide", "scripted", "direct", "other"},
    "kind": {*KINDS, "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"},
    "state": {"usable", "unusable"},
}


async def test_every_label_is_one_of_a_known_few(lived, scraper):
    found = await scraped(scraper)
    labels = [pair for _, pairs in found for pair in pairs if pair[0] not in ("le", "code")]
    assert [pair for pair in labels if pair[1] not in KNOWN[pair[0]]] == []
    assert "evil" not in str(found)
    assert at(found, "k8smcp_verdicts_total", verdict="deny") == 1
    assert at(found, "k8smcp_verdicts_total", verdict="allow") == 1
    assert at(found, "k8smcp_tool_calls_total", tool="other", effect="CHANGE", status="completed") == 1
    assert at(found, "k8smcp_model_tokens_total", provider="other", kind="input_tokens") == 70
    assert at(found, "k8smcp_model_unpriced_runs_total") == 1


def told(counted: deeds.Deeds) -> list[object]:
    return [sample for metric in counted.figures() for sample in metric.samples]


def whole() -> deeds.Deeds:
    counted = deeds.Deeds()
    while counted.count_on():
        pass
    return counted


def test_a_process_that_begins_says_what_the_others_say(lived, alice, monkeypatch):
    long_there = whole()
    messages.send(alice, "more")
    long_there.count_on()
    monkeypatch.setattr(deeds, "AT_ONCE", 3)
    assert told(whole()) == told(long_there) != told(deeds.Deeds())


def test_a_chain_that_was_put_back_is_counted_anew(lived, alice):
    counted = whole()
    with unguarded():
        AuditRow.objects.filter(pk=AuditRow.objects.count())._raw_delete("default")
    messages.send(alice, "after the backup")
    counted.count_on()
    assert told(counted) == told(whole())
