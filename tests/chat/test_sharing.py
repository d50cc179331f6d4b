"""Sharing: with a person, a group or everyone, to read or to take part; and what that opens, over every door."""

import uuid

import pytest
from django.contrib.auth.models import Group, User

from chat.access import find, may_take_part, visible_to
from chat.actions import conversations, messages, people, queue, runs, shares
from chat.errors import BadInput, NotAllowed, NotFound
from chat.models import Conversation, Share
from chat.models.share import Level
from chat.web import missed
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.chat.test_access import made
from tests.conftest import in_database


@pytest.fixture
def conversation(transactional_db, alice) -> Conversation:
    return conversations.create(alice, title="CANARY")


@pytest.fixture
def team(db) -> Group:
    return Group.objects.create(name="shop")


def test_a_new_conversation_is_its_owners_alone(conversation, alice, bob, charlie):
    assert find(alice, conversation.pk) == conversation
    for other in (bob, charlie, people.create("root", role="administrator")):
        with pytest.raises(NotFound):
            find(other, conversation.pk)


@pytest.mark.parametrize("level", Level.values)
@pytest.mark.parametrize("kind", shares.KINDS)
def test_who_is_named_sees_it_and_nobody_else(conversation, alice, bob, charlie, team, kind, level):
    bob.groups.add(team)
    name = {"person": "bob", "group": "shop", "everyone": ""}[kind]
    share = shares.add(alice, conversation.pk, kind=kind, name=name, level=level)
    assert find(bob, conversation.pk) == conversation
    assert may_take_part(bob, conversation) is (level == Level.TAKE_PART)
    assert visible_to(charlie).exists() is (kind == "everyone")
    assert [row[0] for row in missed.rows(bob, conversation.pk, 0)] == [0]
    assert bool(missed.rows(charlie, conversation.pk, 0)) is (kind == "everyone")
    shares.remove(alice, conversation.pk, share.pk)
    with pytest.raises(NotFound):
        find(bob, conversation.pk)
    assert missed.rows(bob, conversation.pk, 0) == []


def test_two_shares_open_it_once_and_the_wider_one_counts(conversation, alice, bob, team):
    bob.groups.add(team)
    shares.add(alice, conversation.pk, kind="everyone", level=Level.READ)
    shares.add(alice, conversation.pk, kind="person", name="bob", level=Level.READ)
    shares.add(alice, conversation.pk, kind="group", name="shop", level=Level.TAKE_PART)
    assert list(visible_to(bob)) == [conversation]
    assert may_take_part(bob, conversation)


def test_the_same_party_again_changes_how_far(conversation, alice):
    for level in (Level.READ, Level.TAKE_PART, Level.READ):
        for kind in ("everyone", "person"):
            people_named = {"person": "bob"}
            if kind == "person" and not User.objects.filter(username="bob").exists():
                people.create("bob", role="operator")
            share = shares.add(alice, conversation.pk, kind=kind, name=people_named.get(kind, ""), level=level)
            assert share.level == level
    assert conversation.shares.count() == 2


def test_who_leaves_a_group_or_whose_group_is_gone_sees_it_no_more(conversation, alice, bob, charlie, team):
    team.user_set.add(bob, charlie)
    shares.add(alice, conversation.pk, kind="group", name="shop")
    bob.groups.remove(team)
    assert not visible_to(bob).exists()
    assert visible_to(charlie).exists()
    team.delete()
    assert not visible_to(charlie).exists()
    assert not Share.objects.exists()


@pytest.mark.parametrize(
    ("kind", "name", "level"),
    [
        ("person", "nobody", "read"), ("person", "", "read"), ("person", "BOB", "read"), ("person", "alice", "read"),
        ("group", "nothing", "read"), ("crowd", "", "read"), ("everyone", "", "owner"), ("person", "gone", "read"),
    ],
)  # fmt: skip
def test_what_cannot_be_shared_with_is_refused_with_a_sentence(conversation, alice, bob, kind, name, level):
    User.objects.create(username="gone", is_active=False)
    with pytest.raises(BadInput) as refused:
        shares.add(alice, conversation.pk, kind=kind, name=name, level=level)
    assert str(refused.value).endswith(".")
    assert not Share.objects.exists()


def test_only_the_owner_shares_and_takes_back(conversation, alice, bob, charlie):
    share = shares.add(alice, conversation.pk, kind="person", name="bob", level=Level.TAKE_PART)
    with pytest.raises(NotAllowed):
        shares.add(bob, conversation.pk, kind="everyone")
    with pytest.raises(NotAllowed):
        shares.remove(bob, conversation.pk, share.pk)
    with pytest.raises(NotFound):
        shares.add(charlie, conversation.pk, kind="person", name="charlie")
    other = conversations.create(bob)
    with pytest.raises(NotFound):  # a share of another conversation
        shares.remove(bob, other.pk, share.pk)
    assert conversation.shares.get() == share


