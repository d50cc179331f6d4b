"""Every verb of `chat/actions` has its row in the audit, or a reason why it needs none; the row says who and where."""

import importlib
import inspect
import json
import pkgutil
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.db import DatabaseError
from django.utils import timezone

from chat import actions
from chat.actions import (
    approvals,
    calls,
    clusters,
    conversations,
    leases,
    messages,
    people,
    queue,
    rounds,
    runs,
    sign_in,
    tokens,
)
from chat.agent.ports import Usage
from chat.asking import Question
from chat.audit import door
from chat.audit.calls import Grounds
from chat.audit.kinds import KINDS
from chat.models import Approval, AuditRow, Message, ToolCall
from tests.chat.audit.tampering import refusing
from tools.kube.sending import Sending
from tools.models import IdentityMap

DEEDS: dict[str, tuple[str, ...]] = {
    "approvals.request": ("approval.requested",),
    "approvals.decide": ("approval.decided", "approval.expired"),
    "approvals.expire_overdue": ("approval.expired",),
    "approvals.void": ("approval.void",),
    "approvals.void_moved": ("approval.void",),
    "approvals.void_pending": ("approval.void",),
    "budgets.put": ("budget.changed",),
    "budgets.remove": ("budget.changed",),
    "calls.begin": ("call.begun",),
    "calls.begin_approved": ("call.begun",),
    "calls.refuse": ("call.ended",),
    "calls.announce": ("call.sent",),
    "calls.finish": ("call.ended",),
    "calls.close": ("call.ended",),
    "changes.finish_change": ("call.ended",),
    "changes.undo": ("message.sent",),
    "clusters.register": ("cluster.changed",),
    "clusters.change": ("cluster.changed",),
    "clusters.forget": ("cluster.changed",),
    "clusters.add_to_map": ("cluster.changed",),
    "clusters.take_from_map": ("cluster.changed",),
    "clusters.store_token": ("cluster.changed",),
    "clusters.forget_token": ("cluster.changed",),
    "conversations.rename": ("conversation.renamed",),
    "conversations.share": ("conversation.shared",),
    "conversations.change": ("conversation.renamed", "conversation.shared"),
    "conversations.delete": ("conversation.deleted",),
    "direct.ask": ("message.sent",),
    "edits.edit": ("approval.void",),
    "grants.give": ("grant.made",),
    "grants.revoke": ("grant.ended",),
    "messages.send": ("message.sent",),
    "people.create": ("person.created", "person.roles"),
    "people.give_role": ("person.roles",),
    "people.first_administrator": ("person.created", "person.roles"),
    "policy.changed": ("policy.changed", "grant.made", "grant.ended"),
    "policy.save_rule": ("policy.changed",),
    "policy.remove_rule": ("policy.changed",),
    "policy.mark_cluster": ("policy.changed",),
    "queue.edit": ("message.edited",),
    "queue.remove": ("message.removed", "run.ended"),
    "queue.take": ("run.ended",),
    "restores.look": ("journal.restored",),
    "restores.compare": ("journal.restored",),
    "runs.stop": ("run.stop",),
    "runs.park": ("run.ended",),
    "runs.end": ("run.ended",),
    "runs.conclude": ("run.ended",),
    "runs.stop_all": ("run.ended",),
    "servers.register": ("server.changed",),
    "servers.look": ("server.changed",),
    "servers.assign": ("server.changed",),
    "servers.switch": ("server.changed",),
    "servers.forget": ("server.changed",),
    "shares.add": ("conversation.shared",),
    "shares.remove": ("conversation.shared",),
    "sign_in.link": ("sign_in_link.made",),
    "sign_in.redeem": ("sign_in",),
    "standing.token_revoked": ("token.revoked",),
    "standing.end_sessions": ("sessions.ended",),
    "tokens.create": ("token.created",),
    "tokens.revoke": ("token.revoked",),
    "tokens.revoke_own": ("token.revoked",),
}
WITHOUT = {
    "approvals.lock_run": "a lock",
    "approvals.go_on": "which process works on a run",
    "approvals.take_untold": "whether the team's room was told; who may decide is in the row of the approval",
    "approvals.give_back_untold": "whether the team's room was told",
    "approvals.tell": "the frame round every end of an approval, and where its row is written",
    "direct.quiet_conversation": "an empty conversation does nothing; its first message has a row",
    "messages.tell_masked": "words of the portal",
    "reservations.reserve": "what a call to a model may cost; the run's end tells what was used",
    "reservations.settle": "what a call to a model cost; the run's end tells what was used",
    "reservations.settle_held": "what a call to a model cost; the run's end tells what was used",
    "reservations.settle_left": "what a call to a model cost; the run's end tells what was used",
    "shares.with_everyone": "inside the transaction of `conversations.share`, which has one",
    "standing.ring": "a bell",
    "standing.revoke": "its cause has one: the new password, the token taken back",
    "throttles.count": "a number of attempts; each sign-in that was refused has a row",
    "throttles.forgive": "a number of attempts; the sign-in has a row",
    "conversations.create": "an empty conversation does nothing; its first message has a row",
    "conversations.open_or_create": "the message that opened it has one",
    "queue.steer": "nothing has happened until the run hears it: `queue.take`",
    "rounds.start": "the journal tells of it; a call that comes of it has rows",
    "rounds.close_block": "words of the agent",
    "rounds.close_once": "words of the agent",
    "rounds.notice": "words of the portal",
    "rounds.compact": "what a model is told of what stays in the journal; its cost is in the run's end",
    "rounds.close_round": "wishes of the model, which do nothing until a call begins",
    "leases.claim": "which process works on a run",
    "leases.take": "which process works on a run",
    "leases.renew_all": "which process works on a run",
    "leases.release": "which process works on a run",
    "leases.hold": "a lock",
    "leases.hold_to_go_on": "a lock",
    "held.prolonged": "a lock",
    "commands.once": "the frame round every other verb",
}
READS = {
    "approvals.shown", "approvals.too_late", "changes.may_be_undone", "changes.seen_by", "clusters.find",
    "commands.repeated", "direct.call_of", "edits.note", "edits.prepare", "grants.as_data", "leases.claimable",
    "leases.database_time", "leases.stopping", "messages.checked",
    "messages.masked", "policy.as_data", "policy.marks", "reservations.context", "reservations.cost",
    "rounds.call_fields", "servers.find", "shares.party_of",
    "standing.person_of", "throttles.account", "throttles.address", "tokens.covers", "tokens.offered",
    "tokens.standing_of", "tokens.valid", "tokens.verify", "tokens.widest",
}  # fmt: skip


