"""The audit: auditors and administrators read everything, nobody changes anything, and no secret is shown."""

import uuid
from datetime import timedelta

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from chat import audit, journal
from chat.actions import people, sign_in, tokens
from chat.event_types import Notice, ToolCallEnd
from chat.models import (
    AccessToken,
    Approval,
    AuditRow,
    Budget,
    Command,
    Conversation,
    Event,
    Message,
    Reservation,
    Run,
    SignInLink,
    ToolCall,
)
from tools.models import Cluster, Grant, IdentityMap, McpServer, McpTool, PersonalToken, PolicyChange, PolicyRule

MODELS = [AuditRow, Command, Conversation, Message, Event, Run, ToolCall, Approval, AccessToken, Budget, Reservation]
MODELS += [Cluster, PolicyRule, Grant, PolicyChange, IdentityMap, PersonalToken, McpServer, McpTool]
HOSTILE = "<script>alert('x')</script>"


def make(count: int, owner: User) -> None:
    """`count` conversations, each with a message, a run, a call, an approval, events; by `count` people."""
    for n in range(count):
        author = User.objects.create(username=f"person-{owner.pk}-{uuid.uuid4().hex[:8]}")
        conversation = Conversation.objects.create(owner=author, title=f"{HOSTILE} {n}", cluster=f"c{n % 3}")
        message = Message.objects.create(conversation=conversation, author=author, client_id=uuid.uuid4(), text=HOSTILE)
        run = Run.objects.create(conversation=conversation, message=message, status="done", provider="guide")
        call = ToolCall.objects.create(
            run=run, position=0, tool="k8s_list", arguments={"kind": HOSTILE}, cluster="c1", effect="READ",
            status="completed", intent=HOSTILE, result=HOSTILE, full=HOSTILE * 2,
        )  # fmt: skip
        Approval.objects.create(
            tool_call=call, call_hash="0" * 64, summary=HOSTILE, expires_at=timezone.now(), decided_by=owner,
            status="approved", reason=HOSTILE,
        )  # fmt: skip
        told = Notice(conversation_id=str(conversation.pk), run_id=str(run.pk), code="test", text=HOSTILE)
        journal.append(told, run=run, sealed={"signature": "SEALED-SIGNATURE"})
        Command.objects.create(user=author, name=HOSTILE, kind="stop", digest="0" * 64, answer={"a": HOSTILE})
        AccessToken.objects.create(user=author, prefix="k8smcp_abcd", digest=f"DIGEST{uuid.uuid4().hex}")
        with transaction.atomic():
            told = {"cluster": HOSTILE, "conversation_id": str(conversation.pk), "request": {"a": HOSTILE}}
            audit.record("call.ended", actor=HOSTILE, outcome=HOSTILE, **told)
        Budget.objects.create(scope="person", who=author.username, window="day", tokens=1, note=HOSTILE)
        Reservation.objects.create(
            run=run, person=author, model=HOSTILE, day="2026-01-05", epoch=1, size=1, priced=False, held_tokens=1,
            held_micros=1,
        )  # fmt: skip
        PolicyRule.objects.create(name=f"rule-{uuid.uuid4().hex}", decision="deny", note=HOSTILE)
        PolicyChange.objects.create(version=n, by=owner, what=HOSTILE, before=None, after={"note": HOSTILE})
        Grant.objects.create(
            person=author, role="operator", cluster=HOSTILE, reason=HOSTILE, made_by=owner, until=timezone.now()
        )
        cluster = Cluster.objects.create(
            name=f"cluster-{uuid.uuid4().hex}", server=HOSTILE, context=uuid.uuid4().hex, sealed="SEALED-SIGNATURE"
        )
        IdentityMap.objects.create(cluster=cluster, kind="person", subject=HOSTILE, kube_name=HOSTILE)
        PersonalToken.objects.create(cluster=cluster, owner=author, sealed="SEALED-SIGNATURE")
        server = McpServer.objects.create(name=uuid.uuid4().hex[:20], address=HOSTILE, sealed="SEALED-SIGNATURE")
        McpTool.objects.create(server=server, name=HOSTILE, description=HOSTILE, digest="0" * 64)


