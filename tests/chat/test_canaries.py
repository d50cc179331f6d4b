"""A secret that leaks in a cluster in every way it can gets no further: to no model, and into nothing kept or told."""

import asyncio
import base64
import io
import json
import logging
import random
import string
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio
from channels.testing import HttpCommunicator
from django.conf import settings as configured
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Browser
from redis.asyncio import Redis

from chat import launch
from chat.actions import people
from chat.models import Conversation, Event, Message, ToolCall
from k8smcp import asgi
from tests.chat.rest.test_rest import Api
from tests.chat.sockets import Client
from tests.conftest import in_database
from tests.fakemodel import FakeModel
from tests.leaks import never_in
from tests.tools.api import ANYTHING, SOMEBODY, announced
from tools import clusters, known_values, redaction
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.guard import Permit
from tools.kube.resources import Target
from tools.kube.transport import Transport
from tools.models import KnownValue
from tools.redaction import known

IMAGE = "registry.example.com/shop/storefront:3.4.1"


def _random(length: int) -> str:
    return "".join(random.SystemRandom().choices(string.ascii_letters + string.digits, k=length - 2)) + "7q"


@dataclass
class Planted:
    """canary: the value; namespace: where it leaks, in all these ways."""

    canary: str = field(default_factory=lambda: _random(28))
    namespace: str = field(default_factory=lambda: f"n-{uuid.uuid4().hex[:8]}")

    @property
    def lines(self) -> list[str]:
        secret, more = self.canary, f"user=app;token {self.canary} and more of it"
        return [
            f"connecting with {secret}",
            f"header {base64.b64encode(more.encode()).decode()}",
            f"url-safe {base64.urlsafe_b64encode(more.encode()).decode()}",
            f"hex {secret.encode().hex()}",
            "percent " + "".join(f"%{ord(c):02x}" for c in secret),
            json.dumps({"said": json.dumps({"value": secret})}),
            f"first half {secret[:14]}",
            f"second half {secret[14:]} ends",
        ]

    def objects(self) -> list[dict[str, Any]]:
        leak = {"annotations": {"note": f"set to {self.canary}", "demo/logs": "\n".join(self.lines)}}
        env = [{"name": "PLAIN", "value": self.canary}, {"name": "ADDRESS", "value": f"http://x/?q={self.canary}"}]
        container = {"name": "app", "image": IMAGE, "env": env}
        return [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db"}, "stringData": {"password": self.canary}},
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "copy"},
             "data": {"app.conf": "\n".join(self.lines)}},
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app", **leak},
             "spec": {"containers": [container]}},
            {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "leak"}, "type": "Warning", "reason": "Failed",
             "message": f"login with {self.canary} failed",
             "involvedObject": {"apiVersion": "v1", "kind": "Pod", "name": "app", "namespace": self.namespace}},
        ]  # fmt: skip


@pytest.fixture
def own_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_index", known.Index(b"c" * 32))


@pytest_asyncio.fixture
async def planted(demo: str, own_index: None) -> Planted:
    """The objects are in the demo cluster; the portal has not seen them yet."""
    made = Planted()
    transport = Transport(demo, await in_database(clusters.access, demo, SOMEBODY))
    client = KubeClient(transport, Permit("planting", demo, Effect.DESTROY, announce=announced, plan=ANYTHING))
    for each in made.objects():
        resource = await client.resolve(f"{each['apiVersion']}/{each['kind']}")
        namespace = made.namespace if resource.namespaced else None
        await client.create(resource, namespace, each)
    await _running(client, Target(await client.resolve("v1/pods"), made.namespace, "app"))
    return made


async def _running(client: KubeClient, pod: Target) -> None:
    """Until its log can be read."""
    async with asyncio.timeout(30):
        while (await client.get(pod))["status"].get("phase") != "Running":  # noqa: ASYNC110 - a cluster rings no bell
            await asyncio.sleep(0.1)


