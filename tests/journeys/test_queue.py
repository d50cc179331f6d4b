"""Messages that wait for a run, in the browser: edited, removed and steered by their author, seen by everybody."""

import asyncio

import pytest

from tests.journeys.screen import ended, feed, reloaded, say

pytestmark = pytest.mark.browser


async def begun(page):
    """A run that speaks for five seconds before its first tool call."""
    await say(page, "go the long way")
    await page.locator(".prose.streaming").wait_for()


async def listening(page):
    """Keeps what screen readers are told."""
    await page.evaluate(
        "window.told = []; document.addEventListener('portal:announce', ({ detail }) => window.told.push(detail.text))"
    )


def queued(page, words):
    return page.locator(".queue li", has_text=words)


async def queue(page, words):
    await say(page, words)
    await queued(page, words).locator('[data-action="edit"]').wait_for()


async def test_a_queued_message_is_edited_by_keyboard_and_answered_as_it_was_left(visit):
    async with visit("/") as page:
        await begun(page)
        await queue(page, "list the nodes")
        await page.locator("#words").press("ArrowUp")
        field = page.get_by_label("Edit the queued message")
        assert await field.evaluate("field => field === document.activeElement")
        await field.fill("list nothing at all")
        await field.press("Escape")
        assert await queued(page, "list the nodes").is_visible()
        await queued(page, "list the nodes").locator('[data-action="edit"]').press("Enter")
        await field.fill("list the pods")
        await field.press("Enter")
        await queued(page, "list the pods").wait_for()
        assert await page.locator(".message.queued .edited").count() == 1
        await ended(page, 2)
        message = page.locator(".message", has=page.locator(".edited"))
        assert await message.locator(".message-text").inner_text() == "list the pods"
        assert await feed(page) == await reloaded(page)


async def test_a_removed_message_leaves_a_line_and_no_run(visit):
    async with visit("/", width=390) as page:
        await listening(page)
        await begun(page)
        await queue(page, "never mind" + " what I said before" * 6)
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        await queued(page, "never mind").get_by_role("button", name="Remove").click()
        await page.locator(".notice", has_text="took a queued message back").wait_for()
        await page.locator(".queue").wait_for(state="hidden")
        assert await page.evaluate("document.activeElement.id") == "words"
        await page.locator('run-end[data-outcome="done"]').wait_for()
        assert await page.locator("run-end").count() == 2
        assert await page.locator("run-end:visible").count() == 1
        assert "The run was stopped." not in await page.evaluate("window.told")
        assert await feed(page) == await reloaded(page)


async def test_a_steered_message_stands_where_the_run_heard_it(visit):
    async with visit("/") as page:
        await listening(page)
        await begun(page)
        await queue(page, "only in shop")
        await queued(page, "only in shop").get_by_role("button", name="Steer now").click()
        await queued(page, "Goes in at the agent's next step").wait_for()
        await page.locator(".message[data-moved]", has_text="only in shop").wait_for()
        await page.locator('run-end[data-outcome="done"]:visible').wait_for()
        live = await feed(page)
        at = next(index for index, piece in enumerate(live) if "only in shop" in piece[3])
        assert live[at - 1][1] == "TOOL-CARD"
        assert live[-1][1] == "RUN-END"
        assert await page.locator("run-end:visible").count() == 1
        assert (await page.evaluate("window.told")).count("The agent has answered.") == 1
        assert live == await reloaded(page)


async def test_words_that_come_too_late_to_change_a_message_are_not_lost(visit):
    async with visit("/") as page:
        await begun(page)
        await queue(page, "list the nodes")
        await queued(page, "list the nodes").get_by_role("button", name="Edit").click()
        await page.get_by_label("Edit the queued message").fill("list the pods of everybody")
        await page.locator(".halt").click()
        await page.locator(".queue-note", has_text="Your words are in the composer").wait_for()
        assert await page.input_value("#words") == "list the pods of everybody"
        await page.locator(".queue").wait_for(state="hidden")


async def test_others_see_what_waits_and_may_only_do_what_the_server_allows(visit, portal, walker, browser):
    async with visit("/") as page:
        await say(page, "scale storefront to 2")
        await page.locator('approval-card[data-state="pending"]').wait_for()
        await page.locator(".sharing").click()
        await page.get_by_label("Share with").select_option("everyone")
        await page.get_by_label("They may").select_option("take_part")
        await page.get_by_role("button", name="Share", exact=True).click()
        await page.locator(".sharing", has_text="Shared").wait_for()
        await page.keyboard.press("Escape")
        await queue(page, "list the nodes")
        other = await (await browser.new_context()).new_page()
        await other.goto(f"{portal.address}/sign-in?next=/c/{page.url.rsplit('/', 1)[1]}")
        await other.fill('[name="username"]', walker[0])
        await other.fill('[name="password"]', walker[1])
        await other.keyboard.press("Enter")
        await queued(other, "list the nodes").locator("form").wait_for(state="attached")  # the page is at work
        assert await other.locator(".queue-tools button:visible").count() == 0
        await say(other, "and the events")
        await queued(page, "and the events").get_by_role("button", name="Remove").wait_for()
        shown = await queued(page, "and the events").locator(".queue-tools button:visible").all_inner_texts()
        assert len(shown) == 1
        await queued(other, "and the events").get_by_role("button", name="Edit").wait_for()
        assert await queued(other, "and the events").get_by_role("button", name="Steer now").is_hidden()
        await queued(page, "and the events").get_by_role("button", name="Remove").click()
        await other.locator(".notice", has_text="took a queued message back").wait_for()
        await other.context.close()


async def test_a_command_on_a_queued_message_survives_a_cut(visit):
    async with visit("/") as page:
        await begun(page)
        await queue(page, "list the nodes")
        await page.context.set_offline(True)
        await queued(page, "list the nodes").get_by_role("button", name="Remove").click()
        await queued(page, "Removing…").wait_for()
        await asyncio.sleep(0.2)
        await page.context.set_offline(False)
        await page.locator(".notice", has_text="took a queued message back").wait_for()
        assert await page.locator(".notice", has_text="took a queued message back").count() == 1