def test_a_conversation_has_so_many_shares_and_not_one_more(conversation, alice, monkeypatch):
    monkeypatch.setattr(shares, "MOST", 2)
    for name in ("one", "two", "three"):
        people.create(name, role="viewer")
    shares.add(alice, conversation.pk, kind="person", name="one")
    shares.add(alice, conversation.pk, kind="person", name="two")
    shares.add(alice, conversation.pk, kind="person", name="two", level=Level.TAKE_PART)
    with pytest.raises(BadInput, match="at most 2"):
        shares.add(alice, conversation.pk, kind="person", name="three")


def test_the_old_switch_is_a_share_with_everyone_to_take_part(conversation, alice, bob):
    assert conversations.share(alice, conversation.pk, True).shared is True
    share = conversation.shares.get()
    assert (share.kind, share.level, share.by) == ("everyone", Level.TAKE_PART, alice)
    assert may_take_part(bob, conversation)
    shares.add(alice, conversation.pk, kind="person", name="bob")
    assert conversations.share(alice, conversation.pk, False).shared is False
    assert [each.name for each in conversation.shares.all()] == ["bob"]


# ---- reading is not taking part ----------------------------------------------------------------------------------


@pytest.fixture
def read_by_bob(transactional_db, alice, bob):
    theirs = made(alice)
    shares.add(alice, theirs.conversation, kind="person", name="bob", level=Level.READ)
    return theirs


def test_who_reads_does_not_send_stop_edit_remove_or_steer(read_by_bob, alice, bob):
    queued = messages.send(alice, "next", conversation_id=uuid.UUID(read_by_bob.conversation))
    for deed in (
        lambda: messages.send(bob, "hello", conversation_id=uuid.UUID(read_by_bob.conversation)),
        lambda: runs.stop(bob, read_by_bob.run),
        lambda: queue.edit(bob, queued.message_id, "mine"),
        lambda: queue.remove(bob, queued.message_id),
        lambda: queue.steer(bob, queued.message_id),
    ):
        with pytest.raises(NotAllowed, match="for reading"):
            deed()
    Share.objects.update(level=Level.TAKE_PART)
    assert messages.send(bob, "hello", conversation_id=uuid.UUID(read_by_bob.conversation)).seq
    assert runs.stop(bob, read_by_bob.run).status == "stopped"


OF_READERS = {
    "read": ("get", "/api/v1/conversations/{0.conversation}", None, 200),
    "events": ("get", "/api/v1/conversations/{0.conversation}/events", None, 200),
    "shares": ("get", "/api/v1/conversations/{0.conversation}/shares", None, 200),
    "run": ("get", "/api/v1/runs/{0.run}", None, 200),
    "result": ("get", "/api/v1/tool-calls/{0.call}/result", None, 200),
    "approval": ("get", "/api/v1/approvals/{0.approval}", None, 200),
    "message": ("post", "/api/v1/conversations/{0.conversation}/messages", {"id": "new", "text": "hi"}, 403),
    "fallback": ("post", "/api/chat/message", {"message": "hi", "conversation_id": "{0.conversation}"}, 403),
    "tool": (
        "post", "/api/v1/tools/clusters_list/call", {"arguments": {}, "conversation_id": "{0.conversation}"}, 403,
    ),
    "stop": ("post", "/api/v1/runs/{0.run}/stop", None, 403),
    "decide": ("post", "/api/v1/approvals/{0.approval}/decision", {"decision": "approve"}, 403),
    "share": ("post", "/api/v1/conversations/{0.conversation}/shares", {"kind": "everyone"}, 403),
    "unshare": ("delete", "/api/v1/conversations/{0.conversation}/shares/1", None, 403),
    "patch": ("patch", "/api/v1/conversations/{0.conversation}", {"shared": True}, 403),
    "delete": ("delete", "/api/v1/conversations/{0.conversation}", None, 403),
}  # fmt: skip


def _filled(body, theirs):
    fields = {"id": str(uuid.uuid4())}
    filled = {key: value.format(theirs) if isinstance(value, str) else value for key, value in (body or {}).items()}
    return {key: fields["id"] if value == "new" else value for key, value in filled.items()}


async def test_the_shared_branch_of_every_address_obeys_the_verb(read_by_bob, bob, token_of):
    """CVE-2026-45671: a shared conversation was readable, and therefore everything else."""
    api, wrong = Api(await in_database(token_of, bob)), []
    for name, (method, path, body, status) in OF_READERS.items():
        answer = await api.send(method, path.format(read_by_bob), _filled(body, read_by_bob) if body else None)
        if answer.status_code != status:
            wrong.append((name, answer.status_code))
    assert wrong == []


async def test_every_address_with_somebody_elses_ids_is_not_there(transactional_db, alice, bob, token_of):
    theirs, api, wrong = await in_database(made, alice), Api(await in_database(token_of, bob)), []
    for name, (method, path, body, _) in OF_READERS.items():
        answer = await api.send(method, path.format(theirs), _filled(body, theirs) if body else None)
        if answer.status_code != 404 or "CANARY" in answer.content.decode():
            wrong.append((name, answer.status_code))
    assert wrong == []


