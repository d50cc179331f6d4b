"""A cluster that cannot be asked leaves a change unknown, and says why."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from channels.db import database_sync_to_async

from tests.portal import free_port
from tests.tools.api import Api, Handler, answering, cut, in_turn, serving, status
from tools import clusters, lookup, registry, toolbox
from tools.effects import Effect
from tools.kube.guard import Permit
from tools.kube.sending import Seen, Sending
from tools.lookup import Told, look_up

PATH = "/api/v1/namespaces/shop/configmaps/settings"
DELETE = registry.find("k8s_delete")
ASKED = toolbox.parse(DELETE, {"kind": "configmap", "name": "settings", "namespace": "shop"})
SENT = [Sending("delete", PATH, "configmap settings in shop", "", Seen(uid="u1", version="7"))]
THERE = answering({"kind": "PartialObjectMetadata", "metadata": {"uid": "u1", "resourceVersion": "7"}})
GONE = status(404, "NotFound", 'configmaps "settings" not found')


@pytest.fixture
def ask(transactional_db: None, tmp_path: Path) -> Callable[[str], Awaitable[Told]]:
    """`await ask(server)`: what became of a deletion there, written down long ago."""

    async def asked(server: str) -> Told:
        file = tmp_path / "kubeconfig.yaml"
        context: Any = {"name": "asked", "context": {"cluster": "asked", "user": "me"}}
        file.write_text(
            yaml.safe_dump(
                {
                    "clusters": [{"name": "asked", "cluster": {"server": server}}],
                    "users": [{"name": "me", "user": {"token": "t"}}],
                    "contexts": [context],
                }
            )
        )
        await database_sync_to_async(clusters.register)(file)
        return await look_up(DELETE, ASKED, Permit("call-1", "asked", Effect.READ), SENT, 60)

    return asked


async def test_a_look_is_a_read_and_nothing_else(ask: Callable[[str], Awaitable[Told]]) -> None:
    async with serving(GONE) as api:
        assert (await ask(api.server)).status == "completed"
        assert [method for method, _ in api.seen] == ["GET"]
        assert "PartialObjectMetadata" in api.headers[0]["Accept"]


async def test_a_cluster_that_is_away(ask: Callable[[str], Awaitable[Told]]) -> None:
    told = await ask(f"http://127.0.0.1:{free_port()}")
    assert (told.status, "cannot be reached" in told.text) == ("unknown", True), told.text
    assert "Look at configmap settings in shop before you repeat it." in told.text


async def _hang(request: Any) -> Any:
    await asyncio.sleep(30)


@pytest.mark.parametrize(
    "handler",
    [
        answering("<html>404</html>", 404),
        answering("<html>Sign in</html>"),
        answering({"kind": "Status", "status": "Success"}),
        answering({"kind": "PartialObjectMetadata", "metadata": {}}),
        status(403, "Forbidden", 'configmaps "settings" is forbidden: User "me" cannot get resource'),
        status(401, "Unauthorized", "Unauthorized"),
        status(500, "InternalError", "etcd is away"),
        cut,
    ],
    ids=["another server's 404", "a sign-in page", "no object", "no uid", "forbidden", "signed out", "broken", "cut"],
)
async def test_an_answer_that_proves_nothing(ask: Callable[[str], Awaitable[Told]], handler: Handler) -> None:
    async with serving(handler) as api:
        told = await ask(api.server)
        assert (told.status, "not known" in told.text) == ("unknown", True), told.text
        assert api.sent("GET") == len(api.seen)


async def test_a_cluster_that_does_not_answer_is_not_waited_for_long(
    ask: Callable[[str], Awaitable[Told]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "SHORTEST_LOOK", 0.5)
    monkeypatch.setattr(lookup, "LONGEST_LOOK", 0.5)
    async with serving(_hang) as api:
        told = await asyncio.wait_for(ask(api.server), 5)
        assert (told.status, "in time" in told.text) == ("unknown", True)


async def test_a_cluster_that_comes_back_is_asked_again(ask: Callable[[str], Awaitable[Told]]) -> None:
    async with serving(in_turn(status(503, "ServiceUnavailable", "starting"), GONE)) as api:
        assert (await ask(api.server)).status == "completed"


async def test_the_permit_of_a_look_allows_no_change(ask: Callable[[str], Awaitable[Told]]) -> None:
    """Even a Secret is looked at without its content."""
    async with serving(THERE) as api:
        assert isinstance(api, Api)
        assert (await ask(api.server)).status == "failed"
