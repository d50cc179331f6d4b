"""The sheet that says who sees a conversation: by keyboard alone, and what the other person then sees."""

import asyncio

import pytest

from tests.journeys.conftest import PATIENCE
from tests.journeys.screen import ended, say
from tests.journeys.test_pages import serious
from tests.journeys.test_sign_in import sign_in

pytestmark = pytest.mark.browser


async def test_sharing_by_keyboard_reading_live_and_taking_it_back(visit, browser, portal, walker):
    async with visit("/") as page:
        await say(page, "list the pods")
        await ended(page)
        await page.locator(".sharing", has_text="Private").focus()
        await page.keyboard.press("Enter")
        sheet = page.locator("share-sheet")
        await sheet.get_by_role("heading", name="Who sees this").wait_for()
        assert await page.evaluate("document.activeElement.name") == "who"
        await page.keyboard.press("Tab")
        await page.keyboard.type("nobody at all")
        await page.keyboard.press("Enter")
        await sheet.get_by_role("alert").filter(has_text="nobody of that name").wait_for()
        await sheet.get_by_label("Name").fill("")
        await page.keyboard.type(walker[0])
        await page.keyboard.press("Enter")
        await sheet.locator("li", has_text=walker[0]).filter(has_text="reads").wait_for()
        assert await page.locator(".sharing .word").text_content() == "Shared"
        assert await page.evaluate("document.activeElement.name") == "who"
        await page.keyboard.press("Escape")
        await sheet.wait_for(state="hidden")
        await _the_other_reads(page, browser, portal, walker)


async def _the_other_reads(page, browser, portal, walker):
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE)
    other = await context.new_page()
    await other.goto(page.url)
    await sign_in(other, walker)
    await other.get_by_text("shared with you for reading").wait_for()
    assert await other.locator("textarea#words").is_hidden()
    await say(page, "list them again")
    await ended(other, 2)  # live
    await other.locator(".sharing").click()
    await other.get_by_text("Only admin can change this").wait_for()
    await page.locator(".sharing").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name=f"Take it back from {walker[0]}").press("Enter")
    await other.get_by_text("no longer shared with you").wait_for()
    await page.locator(".sharing .word", has_text="Private").wait_for()
    assert await page.locator("share-sheet li").count() == 1
    await context.close()


async def test_everyone_has_no_name_and_the_list_shows_what_is_shared(visit):
    async with visit("/", width=390, height=844, bypass_csp=True, reduced_motion="reduce") as page:  # for axe
        await say(page, "list the pods")
        await ended(page)
        await page.locator(".sharing").click()
        sheet = page.locator("share-sheet")
        await sheet.get_by_label("Share with").select_option("everyone")
        assert await sheet.get_by_label("Name").is_hidden()
        await sheet.get_by_label("They may").select_option("take_part")
        await sheet.get_by_role("button", name="Share", exact=True).click()
        await sheet.locator("li", has_text="Everyone").filter(has_text="takes part").wait_for()
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await serious(page) == []
        item = page.locator("conversation-list .item[data-active]")
        for _ in range(50):
            if await item.locator(".unseen", has_text="shared").count():
                break
            await asyncio.sleep(0.1)
        assert await item.locator(".unseen", has_text="shared").count() == 1
