"""Signing in and out in a real browser: nothing that was written is lost."""

import pytest

from tests.journeys.conftest import PATIENCE
from tests.journeys.screen import ended, say

pytestmark = pytest.mark.browser


async def test_a_sign_out_elsewhere_asks_to_sign_in_and_keeps_the_draft(browser, portal, walker):
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = await context.new_page()
    await page.goto(portal.address)
    await sign_in(page, walker)
    await say(page, "list the pods")
    await ended(page)
    conversation = page.url
    await page.fill("textarea", "half a thought")
    other = await context.new_page()
    await other.goto(portal.address)
    await other.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in?next=**")
    await sign_in(page, walker)
    assert page.url == conversation
    assert await page.input_value("textarea") == "half a thought"
    await context.close()


async def test_a_wrong_password_is_told_and_the_name_kept(browser, portal, walker):
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(portal.address + "/sign-in")
    await page.get_by_label("Name").fill(walker[0])
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("alert").wait_for()
    assert await page.get_by_label("Name").input_value() == walker[0]
    await context.close()


async def sign_in(page, who):
    name, password = who
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.locator("theme-toggle button").wait_for(state="attached")
