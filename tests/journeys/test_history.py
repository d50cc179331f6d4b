"""Long conversations in the browser: back through them, days of them, and coming back after missing too much."""

import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from chat.web import rendering
from tests.journeys.screen import ended, feed, reloaded, say
from tests.portal import ROOT

pytestmark = pytest.mark.browser

TOP = """() => {
    const seen = (each) => each.getBoundingClientRect().bottom > 60;
    return [...document.querySelector("#feed").children].find(seen).id;
}"""
HEIGHT = """async (id) => {
    for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
    return document.getElementById(id).getBoundingClientRect().top;
}"""
IDS = "feed => [...feed.children].map(({ id }) => id)"
CUT = """() => {
    const { socket } = document.querySelector("chat-conversation");
    socket.dispatchEvent(new Event("doubt"));
}"""


def written(portal, count, *conversation):
    """The id of a conversation that has so many events more now."""
    command = [sys.executable, "-m", "tests.long_story", str(count), *conversation]
    done = subprocess.run(command, cwd=ROOT, env=portal.environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def expected(portal, conversation):
    """The ids of the whole feed, by the placing rule over all events."""
    placed, after = {}, 0
    while True:
        told = json.loads(portal.page(f"/api/v1/conversations/{conversation}/events?after={after}"))
        for frame in told["events"]:
            rendering.place(placed, SimpleNamespace(**frame))
            after = frame["seq"]
        if after == told["head_seq"]:
            return list(placed)


async def earlier(page):
    before = await page.locator("#feed > *").count()
    await page.locator(".earlier a").first.click()
    await page.wait_for_selector(f"#feed > :nth-child({before + 1})", state="attached")


async def test_back_through_a_long_conversation_every_piece_comes_once_and_the_reader_keeps_their_place(visit, portal):
    conversation = written(portal, 900)
    async with visit(f"/c/{conversation}") as page:
        while await page.locator(".earlier a").first.is_visible():
            await page.locator(".earlier a").first.scroll_into_view_if_needed()
            piece = await page.evaluate(TOP)
            height = await page.evaluate(HEIGHT, piece)
            await earlier(page)
            assert abs(await page.evaluate(HEIGHT, piece) - height) < 3
        assert await page.eval_on_selector("#feed", IDS) == expected(portal, conversation)


async def test_a_page_that_stays_open_lets_go_of_what_is_far_above_and_brings_it_back(visit, portal):
    conversation = written(portal, 1_300)
    async with visit(f"/c/{conversation}") as page:
        while await page.locator("#feed > *").count() <= 700:
            await earlier(page)
        await say(page, "what is wrong?")
        await page.locator(".run-start >> nth=-1").wait_for()
        await page.locator('run-end:below(.message:has-text("what is wrong?"))').first.wait_for()
        assert 300 < await page.locator("#feed > *").count() < 420
        whole = expected(portal, conversation)
        kept = await page.eval_on_selector("#feed", IDS)
        assert kept == whole[-len(kept) :]
        while await page.locator(".earlier a").first.is_visible():
            await earlier(page)
        assert await page.eval_on_selector("#feed", IDS) == whole


async def test_a_reader_who_missed_too_much_gets_the_newest_page_and_a_way_back(visit, portal):
    async with visit("/") as page:
        await say(page, "list the pods")
        await ended(page)
        conversation = page.url.rsplit("/", 1)[1]
        await page.context.set_offline(True)
        written(portal, 400, conversation)
        await page.context.set_offline(False)
        await page.locator("[data-live=polite]", has_text="Nothing was lost").wait_for(state="attached")
        shown = await feed(page)
        assert len(shown) > 50
        assert await page.evaluate("scrollY + innerHeight > document.documentElement.scrollHeight - 100")
        assert await page.locator(".earlier a").first.get_attribute("href") == "?before=208"
        assert shown == await reloaded(page)


async def test_a_reader_further_up_stays_at_their_piece_when_the_page_is_replaced(visit, portal):
    conversation = written(portal, 400)
    async with visit(f"/c/{conversation}") as page:
        await page.locator("#feed > *").nth(120).scroll_into_view_if_needed()
        piece = await page.evaluate(TOP)
        height = await page.evaluate(HEIGHT, piece)
        await page.evaluate("document.querySelector('chat-conversation').reading.seq = 9999")
        await page.evaluate(CUT)
        await page.locator("[data-live=polite]", has_text="Nothing was lost").wait_for(state="attached")
        assert abs(await page.evaluate(HEIGHT, piece) - height) < 3


async def test_what_was_missed_is_placed_in_one_go_as_a_reload_shows_it(visit, portal):
    async with visit("/") as page:
        sent = []
        page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(json.loads(frame))))
        await page.reload()
        await say(page, "list the pods")
        await ended(page)
        conversation = page.url.rsplit("/", 1)[1]
        await page.context.set_offline(True)
        written(portal, 250, conversation)
        await page.context.set_offline(False)
        await page.locator("#feed > *").nth(150).wait_for(state="attached")
        assert await page.eval_on_selector("#feed", IDS) == expected(portal, conversation)
        resumed = [frame for frame in sent if frame["type"] == "resume"]
        assert resumed[0]["seq"] == 7
        assert resumed[0]["at"].startswith("20")
