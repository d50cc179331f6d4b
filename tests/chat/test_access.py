"""Who sees and does what: every role, every right, and every address that names something of somebody else."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from chat.access import ROLES, Right, decidable_by, find_approval, may_decide, require, rights, visible_to
from chat.actions import approvals, conversations, leases, messages, people, rounds, runs, tokens
from chat.agent.ports import Usage
from chat.asking import Question
from chat.errors import NotAllowed, NotFound
from chat.models import Approval, ToolCall
from chat.models.access_token import Scope
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.conftest import in_database

# ---- roles and rights --------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def many_questions(settings):
    """A world has more of them at once than a person's runs may ask in a minute."""
    settings.K8SMCP_APPROVALS_PER_MINUTE = 1_000


MATRIX = {
    #                converse change decide_own decide_others administer audit
    "viewer":        (True,  False, False, False, False, False),
    "operator":      (True,  True,  True,  False, False, False),
    "approver":      (True,  True,  True,  True,  False, False),
    "administrator": (True,  True,  True,  True,  True,  True),
    "auditor":       (False, False, False, False, False, True),
}  # fmt: skip


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("right", Right)
def test_every_role_has_the_rights_of_the_table(db, role, right):
    person = people.create("somebody", role=role)
    allowed = MATRIX[role][list(Right).index(right)]
    assert (right in rights(person)) is allowed
    if allowed:
        require(person, right)
    else:
        with pytest.raises(NotAllowed) as refused:
            require(person, right)
        assert str(refused.value).endswith(".")


def test_without_a_role_or_not_active_there_are_no_rights(db):
    nobody = User.objects.create(username="nobody")
    assert rights(nobody) == frozenset()
    root = people.create("root", role="administrator")
    root.is_active = False
    assert rights(root) == frozenset()


def test_a_person_has_one_role_and_losing_it_counts_at_once(db):
    person = people.create("somebody", role="approver")
    people.give_role(person, "viewer")
    assert rights(person) == ROLES["viewer"]