def test_every_verb_is_in_the_table():
    verbs = set()
    for found in pkgutil.iter_modules(actions.__path__):
        module = importlib.import_module(f"chat.actions.{found.name}")
        own = inspect.getmembers(module, lambda each: inspect.isfunction(inspect.unwrap(each)))
        verbs |= {f"{found.name}.{name}" for name, each in own if not name.startswith("_") and _of(each, module)}
    assert verbs == set(DEEDS) | set(WITHOUT) | READS
    assert {kind for kinds in DEEDS.values() for kind in kinds} <= set(KINDS)


def _of(each, module) -> bool:
    return inspect.unwrap(each).__module__ == module.__name__


def rows(*kinds: str) -> list[AuditRow]:
    return list(AuditRow.objects.filter(kind__in=kinds).order_by("seq"))


def kinds(after: int = 0) -> list[str]:
    return list(AuditRow.objects.filter(seq__gt=after).order_by("seq").values_list("kind", flat=True))


def newest() -> int:
    return AuditRow.objects.count()


# ---- a change from the message to its end ------------------------------------------------------------------------


@pytest.fixture
def claim(transactional_db, alice) -> leases.Claim:
    with door.through("socket", alice.get_username):
        messages.send(alice, "change things", way=messages.Way("browser"))
    claim = leases.claim("here")
    rounds.start(claim, "scripted", "script")
    return claim


def wished(claim: leases.Claim, effect: str = "CHANGE") -> ToolCall:
    call = ToolCall(
        tool="k8s_scale", arguments={"name": "web", "replicas": 2}, cluster="prod", effect=effect, intent="Scale web",
        sealed={"name": "web", "replicas": 2, "password": "hunter2"},
    )  # fmt: skip
    rounds.close_round(claim, [call], Usage(input_tokens=7, output_tokens=3))
    return call