@pytest.fixture
def logged() -> io.StringIO:
    """What the portal's log says, as it is written."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    line = configured.LOGGING["formatters"]["line"]
    handler.setFormatter(redaction.MaskedFormatter(line["format"], style=line["style"]))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest_asyncio.fixture
async def redis_traffic() -> AsyncIterator[list[str]]:
    """Every command that reaches Redis; nothing where the portal runs without it."""
    heard: list[str] = []
    if not configured.REDIS_URL:
        yield heard
        return
    server = Redis.from_url(configured.REDIS_URL)
    async with server.monitor() as monitor:

        async def listen() -> None:
            async for command in monitor.listen():
                heard.append(str(command["command"]))

        listening = asyncio.create_task(listen())
        yield heard
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    await server.aclose()


@pytest_asyncio.fixture
async def model(settings: Any) -> AsyncIterator[Callable[..., Any]]:
    opened: list[FakeModel] = []

    async def play(*replies: dict[str, Any]) -> FakeModel:
        opened.append(await FakeModel({"requests": list(replies)}).__aenter__())
        settings.K8SMCP_PROVIDER, settings.ANTHROPIC_BASE_URL = "anthropic", opened[-1].url
        settings.ANTHROPIC_API_KEY, settings.K8SMCP_MODEL = "sk-secret", "claude-test"
        return opened[-1]

    yield play
    for each in opened:
        await each.__aexit__(None, None, None)


def looks(planted: Planted) -> list[dict[str, Any]]:
    """Calls that meet it everywhere."""
    here = {"namespace": planted.namespace}
    return [
        {"tool": "k8s_get", "input": {"kind": "secret", "name": "db", "view": "full", **here}},
        {"tool": "k8s_get", "input": {"kind": "configmap", "name": "copy", "view": "full", **here}},
        {"tool": "k8s_get", "input": {"kind": "pod", "name": "app", "view": "full", **here}},
        {"tool": "k8s_describe", "input": {"kind": "pod", "name": "app", **here}},
        {"tool": "k8s_diagnose", "input": {"kind": "pod", "name": "app", **here}},
        {"tool": "k8s_logs", "input": {"target": "app", **here}},
        {"tool": "k8s_events", "input": here},
        {"tool": "k8s_list", "input": {"kind": "secrets", **here}},
    ]


async def over_mcp(token: str, look: dict[str, Any]) -> str:
    """The whole answer to one call at `/mcp`."""
    asked = {"name": look["tool"], "arguments": look["input"]}
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": asked}).encode()
    headers = {"accept": "application/json, text/event-stream", "content-type": "application/json", "host": "localhost"}
    headers["authorization"] = f"Bearer {token}"
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    answer = await HttpCommunicator(asgi.http, "POST", "/mcp", body, pairs).get_response(timeout=60)
    assert answer["status"] == 200
    return str(answer["body"].decode())


def rounds(planted: Planted) -> list[dict[str, Any]]:
    """A model that looks everywhere, and then says what it must not know, in pieces."""
    said = {"text": f"I know it: the value is {planted.canary}, is it not?", "chunks": 9}
    wish = {"tool": "k8s_logs", "input": {"target": planted.canary, "namespace": planted.namespace}}
    return [
        *({"blocks": [look]} for look in looks(planted)),
        {"blocks": [{"think": f"It is {planted.canary}."}, said, wish]},
        {"blocks": [{"text": "Done."}]},
        {"blocks": [{"text": "I cannot."}]},
    ]


def told_by_us(body: dict[str, Any]) -> dict[str, Any]:
    """Of a request, all but what the model itself has said in this very run: that goes back to it word for word."""
    return body | {"messages": [message for message in body["messages"] if message["role"] == "user"]}


def dump() -> str:
    """Every row of every table."""
    with connection.cursor() as cursor:
        told = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            told += [repr([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in cursor.fetchall()]
    return "\n".join(told)


def pages(user: User, auditor: User, conversation_id: str) -> str:
    """What the portal, its REST API and the audit show."""
    told = []
    browser = Browser()
    browser.force_login(user)
    call_ids = ToolCall.objects.values_list("pk", flat=True)
    for path in (
        f"/c/{conversation_id}",
        f"/api/v1/conversations/{conversation_id}/events",
        "/api/v1/conversations",
        *(f"/api/v1/tool-calls/{pk}/result" for pk in call_ids),
    ):
        told.append(browser.get(path).content.decode())
    audit = Browser()
    audit.force_login(auditor)
    for kind in (Event, ToolCall, Message, Conversation):
        name = kind._meta.model_name
        told.append(audit.get(f"/admin/chat/{name}/").content.decode())
        told += [
            audit.get(f"/admin/chat/{name}/{pk}/change/").content.decode()
            for pk in kind.objects.values_list("pk", flat=True)
        ]
    return "\n".join(told)


@pytest.fixture
def auditor(transactional_db: None) -> User:
    return people.create("audrey", role="auditor")


async def test_a_planted_secret_gets_nowhere(
    crew: launch.Crew, planted: Planted, model: Any, alice: User, auditor: User, token_of: Any, logged: io.StringIO,
    redis_traffic: list[str],
) -> None:  # fmt: skip
    fake = await model(*rounds(planted))
    typed = _random(20)
    async with Client(await in_database(token_of, alice)) as client:
        await client.say({"message": f"what is wrong? my password={typed}"})
        complete = (await client.until("complete", 60))["data"]
        await client.say({"message": "say it again", "conversation_id": complete["conversation_id"]})
        await client.until("complete", 60)
    assert complete["outcome"] == "done", complete
    assert [call for call in complete["tool_calls"][:-1] if call["status"] != "completed"] == []
    logging.getLogger("chat").warning("somebody logs %s", planted.canary)
    told = {
        "mcp": "\n".join([await over_mcp(await in_database(token_of, alice), look) for look in looks(planted)]),
        "metrics": (await Api(await in_database(token_of, auditor)).get("/metrics")).content.decode(),
        "model requests": json.dumps([told_by_us(body) for body in fake.bodies]),
        "the next run's request": json.dumps(fake.bodies[-1]),
        "frames": json.dumps(client.frames),
        "log": logged.getvalue(),
        "redis": "\n".join(redis_traffic) or "none here",
        "database": await in_database(dump),
        "pages": await in_database(pages, alice, auditor, complete["conversation_id"]),
    }
    assert redis_traffic or not configured.REDIS_URL
    for place, words in told.items():
        assert words, place
        assert typed not in words, place
        never_in(planted.canary, words)
    assert "fingerprint" in told["model requests"]
    assert "connecting with <redacted>" in told["mcp"]
    assert 'k8smcp_tool_calls_total{effect="SENSITIVE",status="completed",tool="k8s_logs"}' in told["metrics"]
    assert "connecting with <redacted>" in told["model requests"]
    assert "somebody logs <redacted>" in told["log"]
    assert told["pages"].count("Looks like a password") > 1  # on the page and in the audit
    notice = next(frame for frame in client.frames if frame["type"] == "notice")
    assert notice["data"]["code"] == "masked"


async def test_what_one_process_has_seen_another_masks(planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    await in_database(known_values.remember, [("password", planted.canary)])
    assert await in_database(KnownValue.objects.count) == 1
    monkeypatch.setattr(known, "_index", known.Index(b"c" * 32))  # as after a restart, under the same key
    assert planted.canary in redaction.text(f"it is {planted.canary}")
    await in_database(known_values.refresh)
    assert redaction.text(f"it is {planted.canary}") == "it is <redacted>"
    never_in(planted.canary, await in_database(dump))


async def test_the_table_of_known_values_stays_bounded(
    transactional_db: None, own_index: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_values, "MOST", 5)
    for number in range(4):
        await in_database(known_values.remember, [("password", _random(16)) for _ in range(number + 1)])
    assert await in_database(KnownValue.objects.count) == 5


async def test_the_portals_own_credentials_are_masked(transactional_db: None, own_index: None, settings: Any) -> None:
    settings.ANTHROPIC_API_KEY, settings.REDIS_URL = "k-" + _random(30), f"redis://:{_random(14)}@localhost:6379/1"
    settings.K8SMCP_METRICS_TOKEN = _random(30)
    assert settings.K8SMCP_METRICS_TOKEN in known_values.own()
    redaction.learn(known_values.own())
    for secret in known_values.own():
        never_in(secret, redaction.text(f"said {secret} and {base64.b64encode(secret.encode()).decode()}"))


async def test_a_cluster_that_quotes_a_secret_in_its_refusal_is_quoted_without(planted: Planted, demo: str) -> None:
    redaction.learn([planted.canary])
    transport = Transport(demo, await in_database(clusters.access, demo, SOMEBODY))
    client = KubeClient(transport, Permit("call-1", demo, Effect.CHANGE, announce=announced, plan=ANYTHING))
    target = Target(await client.resolve("v1/pods"), planted.namespace, "app")
    with pytest.raises(Exception, match="refuses") as refused:
        await client.patch(
            target,
            {"spec": {"containers": [{"name": "app", "image": IMAGE, "imagePullPolicy": planted.canary}]}},
            form="strategic",
        )
    assert planted.canary not in str(refused.value)
    assert "<redacted>" in str(refused.value)
