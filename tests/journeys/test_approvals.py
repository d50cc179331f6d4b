"""An approval's own page in a real browser: its difference, edited arguments, the badge beside every page."""

from tests.journeys.screen import ended, say


async def test_arguments_are_edited_on_the_page_and_asked_about_anew(visit):
    async with visit("/") as page:
        await say(page, "scale storefront to 2")
        await page.locator('approval-card[data-state="pending"]').wait_for()
        await page.get_by_role("link", name="Edit the arguments").click()
        assert "spec.replicas: " in await page.locator(".step-lines").inner_text()
        field = page.locator('textarea[name="arguments"]')
        await field.fill((await field.input_value()).replace('"replicas": 2', '"replicas": 4'))
        await page.get_by_role("button", name="Try them and ask anew").click()
        card = page.locator('approval-card[data-state="pending"]')
        await card.wait_for()
        assert "→ 4" in await card.locator(".step-lines").inner_text()
        assert await page.locator('approval-card[data-state="void"]').count() == 1
        await page.locator("approval-count .count").wait_for(state="visible")
        await card.get_by_role("button", name="Reject").click()
        await ended(page)


async def test_many_deletions_fit_a_phone_and_each_is_named(visit):
    async with visit("/", width=390) as page:
        await say(page, "drain node-2")
        card = page.locator('approval-card[data-state="pending"]')
        await card.wait_for()
        assert await card.get_by_text("evict", exact=True).count() > 1
        assert await card.locator(".step-diff[open]").count() == 0
        await card.get_by_text("What is destroyed").first.click()
        assert "kind: Pod" in await card.locator(".step-diff[open] .diff").inner_text()
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        await card.get_by_role("button", name="Reject").click()
        await ended(page)


async def test_who_may_decide_hears_of_it_on_another_page_and_on_the_computers_screen(visit):
    noting = """() => {
      window.Notification = class extends EventTarget {
        static permission = "granted";
        constructor(title, { body }) { super(); (window.noted ??= []).push(body); }
      };
    }"""
    async with visit("/", bypass_csp=True) as elsewhere, visit("/") as page:  # to look at it again and again
        await elsewhere.evaluate(noting)
        await elsewhere.evaluate("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
        await say(page, "scale storefront to 2")
        await elsewhere.wait_for_function("window.noted?.length === 1", polling=50)
        assert (await elsewhere.title()).startswith("(1) ")
        await page.get_by_role("button", name="Reject").click()
        await ended(page)
        await elsewhere.locator("approval-count .count").wait_for(state="hidden")