QUESTION = Question(plan={}, bound={}, digest="d" * 64, rule="changing")
SENDING = Sending("patch", "/apis/apps/v1/namespaces/shop/deployments/web", "deployment web in shop")


def test_a_change_is_asked_for_allowed_begun_sent_and_ended(claim, alice, charlie):
    before = newest()
    call = wished(claim)
    approval = approvals.request(claim, call, "Scale web on cluster prod", QUESTION)
    with door.through("rest", charlie.get_username):
        approvals.decide(charlie, approval.pk, "approve", "Go ahead.")
    assert calls.begin_approved(claim, call, QUESTION.digest, Grounds())
    calls.announce(claim, call, SENDING)
    calls.finish(claim, call, "completed", "scaled")
    runs.end(claim, "done")
    assert kinds(before) == [
        "approval.requested", "approval.decided", "call.begun", "call.sent", "call.ended", "run.ended",
    ]  # fmt: skip
    asked, decided, begun, sent, ended, over = AuditRow.objects.filter(seq__gt=before).order_by("seq")
    assert [row.actor for row in (asked, decided, begun, sent, ended, over)] == ["alice", "charlie", *["alice"] * 4]
    assert [row.door for row in (asked, decided, begun, over)] == ["browser", "rest", "browser", "browser"]
    assert (decided.decision, begun.decision, begun.approved_by) == ("approved", "approved", "charlie")
    assert {row.tool_call_id for row in (asked, decided, begun, sent, ended)} == {str(call.pk)}
    assert {row.conversation_id for row in (asked, decided, begun, sent, ended, over)} == {claim.conversation_id}
    assert {(row.cluster, row.tool, row.effect) for row in (asked, begun, sent, ended)} == {
        ("prod", "k8s_scale", "CHANGE")
    }
    assert len({row.request_hash for row in (asked, decided, begun, sent)}) == 1
    assert json.loads(begun.request) == {"name": "web", "replicas": 2}
    assert json.loads(sent.request)["path"] == SENDING.path
    assert json.loads(decided.request)["reason"] == "Go ahead."
    assert (ended.outcome, over.outcome) == ("completed", "done")
    assert json.loads(over.request)["usage"]["input_tokens"] == 7


def test_no_secret_of_a_call_is_in_any_row(claim):
    call = wished(claim)
    approvals.request(claim, call, "Scale web", QUESTION)
    assert "hunter2" not in str(list(AuditRow.objects.values()))


def test_a_read_has_its_rows_too(claim):
    before = newest()
    call = wished(claim, "READ")
    calls.begin(claim, call, Grounds())
    calls.finish(claim, call, "completed", "found")
    assert kinds(before) == ["call.begun", "call.ended"]
    assert rows("call.begun")[0].decision == "allow"


def test_expired_and_void_name_nobody(claim, alice):
    call = wished(claim)
    approvals.request(claim, call, "Scale web", QUESTION)
    Approval.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert approvals.expire_overdue() == 1
    assert [(row.actor, row.door, row.decision) for row in rows("approval.expired")] == [("", "", "expired")]
    other = wished(claim)
    approvals.request(claim, other, "Scale web", QUESTION)
    runs.end(claim, "failed", error="It broke.", code="broken")
    assert [(row.actor, row.decision) for row in rows("approval.void")] == [("", "void")]
    assert [row.outcome for row in rows("call.ended")] == ["cancelled", "cancelled"]


# ---- fail closed -------------------------------------------------------------------------------------------------


def test_a_call_that_cannot_be_recorded_does_not_begin(claim):
    call = wished(claim)
    approval = approvals.request(claim, call, "Scale web", QUESTION)
    approvals.decide(call.run.message.author, approval.pk, "approve")
    with refusing(), pytest.raises(DatabaseError):
        calls.begin_approved(claim, call, QUESTION.digest, Grounds())
    call.refresh_from_db()
    approval.refresh_from_db()
    assert (call.status, approval.consumed_at) == ("waiting", None)  # and may be begun, once the audit can be written


def test_a_change_that_cannot_be_recorded_is_not_announced(claim):
    call = wished(claim)
    calls.begin(claim, call, Grounds())
    with refusing(), pytest.raises(DatabaseError):
        calls.announce(claim, call, SENDING)
    call.refresh_from_db()
    assert call.sent == []


