"""The portal in a real browser: first question, tool card, approval, reload in mid-answer, second tab, network cut."""

import re

import pytest

from tests.journeys.screen import ended, feed, reloaded, say

pytestmark = pytest.mark.browser


async def test_a_first_question_is_answered_live(visit):
    async with visit("/") as page:
        await page.locator(".examples button", has_text="why is checkout failing?").click()
        await page.locator(".prose.streaming[aria-busy=true]").wait_for()
        await ended(page)
        assert re.search(r"/c/[0-9a-f-]{36}$", page.url)
        assert await page.locator(".prose.streaming").count() == 0
        assert await page.locator("prose-block h3").inner_text() == "What I found"
        assert await page.locator("prose-block td").first.inner_text() == "checkout"
        assert await page.locator("prose-block .hl-nt").count() > 0
        await page.locator("conversation-list [data-active]", has_text="why is checkout failing?").wait_for()
        await page.locator(".bar h1", has_text="why is checkout failing?").wait_for()


async def test_a_tool_card_opens_to_its_arguments_and_its_table(visit):
    async with visit("/") as page:
        await say(page, "list the pods")
        await ended(page)
        card = page.locator("tool-card")
        assert await card.get_attribute("data-state") == "completed"
        assert re.fullmatch(r"\d+ ms|\d+\.\d s", await card.locator(".call-time").inner_text())
        await card.locator("summary").focus()
        await page.keyboard.press("Enter")
        assert await card.locator("dd").all_inner_texts() == ["pods", "shop"]
        assert "NAME" in await card.locator("th").all_inner_texts()
        assert await card.locator(".result-raw").is_hidden()
        await card.locator('[data-action="raw"]').click()
        assert await card.locator(".result-raw").is_visible()


async def test_a_change_waits_for_a_person_and_every_tab_sees_the_decision(visit):
    async with visit("/") as page:
        await say(page, "scale storefront to 2")
        card = page.locator('approval-card[data-state="pending"]')
        await card.wait_for()
        assert await page.evaluate("document.activeElement.name") == "text"
        assert await page.locator('tool-card[data-state="waiting"]').count() == 1
        second = await page.context.new_page()
        await second.goto(page.url)
        await card.locator("input").fill("go ahead")
        await card.get_by_role("button", name="Approve").click()
        await second.locator('approval-card[data-state="approved"]', has_text="go ahead").wait_for()
        await ended(page)
        await ended(second)
        assert await page.locator('tool-card[data-state="completed"]').count() == 1
        assert await feed(page) == await feed(second) == await reloaded(page)


async def test_a_rejection_tells_the_agent_and_changes_nothing(visit):
    async with visit("/") as page:
        await say(page, "scale storefront to 2")
        card = page.locator("approval-card")
        await card.locator("[role=group]").focus()
        await page.keyboard.press("r")
        await ended(page)
        assert await card.get_attribute("data-state") == "rejected"
        assert await page.locator('tool-card[data-state="denied"]').count() == 1
        assert await feed(page) == await reloaded(page)


async def test_a_reload_in_mid_answer_loses_and_repeats_nothing(visit):
    async with visit("/") as page:
        await say(page, "what is wrong?")
        await page.locator(".prose.streaming h3").wait_for()
        await page.reload()
        await ended(page)
        live = await feed(page)
        assert len({piece[0] for piece in live}) == len(live)
        assert sum(piece[1] == "PROSE-BLOCK" for piece in live) == 1
        assert live == await reloaded(page)


async def test_after_a_cut_nothing_was_missed_and_the_badge_says_so(visit):
    async with visit("/") as page:
        await say(page, "slow please")
        await page.locator(".prose.streaming").wait_for()
        await page.context.set_offline(True)
        await page.locator("connection-badge", has_text="the run goes on").wait_for()
        await page.context.set_offline(False)
        await page.locator("connection-badge", has_text="Back, nothing missed").wait_for()
        await ended(page)
        assert await page.locator("prose-block").inner_text() == ("word " * 200).strip()
        assert await feed(page) == await reloaded(page)


async def test_what_is_said_without_a_network_is_kept_and_sent_once(visit):
    async with visit("/") as page:
        await say(page, "list them")
        await ended(page)
        await page.context.set_offline(True)
        await say(page, "and again")
        await page.locator(".message.pending", has_text="and again").wait_for()
        await page.context.set_offline(False)
        await ended(page, 2)
        assert await page.locator(".message.pending").count() == 0
        assert await page.locator("#feed .message", has_text="and again").count() == 1


async def test_a_message_during_a_run_is_queued_and_stop_stops(visit):
    async with visit("/") as page:
        await say(page, "slow please")
        await page.locator(".prose.streaming").wait_for()
        await say(page, "then list the pods")
        await page.locator(".queue li", has_text="then list the pods").wait_for()
        assert await page.locator(".message", has_text="then list the pods").is_hidden()
        await page.locator(".halt").click()
        await page.locator('run-end[data-outcome="stopped"]').wait_for()
        await ended(page, 2)
        live = await feed(page)
        message = next(index for index, piece in enumerate(live) if "then list the pods" in piece[3])
        assert live[message - 1][1] == "RUN-END"
        assert live[message + 1][0].startswith("run-")
        assert await page.locator(".queue").is_hidden()
        assert live == await reloaded(page)


async def test_a_failed_run_says_why_and_can_be_asked_again(visit):
    async with visit("/") as page:
        await say(page, "break down please")
        await page.locator(".fault", has_text="The model does not answer.").wait_for()
        await page.get_by_role("button", name="Send the message again").click()
        await ended(page, 2)
        assert await page.locator("#feed .message").count() == 2


async def test_nothing_a_model_says_or_a_tool_name_holds_becomes_markup(visit):
    async with visit("/") as page:
        await say(page, "hostile <b>words</b>")
        await ended(page)
        assert (
            await page.locator("#feed img, #feed script, #feed b:not(.byline b), #feed a[href^=javascript]").count()
            == 0
        )
        assert "hacked" not in await page.title()


async def test_a_suggestion_goes_into_the_composer_and_is_not_sent(visit):
    async with visit("/") as page:
        await say(page, "what now?")
        await ended(page)
        await page.locator(".say").click()
        assert await page.input_value("textarea") == "list all pods"
        assert await page.locator("#feed .message").count() == 1
