"""Every event has its piece of HTML, and a feed is the same however it came about."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.event_types import EVENT_TYPES
from chat.models import Event
from chat.web import feed, rendering
from tests.chat.web.stories import Story, whole_story

PARTIALS = Path(__file__).resolve().parents[3] / "templates" / "chat" / "events"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>\u202eevil"


class Root(HTMLParser):
    """The root element's tag and attributes, and how many roots there are."""

    VOID = {"input", "br", "hr", "img", "meta", "link"}

    def __init__(self, html):
        super().__init__()
        self.tag, self.attributes, self.depth, self.roots = "", {}, 0, 0
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if self.depth == 0:
            self.tag, self.attributes = tag, dict(attributes)
            self.roots += 1
        self.depth += tag not in self.VOID

    def handle_endtag(self, tag):
        self.depth -= tag not in self.VOID


def place(pieces, html):
    """The placing rule by the HTML alone, as static/js/lib/placing.js does it."""
    root = Root(html).attributes
    if "data-moved" in root:
        pieces[:] = [piece for piece in pieces if Root(piece).attributes["id"] != root["id"]]
    if "data-run-start" in root and root["id"] not in [Root(piece).attributes["id"] for piece in pieces]:
        for piece in pieces:
            known = Root(piece).attributes
            if known.get("class") == "message" and known["data-run"] == root["data-run"]:
                pieces.remove(piece)
                pieces.append(piece)
                break
    for index, piece in enumerate(pieces):
        if Root(piece).attributes["id"] == root["id"]:
            pieces[index] = html
            return
    pieces.append(html)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_type_has_a_partial_and_an_id(kind):
    assert (PARTIALS / f"_{kind}.html").is_file()
    assert kind in rendering._IDS


def test_every_piece_is_one_element_with_the_id_of_its_event(alice):
    events = whole_story(alice).events
    assert {event.type for event in events} == set(EVENT_TYPES)
    for event in events:
        root = Root(feed.piece(event))
        assert root.roots == 1, event.type
        assert root.depth == 0, f"{event.type} leaves an element open"
        assert root.attributes["id"] == rendering.dom_id(event)


def test_the_page_after_the_fact_is_the_live_frames_placed_one_by_one(alice):
    events = whole_story(alice).events
    placed = []
    for event in events:
        place(placed, feed.piece(event))
    assert placed == rendering.page(events)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_page_at_any_moment_and_the_frames_after_it_are_the_page_at_the_end(alice, data):
    events = _kept(alice)
    cut = data.draw(st.integers(0, len(events)))
    placed = [str(piece) for piece in rendering.page(events[:cut])]
    for event in events[cut:]:
        place(placed, feed.piece(event))
    assert placed == rendering.page(events)


_stories = {}


def _kept(owner):
    """One story for all examples of a test."""
    if owner.pk not in _stories:
        _stories.clear()
        _stories[owner.pk] = whole_story(owner).events
    return _stories[owner.pk]


def test_a_queued_message_goes_to_the_beginning_of_its_run(alice):
    events = whole_story(alice).events
    ids = [Root(piece).attributes["id"] for piece in rendering.page(events)]
    second = events[4]
    assert second.type == "user_message"
    at = ids.index(rendering.dom_id(second))
    assert ids[at + 1] == f"run-{second.data['run_id']}"
    assert ids[at - 1].startswith("end-")


def test_a_message_changed_while_it_was_queued_is_shown_as_it_is_now(alice):
    shown = "".join(rendering.page(whole_story(alice).events))
    assert "and its newest logs?" in shown
    assert "and its logs?" not in shown
    assert "leave the database as it is" in shown
    assert "never mind" not in shown
    assert "took a queued message back" in shown


def test_a_steered_message_stands_where_the_run_heard_it_and_its_own_run_shows_no_end(alice):
    events = whole_story(alice).events
    steered = next(event for event in events if event.type == "message_steered")
    pieces = rendering.page(events)
    at = [Root(piece).attributes["id"] for piece in pieces].index(rendering.dom_id(steered))
    assert Root(pieces[at - 1]).attributes["id"].startswith("approval-")
    end = Root(pieces[at + 1]).attributes
    assert end["id"] == f"end-{steered.data['run_id']}"
    assert "hidden" in end