async def test_a_child_is_looked_for_in_its_parent_alone(transactional_db, alice, bob, charlie, token_of):
    """One's own conversation in the address, and somebody else's message or share behind it."""
    theirs, own = await in_database(made, alice), await in_database(made, bob)
    queued = await in_database(messages.send, alice, "CANARY", conversation_id=uuid.UUID(theirs.conversation))
    share = await in_database(shares.add, alice, theirs.conversation, kind="person", name="charlie")
    api, mine = Api(await in_database(token_of, bob)), f"/api/v1/conversations/{own.conversation}"
    for method, path, body in [
        ("patch", f"{mine}/messages/{queued.message_id}", {"text": "mine"}),
        ("delete", f"{mine}/messages/{queued.message_id}", None),
        ("post", f"{mine}/messages/{queued.message_id}/steer", {}),
        ("delete", f"{mine}/shares/{share.pk}", None),
    ]:
        answer = await api.send(method, path, body)
        assert answer.status_code == 404, path
        assert "CANARY" not in answer.content.decode()


async def test_shares_over_rest(conversation, alice, bob, token_of):
    api, theirs = Api(await in_database(token_of, alice)), Api(await in_database(token_of, bob))
    path = f"/api/v1/conversations/{conversation.pk}/shares"
    made = await api.post(path, {"kind": "person", "name": "bob"})
    assert made.status_code == 201
    told = made.json()
    assert (told["kind"], told["name"], told["level"], told["by"]) == ("person", "bob", "read", "alice")
    assert (await theirs.get(path)).json()["items"] == (await api.get(path)).json()["items"] == [told]
    assert (await api.post(path, {"kind": "person", "name": "bob", "level": "all"})).status_code == 422
    assert (await api.post(path, {"kind": "person", "name": "x"})).json()["error"]["code"] == "unknown_person"
    assert (await theirs.send("delete", f"{path}/{told['id']}")).status_code == 403
    assert (await api.send("delete", f"{path}/{told['id']}")).status_code == 204
    assert (await api.send("delete", f"{path}/{told['id']}")).status_code == 404
    assert (await theirs.get(path)).status_code == 404
    changed = await api.send("patch", path.removesuffix("/shares"), {"shared": True})
    assert changed.json()["shared"] is True
    assert [each["level"] for each in (await theirs.get(path)).json()["items"]] == ["take_part"]


async def test_who_reads_watches_live_and_is_refused_in_words(crew, script, conversation, alice, bob, token_of):
    script([{"say": "Hello."}])
    await in_database(shares.add, alice, conversation.pk, kind="person", name="bob")
    mine, theirs = await in_database(token_of, alice), await in_database(token_of, bob)
    async with Client(mine) as speaker, Client(theirs) as reader:
        await reader.say({"type": "resume", "id": "r", "conversation_id": str(conversation.pk), "seq": 0})
        await reader.until("caught_up")
        await speaker.send("hi", conversation_id=str(conversation.pk))
        assert (await reader.until("complete"))["data"]["message"] == "Hello."
        command = {"type": "send", "id": str(uuid.uuid4()), "text": "me too", "conversation_id": str(conversation.pk)}
        await reader.say(command)
        assert (await reader.until("nack"))["data"]["code"] == "not_allowed"


# ---- pages -------------------------------------------------------------------------------------------------------


def test_the_sheet_shares_and_takes_back_without_scripts(client, conversation, alice, bob):
    client.force_login(alice)
    here = f"/c/{conversation.pk}"
    assert client.post(f"{here}/shares", {"who": "person", "name": "bob", "level": "read"}).status_code == 302
    share = conversation.shares.get()
    assert b"reads" in client.get(here).content
    fragment = client.post(
        f"{here}/shares/removal", {"share": str(share.pk)}, headers={"X-Requested-With": "fetch"}
    ).content.decode()
    assert "share-sheet" in fragment
    assert "<html" not in fragment
    assert client.post(f"{here}/shares/removal", {"share": "x"}).status_code == 422
    refused = client.post(f"{here}/shares", {"who": "person", "name": "<b>"}, headers={"X-Requested-With": "fetch"})
    assert (refused.status_code, refused["Content-Type"].split(";")[0]) == (422, "text/plain")


def test_a_reader_gets_a_page_without_a_composer(client, conversation, alice, bob):
    shares.add(alice, conversation.pk, kind="person", name="bob")
    client.force_login(bob)
    html = client.get(f"/c/{conversation.pk}").content.decode()
    assert "shared with you for reading" in html
    assert "Only alice can change this" in html
    assert client.post(f"/c/{conversation.pk}/messages", {"text": "hi"}).status_code == 403
    assert client.post(f"/c/{conversation.pk}/shares", {"who": "everyone"}).status_code == 403
