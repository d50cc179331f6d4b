"""The incident report in a real browser: from its conversation, on every width, without a fault that axe knows."""

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.journeys.screen import ended, say

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
async def test_a_conversation_leads_to_its_report(visit, width, theme):
    async with visit("/", width=width, color_scheme=theme) as page:
        await say(page, "report me")
        await ended(page)
        await page.get_by_role("link", name="Incident report").click()
        await page.get_by_role("heading", name="report me").wait_for()
        whats = await page.eval_on_selector_all(".report-entry", "entries => entries.map(each => each.dataset.what)")
        assert whats == ["Message", "Run", "Tool call", "Result", "Run ended"]
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        found = await Axe().run(page)
        serious = [each for each in found.response["violations"] if each["impact"] in ("serious", "critical")]
        assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in serious] == []
        await page.emulate_media(media="print")
        assert await page.locator(".side").is_hidden()
        assert await page.locator(".bar").is_hidden()
