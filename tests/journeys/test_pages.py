"""The portal in a real browser: every width, both themes, keyboard alone, without scripts, and what axe says."""

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.journeys.screen import ended, say

pytestmark = pytest.mark.browser

POLICY = ["/policy", "/policy/rule", "/policy/rule/changing", "/policy/ask"]
CLUSTERS = ["/clusters", "/clusters/demo/access", "/clusters/registration", "/mcp-servers"]
PATHS = ["/", "/approvals", *CLUSTERS, "/tools", *POLICY, "/model", "/budgets", "/tokens", "/promises", "/nothing/here"]


async def test_the_list_finds_renames_and_deletes(visit):
    async with visit("/") as page:
        await say(page, "zebra pods")
        await ended(page)
        await page.fill("[data-search]", "zebra")
        item = page.locator("conversation-list .item")
        await page.wait_for_timeout(400)
        assert await item.count() == 1
        await item.hover()
        await item.get_by_role("button", name="Rename").click()
        await page.keyboard.type("Striped horses")
        await page.keyboard.press("Enter")
        await page.locator(".bar h1", has_text="Striped horses").wait_for()
        await item.hover()
        await item.get_by_role("button", name="Delete").click()
        assert await page.evaluate("document.activeElement.textContent") == "Cancel"
        await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
        await page.wait_for_url("**/")
        assert await page.locator("conversation-list", has_text="Striped horses").count() == 0


async def test_a_draft_survives_a_reload(visit):
    async with visit("/") as page:
        await page.fill("textarea", "half a thou")
        await page.reload()
        assert await page.input_value("textarea") == "half a thou"


async def test_the_chosen_theme_stays(visit):
    async with visit("/", color_scheme="light") as page:
        light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        toggle = page.locator("theme-toggle button")
        await toggle.click()
        await toggle.click()
        await page.reload()
        assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light


@pytest.mark.parametrize("width", [390, 1024, 1440])
async def test_no_page_is_wider_than_its_window(visit, width):
    async with visit("/", width=width) as page:
        await say(page, "what is wrong?")
        await ended(page)
        for path in [None, *PATHS]:
            if path:
                await page.goto(page.url.split("/", 3)[0] + "//" + page.url.split("/")[2] + path)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path


async def test_the_menu_is_a_drawer_on_a_phone(visit):
    async with visit("/", width=390, height=844, has_touch=True, is_mobile=True) as page:
        side = page.locator("side-drawer")
        assert await side.is_hidden()
        await page.get_by_role("button", name="Open the menu").tap()
        await side.get_by_role("link", name="Clusters").wait_for()
        await page.keyboard.press("Escape")
        await side.wait_for(state="hidden")
        assert await page.evaluate("document.activeElement.getAttribute('aria-controls')") == "side"


async def test_everything_is_reached_by_keyboard(visit):
    async with visit("/tools") as page:
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.textContent") == "Skip to the content"
        await page.keyboard.press("Enter")
        await page.keyboard.press("Tab")
        assert await page.evaluate("document.activeElement.closest('main') !== null")
        seen = set()
        for _ in range(60):
            await page.keyboard.press("Tab")
            seen.add(
                await page.evaluate("document.activeElement.getAttribute('href') ?? document.activeElement.type ?? ''")
            )
        assert "search" in seen


async def test_the_catalogue_is_filtered_as_one_types(visit):
    async with visit("/tools") as page:
        await page.fill(".filter", "uncordon")
        assert await page.locator("#tool-node_uncordon").is_visible()
        assert await page.locator("#tool-k8s_list").is_hidden()
        await page.fill(".filter", "xyzzy")
        await page.get_by_text("No tool fits that").wait_for()


async def test_a_cluster_card_says_whether_it_answers(visit):
    async with visit("/clusters") as page:
        await page.get_by_text("Reachable in").wait_for()


async def test_without_scripts_one_can_ask_read_and_decide(visit):
    async with visit("/", java_script_enabled=False) as page:
        await page.fill("textarea", "scale storefront to 2")
        await page.get_by_role("button", name="Send").click()
        approve = page.get_by_role("button", name="Approve")
        for _ in range(50):
            if await approve.count():
                break
            await page.wait_for_timeout(200)
            await page.reload()
        await approve.click()
        ending = page.locator(".run-end", has_text="Done")
        for _ in range(50):
            if await ending.count():
                break
            await page.wait_for_timeout(200)
            await page.reload()
        assert await page.get_by_text("Approved by admin").is_visible()
        assert await page.get_by_text("This came of it").is_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_axe_finds_no_serious_fault(visit, theme):
    # Without motion: axe would measure the contrast of a button that fades in half-way.
    async with visit("/", color_scheme=theme, bypass_csp=True, reduced_motion="reduce") as page:
        await say(page, "scale storefront to 2")
        await page.locator("approval-card").wait_for()
        found = await serious(page)
        await page.get_by_role("button", name="Reject").click()
        await ended(page)
        await say(page, "what is wrong?")
        await ended(page, 2)
        await page.evaluate("document.querySelectorAll('details').forEach(details => (details.open = true))")
        found += await serious(page)
        home = page.url.split("/c/")[0]
        for path in PATHS:
            await page.goto(home + path)
            found += await serious(page)
        assert found == []


async def serious(page):
    violations = (await Axe().run(page)).response["violations"]
    return [
        (page.url, fault["id"], fault["nodes"][0]["html"][:200])
        for fault in violations
        if fault["impact"] in ("serious", "critical")
    ]