SCOPES = {
    "viewer": "write",
    "operator": "approve",
    "approver": "approve",
    "administrator": "approve",
    "auditor": "read",
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("scope", Scope)
def test_a_token_is_never_wider_than_its_person(db, role, scope):
    person = people.create("somebody", role=role)
    order = [each.value for each in Scope]
    widest = "admin" if role == "administrator" else SCOPES[role]
    assert tokens.widest(person) == SCOPES[role]
    if order.index(scope.value) <= order.index(widest):
        assert tokens.verify(tokens.create(person, scope=scope.value)).scope == scope.value
    else:
        with pytest.raises(NotAllowed):
            tokens.create(person, scope=scope.value)


def test_a_token_of_somebody_deactivated_revoked_or_expired_is_no_token(db):
    person = people.create("somebody", role="operator")
    secret = tokens.create(person)
    row = person.access_tokens.get()
    assert tokens.verify(secret) == row
    for field, value in [("revoked_at", timezone.now()), ("expires_at", timezone.now())]:
        person.access_tokens.update(**{field: value})
        assert tokens.verify(secret) is None
        person.access_tokens.update(**{field: None})
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert tokens.verify(secret) is None
    assert tokens.verify(row.digest) is None


# ---- what belongs to Alice ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Theirs:
    conversation: str
    run: str
    call: str
    approval: str


def made(owner: User, *, shared: bool = False) -> Theirs:
    """A conversation with a run that waits for a decision."""
    conversation = conversations.create(owner, title="CANARY")
    conversations.share(owner, conversation.pk, shared)
    accepted = messages.send(owner, "CANARY", conversation_id=conversation.pk)
    claim = leases.claim("here")
    rounds.start(claim, "scripted", "script")
    call = ToolCall(tool="namespace_create", arguments={"name": "CANARY"}, cluster="c", effect="CHANGE")
    rounds.close_round(claim, [call], Usage())
    approval = approvals.request(claim, call, "Create CANARY", Question({}, {}, "digest", "Because."))
    runs.park(claim)
    return Theirs(str(conversation.pk), accepted.run_id, str(call.pk), str(approval.pk))


REST: dict[str, tuple[str, str, Any]] = {
    "read conversation": ("get", "/api/v1/conversations/{0.conversation}", None),
    "rename": ("patch", "/api/v1/conversations/{0.conversation}", {"title": "mine"}),
    "share": ("patch", "/api/v1/conversations/{0.conversation}", {"shared": True}),
    "delete": ("delete", "/api/v1/conversations/{0.conversation}", None),
    "events": ("get", "/api/v1/conversations/{0.conversation}/events", None),
    "message": ("post", "/api/v1/conversations/{0.conversation}/messages", {"id": str(uuid.uuid4()), "text": "hi"}),
    "fallback": ("post", "/api/chat/message", {"message": "hi", "conversation_id": "{0.conversation}"}),
    "tool call": ("post", "/api/v1/tools/clusters_list/call", {"arguments": {}, "conversation_id": "{0.conversation}"}),
    "run": ("get", "/api/v1/runs/{0.run}", None),
    "stop": ("post", "/api/v1/runs/{0.run}/stop", None),
    "result": ("get", "/api/v1/tool-calls/{0.call}/result", None),
    "approval": ("get", "/api/v1/approvals/{0.approval}", None),
    "decide": ("post", "/api/v1/approvals/{0.approval}/decision", {"decision": "reject"}),
}
OWNER_ONLY = {"rename", "share", "delete"}
OF_APPROVALS = {"approval", "decide"}
WAITS = {"message", "fallback", "tool call"}  # answered when a run ends, and none is driven here


def expected(who: str, what: str, *, shared: bool) -> set[int]:
    if who in ("anonymous", "revoked"):
        return {401}
    if who == "approver" and what in OF_APPROVALS:
        return {200}
    if not shared:
        return {403, 404} if who == "auditor" and what in WAITS | {"stop", "decide"} else {404}
    if what in OWNER_ONLY or (what == "decide" and who != "approver"):
        return {403}
    if who == "auditor" and what in WAITS | {"stop"}:
        return {403}
    return {200, 202}


async def token_for(who: str) -> str:
    if who == "anonymous":
        return ""
    role = {"teammate": "operator", "revoked": "operator"}.get(who, who)
    person = await in_database(people.create, who, role=role)
    token = await in_database(tokens.create, person)
    if who == "revoked":
        await in_database(person.access_tokens.update, revoked_at=timezone.now())
    if who in ("auditor", "viewer"):  # let their rights speak, not the scope of their widest token
        await in_database(person.access_tokens.update, scope="approve")
    return token


@pytest.mark.parametrize("shared", [False, True], ids=["private", "shared"])
@pytest.mark.parametrize("who", ["teammate", "approver", "auditor", "viewer", "anonymous", "revoked"])
async def test_what_is_not_yours_over_rest(transactional_db, alice, who, shared):
    api = Api(await token_for(who))
    wrong: list[tuple[str, int]] = []
    for what, (method, path, body) in REST.items():
        if shared and what in {"fallback", "tool call"} and who not in ("anonymous", "revoked", "auditor"):
            continue  # allowed, and it would wait for a runner
        theirs = await in_database(made, alice, shared=shared)
        sent = {key: value.format(theirs) if isinstance(value, str) else value for key, value in (body or {}).items()}
        if "id" in sent:
            sent["id"] = str(uuid.uuid4())
        answer = await api.send(method, path.format(theirs), sent if body is not None else None)
        if answer.status_code not in expected(who, what, shared=shared):
            wrong.append((what, answer.status_code))
        if answer.status_code >= 400:
            assert "CANARY" not in answer.content.decode()
            assert answer.json()["error"]["message"].endswith(".")
    assert wrong == []


COMMANDS: dict[str, Callable[[Theirs], dict[str, Any]]] = {
    "send": lambda theirs: {
        "type": "send",
        "id": str(uuid.uuid4()),
        "text": "hi",
        "conversation_id": theirs.conversation,
    },
    "resume": lambda theirs: {"type": "resume", "id": "r", "conversation_id": theirs.conversation, "seq": 0},
    "stop": lambda theirs: {"type": "stop", "id": "s", "run_id": theirs.run},
    "decide": lambda theirs: {"type": "decide", "id": "d", "approval_id": theirs.approval, "decision": "approve"},
    "seed": lambda theirs: {"message": "hi", "conversation_id": theirs.conversation},
}


@pytest.mark.parametrize("who", ["teammate", "viewer", "auditor"])
async def test_what_is_not_yours_over_the_socket(transactional_db, alice, who):
    theirs = await in_database(made, alice)
    async with Client(await token_for(who)) as client:
        for name, command in COMMANDS.items():
            await client.say(command(theirs))
            frame = await client.hear()
            assert frame["type"] in ("nack", "error"), name
            assert frame["data"]["code"] in ("not_found", "not_allowed"), name
            assert "CANARY" not in str(frame)
        assert await client.socket.receive_nothing(0.2)
    assert await in_database(Approval.objects.filter(status="pending").count) == 1


async def test_an_approver_decides_without_seeing_the_conversation(transactional_db, alice):
    theirs = await in_database(made, alice)
    async with Client(await token_for("approver")) as client:
        await client.say(COMMANDS["resume"](theirs))
        assert (await client.hear())["data"]["code"] == "not_found"
        await client.say(COMMANDS["decide"](theirs))
        assert (await client.hear())["data"]["decision"] == "approved"


async def test_a_scope_is_kept_over_the_socket(transactional_db, alice):
    theirs = await in_database(made, alice)
    refused = {"read": ["send", "stop", "decide", "seed"], "write": ["decide"]}
    for scope, names in refused.items():
        async with Client(await in_database(tokens.create, alice, scope=scope)) as client:
            for name in names:
                await client.say(COMMANDS[name](theirs))
                assert (await client.hear())["data"]["code"] == "scope", (scope, name)


# ---- the functions behind it -------------------------------------------------------------------------------------


def test_lists_hold_what_one_sees_and_no_more(transactional_db, alice, bob, charlie):
    private, shared = made(alice), made(alice, shared=True)
    assert {str(each.pk) for each in visible_to(alice)} == {private.conversation, shared.conversation}
    for other in (bob, charlie):
        assert {str(each.pk) for each in visible_to(other)} == {shared.conversation}
    assert decidable_by(alice).count() == decidable_by(charlie).count() == 2
    assert decidable_by(bob).count() == 0
    conversations.delete(alice, shared.conversation)
    assert [str(each.pk) for each in visible_to(alice)] == [private.conversation]
    assert not visible_to(bob).exists()


def test_seeing_a_shared_approval_is_not_deciding_it(transactional_db, alice, bob):
    theirs = made(alice, shared=True)
    approval = find_approval(bob, theirs.approval)
    assert not may_decide(bob, approval)
    with pytest.raises(NotAllowed):
        approvals.decide(bob, theirs.approval, "approve")


@pytest.mark.parametrize("name", ["", "x", "1", "' OR 1=1", "0" * 33, None])
def test_an_id_that_is_none_is_not_found(transactional_db, alice, name):
    for look in (conversations.rename, runs.stop, find_approval):
        with pytest.raises(NotFound):
            look(alice, name, "title") if look is conversations.rename else look(alice, name)


# ---- rights that go while something is under way -----------------------------------------------------------------


def _approved(alice: User, by: User) -> Theirs:
    theirs = made(alice)
    approvals.decide(by, theirs.approval, "approve")
    return theirs


async def _answer_to(theirs: Theirs) -> dict[str, Any]:
    from chat import launch
    from tests.chat.test_runs import ended

    launch.begin()
    try:
        return await ended(theirs.run)
    finally:
        await launch.end()


async def test_a_yes_of_somebody_who_lost_the_right_is_no_yes(demo, script, alice, charlie):
    script([], [{"say": "{answers}"}])
    theirs = await in_database(_approved, alice, charlie)
    await in_database(ToolCall.objects.update, cluster=demo)
    await in_database(people.give_role, charlie, "viewer")
    complete = await _answer_to(theirs)
    assert [call["status"] for call in complete["tool_calls"]] == ["denied"]
    assert "not decide" in complete["message"]


async def test_nothing_is_done_for_somebody_who_was_deactivated(demo, script, alice, charlie):
    script([], [{"say": "{answers}"}])
    theirs = await in_database(_approved, alice, charlie)
    await in_database(ToolCall.objects.update, cluster=demo)
    await in_database(User.objects.filter(pk=alice.pk).update, is_active=False)
    complete = await _answer_to(theirs)
    assert [call["status"] for call in complete["tool_calls"]] == ["denied"]