def test_nobody_decides_what_cannot_be_recorded(claim, charlie):
    approval = approvals.request(claim, wished(claim), "Scale web", QUESTION)
    with refusing(), pytest.raises(DatabaseError):
        approvals.decide(charlie, approval.pk, "approve")
    approval.refresh_from_db()
    assert approval.status == "pending"


# ---- people and what they say ------------------------------------------------------------------------------------


def test_messages(transactional_db, alice):
    first = messages.send(alice, "one")
    second = messages.send(alice, "two", conversation_id=first.conversation_id)
    third = messages.send(alice, "three", conversation_id=first.conversation_id)
    queue.edit(alice, second.message_id, "two, better")
    queue.remove(alice, third.message_id)
    runs.stop(alice, first.run_id)
    assert kinds(2) == [
        *["message.sent"] * 3, "message.edited", "run.ended", "message.removed", "run.ended", "run.stop",
    ]  # fmt: skip
    sent, edited = rows("message.sent")[1], rows("message.edited")[0]
    assert sent.request_hash != edited.request_hash
    assert json.loads(edited.request)["characters"] == len("two, better")
    assert "better" not in edited.request
    assert Message.objects.filter(text="two, better").exists()


def test_the_same_command_again_writes_nothing_again(transactional_db, alice):
    accepted = messages.send(alice, "one")
    runs.stop(alice, accepted.run_id, command_id="s")
    before = newest()
    runs.stop(alice, accepted.run_id, command_id="s")
    assert newest() == before


def test_conversations(transactional_db, alice):
    made = conversations.create(alice)
    conversations.share(alice, made.pk, True)
    conversations.rename(alice, made.pk, "Checkout")
    conversations.delete(alice, made.pk)
    assert kinds(2) == ["conversation.shared", "conversation.renamed", "conversation.deleted"]
    assert json.loads(rows("conversation.shared")[0].request) == {"shared": True}
    assert {row.conversation_id for row in AuditRow.objects.filter(seq__gt=2)} == {str(made.pk)}


def test_people_wherever_they_are_changed_from(transactional_db, client):
    root = people.create("root", role="administrator")
    dora = people.create("dora", role="viewer", password="a long password")
    before = newest()
    client.force_login(root)
    dora.refresh_from_db()
    dora.is_active = False
    dora.save()
    dora.set_password("another long password")
    dora.save()
    dora.email = "dora@example.org"
    dora.save()
    dora.groups.add(Group.objects.get_or_create(name="approver")[0])
    User.objects.create(username="gone").delete()
    assert kinds(before) == [
        "sign_in", "person.changed", "person.changed", "person.roles", "person.created", "person.deleted",
    ]  # fmt: skip
    active, password = rows("person.changed")[-2:]
    assert json.loads(active.request) == {"person": "dora", "changed": ["is_active"], "is_active": False}
    assert json.loads(password.request) == {"person": "dora", "changed": ["password"]}
    assert json.loads(rows("person.roles")[-1].request)["roles"] == ["approver", "viewer"]


def test_the_admin_names_who_changed_a_person(transactional_db, client):
    root = people.create("root", role="administrator")
    dora = people.create("dora", role="viewer")
    client.force_login(root)
    before = newest()
    page = f"/admin/auth/user/{dora.pk}/change/"
    fields = {"username": "dora", "is_superuser": "on", "date_joined_0": "2026-01-01", "date_joined_1": "10:00"}
    assert client.post(page, fields).status_code == 302
    changed = AuditRow.objects.filter(seq__gt=before, kind="person.changed").get()
    assert (changed.actor, changed.door) == ("root", "browser")
    assert '"is_superuser":true' in changed.request
    assert [row.actor for row in AuditRow.objects.filter(seq__gt=before, kind="person.roles")] == ["root"]


def test_signing_in_and_out(transactional_db, client):
    people.create("dora", role="viewer", password="a long password")
    before = newest()
    client.post("/sign-in", {"username": "dora", "password": "wrong"})
    client.post("/sign-in", {"username": "my secret, typed into the wrong field", "password": "x"})
    client.post("/sign-in", {"username": "dora", "password": "a long password"})
    client.post("/sign-out")
    found = list(AuditRow.objects.filter(seq__gt=before).order_by("seq"))
    assert [(row.kind, row.actor, row.door) for row in found] == [
        ("sign_in_failed", "dora", "browser"),
        ("sign_in_failed", "", "browser"),
        ("sign_in", "dora", "browser"),
        ("sign_out", "dora", "browser"),
    ]
    assert "secret" not in str(list(AuditRow.objects.values()))