def test_older_pages_show_a_message_as_it_was_edited_or_taken_back_later(alice, monkeypatch):
    monkeypatch.setattr(feed, "PAGE", 3)
    story = Story(alice)
    edited, removed = story.ask("before"), story.ask("never mind")
    story.begin(story.ask("first"))
    story.edit(edited, "after")
    story.remove(removed)
    older = "".join(feed.before(story.conversation, 4).pieces)
    assert "after" in older
    assert "took a queued message back" in older
    assert "before" not in older
    assert "never mind" not in older


def test_a_run_that_is_taken_over_leaves_its_message_where_it_stands(alice):
    story = Story(alice)
    run = story.ask()
    story.begin(run)
    story.say(run, 0)
    story.begin(run, attempt=2)
    kinds = [Root(piece).attributes["id"].split("-")[0] for piece in rendering.page(story.events)]
    assert kinds == ["message", "run", "block"]


def test_a_removed_message_stands_where_it_was_removed_right_before_the_end_of_its_run(alice):
    story = Story(alice)
    story.begin(first := story.ask())
    removed = story.ask("never mind")
    story.say(first, 0)
    story.remove(removed)
    ids = [Root(piece).attributes["id"] for piece in rendering.page(story.events)]
    assert ids[-2:] == [f"message-{removed.message.client_id}", f"end-{removed.pk}"]


def test_a_decision_keeps_what_was_asked_for(alice):
    story = Story(alice)
    run = story.ask()
    story.begin(run)
    approval = story.request(story.wish(run, "k8s_scale", "CHANGE", replicas=3), "Scale it to 3")
    story.decide(approval, "approved", by="bob", reason="go")
    decided = feed.piece(story.events[-1])
    assert "Approved by bob" in decided
    assert "Scale it to 3" in decided
    assert "k8s_scale" in decided
    assert 'name="approve"' not in decided


def test_words_of_people_models_and_clusters_are_text(alice):
    story = Story(alice)
    run = story.ask(HOSTILE)
    story.begin(run, provider="anthropic", model=HOSTILE)
    story.think(run, 0, HOSTILE)
    story.say(run, 1, HOSTILE)
    call = story.wish(run, "k8s_list", "READ", HOSTILE, **{HOSTILE: HOSTILE, "namespace": HOSTILE})
    story.answer(call, f"NAME  STATUS\n{HOSTILE}  ok")
    story.decide(story.request(call, HOSTILE), "rejected", by=HOSTILE, reason=HOSTILE)
    story.notice(run, HOSTILE)
    story.fail(run, HOSTILE)
    for event in story.events:
        piece = feed.piece(event)
        assert "<script" not in piece, event.type
        assert "<img" not in piece, event.type
        assert "\u202e" not in piece, event.type


def test_a_result_that_is_a_table_is_shown_as_one_and_kept_as_it_came(alice):
    story = Story(alice)
    run = story.ask()
    story.answer(story.wish(run))
    piece = feed.piece(story.events[-1])
    assert '<th scope="col">STATUS</th>' in piece
    assert "<td>CrashLoopBackOff</td>" in piece
    assert "2 pods\nNAMESPACE  NAME" in piece


def test_what_a_result_and_a_run_took_of_the_model_is_shown(alice):
    story = whole_story(alice)
    events = {event.type: event for event in Event.objects.filter(conversation=story.conversation)}
    card, end = rendering.render(events["tool_call_end"]), events["complete"]
    size = len(events["tool_call_end"].data["result"].encode())
    assert f"about {-(-size // 3)} tokens" in card
    end.data["context"] = 12
    assert "12 % of the window" in rendering.render(end)
    end.data["context"] = None
    assert "of the window" not in rendering.render(end)


def test_older_pages_show_what_ended_later_as_ended(alice, monkeypatch):
    monkeypatch.setattr(feed, "PAGE", 4)
    story = Story(alice)
    run = story.ask()
    story.begin(run)
    call = story.wish(run)
    for block in range(4):
        story.say(run, block)
    story.answer(call)
    older = feed.before(story.conversation, 5)
    assert older.first_seq == 1
    assert not older.has_earlier
    assert 'data-state="completed"' in "".join(older.pieces)
    assert 'data-state="running"' not in "".join(older.pieces)


def test_the_newest_page_knows_an_approval_that_was_asked_for_before_it(alice, monkeypatch):
    monkeypatch.setattr(feed, "PAGE", 2)
    story = Story(alice)
    run = story.ask()
    approval = story.request(story.wish(run), "Scale it to 3")
    story.say(run, 0)
    story.decide(approval)
    story.conversation.refresh_from_db()
    newest = feed.newest(story.conversation)
    assert newest.has_earlier
    assert "Scale it to 3" in newest.pieces[-1]
