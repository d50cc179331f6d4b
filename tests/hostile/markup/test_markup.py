"""Every payload through every renderer in Chromium: no script runs, nothing is fetched elsewhere, no CSP report."""

import asyncio
import json
import re
import time

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.hostile import figures
from tests.hostile.ground import Ground
from tests.hostile.markup.payloads import ELEMENTS, PAYLOADS, batches
from tests.journeys.conftest import CHROMIUM, FLAGS
from tests.journeys.screen import ended, say
from tests.portal import Portal, until
from tests.portal import say as say_over
from tools.demo import kubeconfig

pytestmark = pytest.mark.browser

TEXTS = batches(260)
WATCH = """
window.hits = [];
window.canary = window.alert = (...said) => { window.hits.push(String(said)); };
document.addEventListener("securitypolicyviolation", report =>
    window.hits.push("CSP " + report.violatedDirective + " " + report.blockedURI));
"""
NAMED = {f"p{number}": text for number, text in enumerate(ELEMENTS)}
NEW = {f"q{number}": text for number, text in enumerate(ELEMENTS)}  # so that there is a difference to ask about


def stories() -> list[dict]:
    wish = {
        "wish": "k8s_patch",
        "arguments": {"kind": "configmap", "name": "hostile", "namespace": "shop", "patch": {"data": NEW}},
    }
    read = {
        "wish": "k8s_get",
        "arguments": {"kind": "configmap", "name": "hostile", "namespace": "shop", "view": "full"},
    }
    listed = {
        "wish": "k8s_list",
        "arguments": {"kind": "configmaps", "namespace": "shop", "columns": ["metadata.name", "data"]},
    }
    said = [
        {"when": f"say {n}$", "rounds": [[{"think": text, "chunks": 40}, {"say": text, "chunks": 400}]]}
        for n, text in enumerate(TEXTS)
    ]
    wishes = [{"wish": ELEMENTS[0]}, {"wish": ELEMENTS[5], "arguments": NAMED}, read, listed]
    return [
        *said,
        {"when": "tools$", "rounds": [wishes, [{"say": "{answers}", "chunks": 50}]]},
        {"when": "ask$", "rounds": [[{"say": "\n".join(ELEMENTS[:40])}, wish], [{"say": "{answers}"}]]},
        {"when": "fail$", "rounds": [[{"fail": "\n".join(ELEMENTS), "code": ELEMENTS[0][:40]}]]},
        {"when": "", "rounds": [[{"say": "{words}", "chunks": 300}]]},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def portal(tmp_path_factory):
    if CHROMIUM is None:
        pytest.skip("no chromium on the path")
    home = tmp_path_factory.mktemp("markup")
    script = home / "script.json"
    script.write_text(json.dumps({"model": ELEMENTS[0], "stories": stories()}))
    with Portal(home / "portal", K8SMCP_PROVIDER="scripted", K8SMCP_SCRIPT=str(script), K8SMCP_DEMO="1") as portal:
        yield portal.sign_in()


@pytest_asyncio.fixture
async def planted(portal):
    """A config map in the demo cluster whose data, labels and annotations are hostile."""
    access = kubeconfig.read(portal.home / kubeconfig.FILE_NAME)
    async with Ground(access.server, access.authority, access.token, portal.home / "none") as ground:
        body = {
            "metadata": {"name": "hostile", "annotations": {f"a/{name}": text for name, text in NAMED.items()}},
            "data": NAMED,
        }
        code, said = await ground.ask("POST", "/api/v1/namespaces/shop/configmaps", body)
        assert code in (201, 409), said


class Watched:
    """A page, and everything it asked for elsewhere or reported."""

    def __init__(self, page, address: str) -> None:
        self.page, self.address, self.elsewhere, self.reports, self.seen = page, address, [], [], 0
        page.context.on("request", self._asked)
        page.context.on(
            "console", lambda said: "Content Security Policy" in said.text and self.reports.append(said.text)
        )
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))

    def _asked(self, request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:", "ws://127.0.0.1", "about:")):
            self.elsewhere.append(request.url)

    async def look(self, path: str = "") -> None:
        """Goes there, waits until it stands still, and reads what ran."""
        if path:
            await self.page.goto(self.address + path)
        await self.page.wait_for_load_state("networkidle")
        self.seen += 1
        self.reports += await self.page.evaluate("window.hits")


@pytest_asyncio.fixture
async def watched(portal, planted):
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = await browser.new_context()
        context.set_default_timeout(90_000)
        await context.add_init_script(WATCH)
        pairs = [pair.split("=", 1) for pair in portal.cookies.split("; ")]
        await context.add_cookies([{"name": name, "value": value, "url": portal.address} for name, value in pairs])
        yield Watched(await context.new_page(), portal.address)
        await browser.close()


def test_there_are_enough_payloads():
    assert len(set(PAYLOADS)) >= 400


async def test_the_watch_notices_what_runs_and_what_is_fetched(watched):
    """Where nobody guards, the same markup runs: or the next test would prove nothing."""
    await watched.page.goto("about:blank")
    await watched.page.set_content("\n".join(ELEMENTS[:2] + ELEMENTS[30:31]), wait_until="commit")
    await watched.page.wait_for_function("window.hits.length > 0")
    assert any("evil.example" in address for address in watched.elsewhere)


async def test_nothing_runs_and_nothing_is_fetched(watched, portal):
    began, page = time.monotonic(), watched.page
    await page.goto(portal.address)
    for number, words in enumerate(
        ("tools", "fail", *(f"say {n}" for n in range(len(TEXTS))), "\n".join(ELEMENTS), "ask")
    ):
        await say(page, words)
        if words != "ask":
            await ended(page, number + 1)
            await watched.look()
    await page.locator('approval-card[data-state="pending"]').wait_for()
    await watched.look()
    conversation = re.search(r"/c/([0-9a-f-]{36})", page.url)[1]
    await renamed(portal, conversation)
    await watched.look()
    assert (
        await page.locator(
            "#feed script, #feed iframe, #feed object, #feed style, #feed form:not([action^='/']):not([action=''])"
        ).count()
        == 0
    )
    approval = re.search(r"/approvals/[0-9a-f-]{36}", await page.content())
    for path in (
        f"/c/{conversation}",
        "/conversations",
        "/approvals",
        *([approval[0]] if approval else []),
        "/tools",
        "/clusters",
    ):
        await watched.look(path)
    await reject(watched, conversation)
    for path in await of_the_audit(watched):
        await watched.look(path)
    assert watched.elsewhere == []
    assert watched.reports == []
    done = "0 scripts run, 0 requests elsewhere, 0 CSP reports"
    line = f"hostile markup: {len(PAYLOADS)} payloads on {watched.seen} views, {done}"
    figures.note("markup", line, payloads=len(PAYLOADS), views=watched.seen, seconds=round(time.monotonic() - began))


async def renamed(portal: Portal, conversation: str) -> None:
    """The title is every element once; the list beside the page and the page's own title follow."""
    async with portal.connect() as wire:
        for title in ELEMENTS:
            command = await say_over(wire, type="rename", conversation_id=conversation, title=title[:200])
            await until(wire, "ack", id=command)


async def reject(watched: Watched, conversation: str) -> None:
    """With a hostile reason."""
    await watched.look(f"/c/{conversation}")
    card = watched.page.locator('approval-card[data-state="pending"]')
    await card.locator("input").first.fill(ELEMENTS[0])
    await card.get_by_role("button", name="Reject").click()
    await watched.page.locator('approval-card[data-state="rejected"]').wait_for()
    await watched.look()


async def of_the_audit(watched: Watched) -> list[str]:
    """The lists of the Django admin, and the first object of each."""
    lists = [f"/admin/chat/{name}/" for name in ("conversation", "message", "run", "event", "toolcall", "approval")]
    found = list(lists)
    for path in lists:
        await watched.look(path)
        links = await watched.page.eval_on_selector_all(
            "#result_list th a", "links => links.map(a => a.getAttribute('href'))"
        )
        found += links[:2]
    return found