def test_links_and_tokens(transactional_db, client, alice):
    before = newest()
    token = tokens.create(alice)
    client.get(f"/sign-in/{sign_in.link(alice)}")
    assert kinds(before) == ["token.created", "sign_in_link.made", "sign_in"]
    made = rows("token.created")[0]
    assert json.loads(made.request) == {"person": "alice", "scope": "approve", "days": 90, "token": token[:11]}
    assert token not in str(list(AuditRow.objects.values()))


def test_tokens_taken_back_and_sessions_ended(transactional_db, client, alice):
    client.force_login(alice)
    revoked = tokens.verify(tokens.create(alice))
    deleted = tokens.verify(tokens.create(alice))
    before = newest()
    tokens.revoke(revoked)
    tokens.revoke(revoked)
    deleted.delete()
    people.give_role(alice, "approver")
    assert kinds(before)[:2] == ["token.revoked", "token.revoked"]
    assert [json.loads(row.request)["token"] for row in rows("token.revoked")] == [revoked.prefix, deleted.prefix]
    assert json.loads(rows("sessions.ended")[0].request) == {"people": ["alice"], "sessions": 1}


def test_a_person_with_a_token_can_be_deleted(transactional_db, alice):
    tokens.create(alice)
    before = newest()
    alice.delete()
    assert kinds(before) == ["person.deleted"]


def test_nobody_takes_a_token_back_unrecorded(transactional_db, alice):
    token = tokens.verify(tokens.create(alice))
    with refusing(), pytest.raises(DatabaseError):
        tokens.revoke(token)
    token.refresh_from_db()
    assert token.revoked_at is None


def test_clusters_and_what_lets_people_in_there(transactional_db, alice):
    root = people.create("root", role="administrator")
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "https://prod.example:6443"}}],
        "users": [{"name": "u", "user": {"token": "of-the-portal-hunter2"}}],
        "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
    }
    before = newest()
    clusters.register(root, json.dumps(config), mode="impersonate")
    clusters.add_to_map(root, "prod", "person", "alice", "alice@example.org")
    clusters.take_from_map(root, "prod", IdentityMap.objects.get().pk)
    clusters.change(root, "prod", name="prod-eu", mode="token")
    clusters.store_token(alice, "prod-eu", "own-token-of-alice-hunter2")
    clusters.forget_token(alice, "prod-eu")
    clusters.forget(root, "prod-eu")
    found = list(AuditRow.objects.filter(seq__gt=before).order_by("seq"))
    assert {row.kind for row in found} == {"cluster.changed"}
    assert [(row.actor, row.cluster, row.outcome) for row in found] == [
        ("root", "prod", "registered"),
        ("root", "prod", "mapped"),
        ("root", "prod", "taken_from_map"),
        ("root", "prod-eu", "changed"),
        ("alice", "prod-eu", "token_stored"),
        ("alice", "prod-eu", "token_forgotten"),
        ("root", "prod-eu", "forgotten"),
    ]
    assert json.loads(found[3].request)["was"]["identity_mode"] == "impersonate"
    assert "hunter2" not in str(list(AuditRow.objects.values()))


def test_each_door_says_its_name(transactional_db, client, alice):
    token = tokens.create(alice)
    client.post(
        "/api/v1/conversations/6a1f7c1e-1111-4222-8333-944445555666/messages",  # not there
        json.dumps({"id": "6a1f7c1e-1111-4222-8333-944445555666", "text": "hello"}),
        content_type="application/json", headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    made = client.post(
        "/api/v1/conversations", json.dumps({"title": "one"}), content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    ).json()  # fmt: skip
    client.patch(
        f"/api/v1/conversations/{made['id']}", json.dumps({"title": "two"}), content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip
    client.force_login(alice)
    client.post(f"/c/{made['id']}/title", {"title": "three"})
    assert [(row.door, row.actor) for row in rows("conversation.renamed")] == [("rest", "alice"), ("browser", "alice")]
    assert door.name() == ""