@pytest.fixture
def auditor(db) -> User:
    return people.create("audrey", role="auditor")


@pytest.fixture
def administrator(db) -> User:
    return people.create("root", role="administrator")


def address(model, page: str, *args) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


ids = [model.__name__ for model in MODELS]
every_model = pytest.mark.parametrize("model", MODELS, ids=ids)


# ---- who reads ---------------------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_may_read_reads_every_list_and_every_row(client, db, role, model):
    reader = people.create("reader", role=role)
    make(2, reader)
    client.force_login(reader)
    assert client.get(reverse("admin:index")).status_code == 200
    listed = client.get(address(model, "changelist"))
    assert listed.status_code == 200
    row = model.objects.first()
    detail = client.get(address(model, "change", row.pk))
    assert detail.status_code == 200
    assert 'name="_save"' not in detail.text
    assert client.get(address(model, "history", row.pk)).status_code == 200


@every_model
@pytest.mark.parametrize("role", ["viewer", "operator", "approver"])
def test_who_may_not_read_sees_no_audit(client, db, role, model):
    reader = people.create("reader", role=role)
    make(1, reader)
    client.force_login(reader)
    for path in (address(model, "changelist"), address(model, "change", model.objects.first().pk)):
        assert client.get(path).status_code in (302, 403)


@every_model
def test_staff_without_the_right_sees_no_audit(client, db, model):
    staff = people.create("staff", role="operator")
    staff.is_staff = True
    staff.save()
    make(1, staff)
    client.force_login(staff)
    for path in (address(model, "changelist"), address(model, "change", model.objects.first().pk)):
        assert client.get(path).status_code == 403


def test_every_row_of_the_product_is_in_the_audit_but_sign_in_links():
    shown = {model for model in admin.site._registry if model._meta.app_label in ("chat", "tools")}
    assert shown == set(MODELS)


# ---- nobody writes -----------------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_nobody_adds_changes_or_deletes_by_any_address(client, db, role, model):
    writer = people.create("writer", role=role)
    make(2, writer)
    client.force_login(writer)
    row = model.objects.first()
    before = list(model.objects.values())
    fields = {
        "title": "changed",
        "text": "changed",
        "status": "done",
        "name": "changed",
        "_save": "Save",
        "post": "yes",
    }
    inline = {"tool_calls-TOTAL_FORMS": "0", "tool_calls-INITIAL_FORMS": "0"}
    for path in (address(model, "add"), address(model, "change", row.pk), address(model, "delete", row.pk)):
        assert client.post(path, fields | inline).status_code == 403
    for path in (address(model, "add"), address(model, "delete", row.pk)):
        assert client.get(path).status_code == 403
    action = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    client.post(address(model, "changelist"), action)
    assert list(model.objects.values()) == before


def test_people_with_a_history_cannot_be_deleted(client, administrator):
    make(1, administrator)
    person = Conversation.objects.get().owner
    client.force_login(administrator)
    client.post(reverse("admin:auth_user_delete", args=[person.pk]), {"post": "yes"})
    assert User.objects.filter(pk=person.pk).exists()


# ---- finding -----------------------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("words", ["checkout", str(uuid.uuid4()), "no-uuid", "' OR 1=1", "%_\\", "a b c d e f", "١"])
def test_any_search_is_answered(client, auditor, model, words):
    make(1, auditor)
    client.force_login(auditor)
    assert client.get(address(model, "changelist"), {"q": words}).status_code == 200


