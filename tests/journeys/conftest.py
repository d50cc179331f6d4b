"""A portal in its own process with a scripted model and the demo cluster, and a real Chromium to look at it."""

import json
import shutil
import subprocess
import sys
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from playwright.async_api import async_playwright

from tests.portal import ROOT, Portal

PATIENCE = 45_000  # milliseconds; a loaded machine is slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
POLICY = ("Content Security Policy", "Trusted", "Permissions-Policy")  # what a browser says when one is not kept
ANSWER = (
    "## What I found\n\n**checkout** crashes: `PAYMENT_API_URL` is not set.\n\n"
    "| Pod | Why |\n|---|---|\n| checkout | a variable is missing |\n\n"
    "1. Set it\n2. Watch it start\n\n```yaml\nkind: Deployment\nmetadata:\n  name: checkout\n```\n\n"
    "Say: `list all pods` 👩‍🚀"
)
HOSTILE = (
    "<img src=x onerror=\"document.title='hacked'\"> [x](javascript:alert(1)) <script>document.title='hacked'</script>"
)


def wish(tool: str, **arguments: object) -> dict[str, object]:
    return {"wish": tool, "arguments": arguments}


LIST = wish("k8s_list", kind="pods", namespace="shop")
SCALE = wish("k8s_scale", kind="deployment", name="storefront", namespace="shop", replicas=2)
THOUGHT = {"think": "I look at the pods.", "chunks": 4, "delay": 0.02}
STORIES = [
    {"when": "scale", "rounds": [[{"say": "I will scale it."}, SCALE], [{"say": "This came of it: {answers}"}]]},
    {
        "when": "the long way",
        "rounds": [
            [{"say": "word " * 100, "chunks": 100, "delay": 0.05}, LIST],
            [{"say": "This came of it: {answers}"}],
        ],
    },
    {"when": "slow", "rounds": [[{"say": "word " * 200, "chunks": 200, "delay": 0.05}]]},
    {
        "when": "hostile",
        "rounds": [[{"think": HOSTILE}, {"say": HOSTILE, "chunks": 9}, wish(HOSTILE[:60])], [{"say": "Over."}]],
    },
    {"when": "drain", "rounds": [[{"say": "I will drain it."}, wish("node_drain", node="node-2")], [{"say": "Over."}]]},
    {"when": "break down", "rounds": [[{"fail": "The model does not answer.", "code": "model_down"}]]},
    {"when": "", "rounds": [[THOUGHT, LIST], [{"say": ANSWER, "chunks": 60, "delay": 0.03}]]},
]


@pytest.fixture(scope="session")
def portal(tmp_path_factory):
    home = tmp_path_factory.mktemp("journeys")
    script = home / "script.json"
    script.write_text(json.dumps({"model": "scripted", "stories": STORIES}))
    portal = Portal(home / "portal", K8SMCP_PROVIDER="scripted", K8SMCP_SCRIPT=str(script), K8SMCP_DEMO="1")
    with portal:
        yield portal.sign_in()


@pytest.fixture(scope="session")
def walker(portal):
    """Somebody who signs in by password: their name and password."""
    password = "a long way to walk"
    command = [sys.executable, "manage.py", "create_user", "walker", "--role", "operator", "--password-env", "WALKER"]
    subprocess.run(command, cwd=ROOT, env=portal.environment | {"WALKER": password}, check=True, capture_output=True)
    return "walker", password


@pytest_asyncio.fixture
async def browser():
    if CHROMIUM is None:
        pytest.skip("no chromium on the path")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def visit(browser, portal):
    """`async with visit("/", width=390) as page`: signed in; at the end the page has thrown nothing."""

    @asynccontextmanager
    async def open_page(path="/", *, width=1280, height=900, **options):
        context = await browser.new_context(viewport={"width": width, "height": height}, **options)
        context.set_default_timeout(PATIENCE)
        pairs = [pair.split("=", 1) for pair in portal.cookies.split("; ")]
        await context.add_cookies([{"name": name, "value": value, "url": portal.address} for name, value in pairs])
        faults = []
        context.on("weberror", lambda error: faults.append(str(error.error)))
        context.on("console", lambda said: any(word in said.text for word in POLICY) and faults.append(said.text))
        page = await context.new_page()
        await page.goto(portal.address + path)
        if options.get("java_script_enabled", True):
            await page.locator("theme-toggle button").wait_for(state="attached")
        yield page
        await context.close()
        assert faults == []

    return open_page