def test_a_call_is_found_by_person_cluster_tool_effect_status_and_time(client, auditor):
    make(3, auditor)
    wanted = ToolCall.objects.last()
    ToolCall.objects.filter(pk=wanted.pk).update(
        tool="k8s_delete", cluster="far", effect="DESTROY", status="failed",
        requested_at=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    client.force_login(auditor)
    day = timezone.now() - timedelta(days=3)
    author = wanted.run.message.author
    filters = [
        {"run__message__author__id__exact": author.pk}, {"cluster": "far"}, {"tool": "k8s_delete"},
        {"effect": "DESTROY"}, {"status__exact": "failed"}, {"q": author.username}, {"q": str(wanted.pk)}, {"q": "far"},
        {"requested_at__year": day.year, "requested_at__month": day.month, "requested_at__day": day.day},
    ]  # fmt: skip
    for chosen in filters:
        found = client.get(address(ToolCall, "changelist"), chosen).context["cl"].queryset
        assert [row.pk for row in found] == [wanted.pk], chosen


@every_model
def test_every_filter_that_is_offered_works(client, auditor, model):
    make(2, auditor)
    client.force_login(auditor)
    changes = client.get(address(model, "changelist")).context["cl"]
    offered = [choice["query_string"] for each in changes.filter_specs for choice in each.choices(changes)]
    assert offered
    for query in set(offered):
        assert client.get(address(model, "changelist") + query).status_code == 200, query


@every_model
def test_the_newest_comes_first(client, auditor, model):
    make(3, auditor)
    client.force_login(auditor)
    rows = list(client.get(address(model, "changelist")).context["cl"].result_list)
    times = ["at", "updated_at", "requested_at", "created_at", "made_at", "reserved_at", "set_at", "stored_at"]
    time = next(name for name in times if hasattr(rows[0], name))
    if model is not Cluster:  # these stand in the order in which they were registered
        assert [getattr(row, time) for row in rows] == sorted((getattr(row, time) for row in rows), reverse=True)


@every_model
def test_a_longer_list_costs_no_more_queries(client, auditor, model):
    client.force_login(auditor)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(address(model, "changelist")).status_code == 200
        return len(caught)

    make(5, auditor)
    queries()
    few = queries()
    make(45, auditor)
    assert queries() == few
    assert few < 20


# ---- what is shown -----------------------------------------------------------------------------------------------


@every_model
def test_what_clusters_and_people_wrote_is_text_and_never_markup(client, auditor, model):
    make(2, auditor)
    client.force_login(auditor)
    for path in (address(model, "changelist"), address(model, "change", model.objects.first().pk)):
        assert "<script>alert" not in client.get(path).text


@every_model
def test_no_secret_is_shown(client, administrator, model):
    make(2, administrator)
    token = tokens.create(administrator)
    sign_in.link(administrator)
    client.force_login(administrator)
    secrets = ["SEALED-SIGNATURE", "DIGEST", token, AccessToken.objects.first().digest, SignInLink.objects.get().digest]
    for row in model.objects.all():
        page = client.get(address(model, "change", row.pk)).text
        assert [secret for secret in secrets if secret in page] == []
    assert [secret for secret in secrets if secret in client.get(address(model, "changelist")).text] == []


def test_an_event_shows_all_that_was_told(client, auditor):
    make(1, auditor)
    run = Run.objects.get()
    told = ToolCallEnd(
        conversation_id=str(run.conversation_id), run_id=str(run.pk), tool_call_id=str(uuid.uuid4()),
        tool_name="k8s_list",
        arguments={"kind": "pods"}, cluster="c1", effect="READ", intent="List pods", result="checkout-1 Running",
        status="completed", duration_ms=12,
    )  # fmt: skip
    event = journal.append(told, run=run)
    client.force_login(auditor)
    page = client.get(address(Event, "change", event.pk)).text
    for words in ("checkout-1 Running", "List pods", "completed", str(run.pk)):
        assert words in page


def test_a_run_shows_its_calls(client, auditor):
    make(1, auditor)
    client.force_login(auditor)
    assert "k8s_list" in client.get(address(Run, "change", Run.objects.get().pk)).text
