"""The seed document's story on a real API server: asked through the live door, answered by the offline guide."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from channels.db import database_sync_to_async
from django.contrib.auth.models import User

from chat.launch import Crew
from tests.apiserver.manifests import deployment
from tests.apiserver.tool_stage import SECRET, Stage
from tests.chat.sockets import Client
from tools import clusters

pytestmark = [pytest.mark.apiserver, pytest.mark.django_db(transaction=True)]

SEED = {"thinking", "text", "tool_call_start", "tool_call_end", "error", "complete"}


@pytest_asyncio.fixture
async def seed_client(
    stage: Stage, crew: Crew, alice: User, token_of: Callable[..., str], settings: Any
) -> AsyncIterator[Client]:
    """A client that knows only the seed's bare frame; the real cluster is the only one there is."""
    settings.K8SMCP_PROVIDER = "guide"
    await database_sync_to_async(clusters.register)(stage.plane.kubeconfig)
    async with Client(await database_sync_to_async(token_of)(alice)) as client:
        yield client


async def ask(client: Client, words: str, conversation: str | None = None) -> dict[str, Any]:
    """The `complete` of the answer."""
    await client.say({"message": words, "conversation_id": conversation})
    done = await client.until("complete", patience=60)
    data: dict[str, Any] = done["data"]
    return data


async def test_listing_all_pods_streams_and_names_those_of_the_cluster(stage: Stage, seed_client: Client) -> None:
    done = await ask(seed_client, "list all pods")
    kinds = [frame["type"] for frame in seed_client.frames if frame["type"] in SEED]
    assert kinds[0] == "thinking"
    assert kinds.index("tool_call_start") < kinds.index("tool_call_end") < kinds.index("complete")
    assert "text" in kinds
    assert done["outcome"] == "done"
    calls = done["tool_calls"]
    assert {call["status"] for call in calls} == {"completed"}
    assert "typo" in "".join(call["result"] for call in calls)


def checkout(stage: Stage) -> None:
    """A workload whose program names in its log the variable it lacks."""
    wanted = deployment("checkout", 1, annotations={"demo/requires-env": "DATABASE_URL"})
    if stage.http.get(stage.one(wanted)).status == 404:
        stage.create(wanted)
    pods = stage.all("pods", labelSelector="app=checkout")

    def restarted(found: dict[str, Any]) -> bool:
        states = [state for pod in found["items"] for state in pod["status"].get("containerStatuses", [])]
        return any(state["restartCount"] for state in states)

    stage.wait(pods, restarted, "checkout crash-loops")


async def test_a_crash_is_explained_from_the_clusters_own_words(stage: Stage, seed_client: Client) -> None:
    checkout(stage)
    done = await ask(seed_client, "why is checkout failing?")
    assert done["outcome"] == "done"
    assert "DATABASE_URL" in done["message"]


async def test_a_follow_up_is_about_the_same_workload(stage: Stage, seed_client: Client) -> None:
    checkout(stage)
    first = await ask(seed_client, f"describe deployment checkout in namespace {stage.namespace}")
    second = await ask(seed_client, "and its logs?", first["conversation_id"])
    assert second["conversation_id"] == first["conversation_id"]
    assert "DATABASE_URL is not set" in "".join(call["result"] for call in second["tool_calls"])


async def test_no_secret_ever_comes_along(stage: Stage, seed_client: Client) -> None:
    await ask(seed_client, f"show the secret keys in {stage.namespace} as yaml")
    assert SECRET not in str(seed_client.frames)


async def test_a_change_waits_for_a_person_and_happens_once(stage: Stage, seed_client: Client) -> None:
    path = stage.create(deployment("waits", 1))
    await seed_client.say({"message": f"scale deployment waits in {stage.namespace} to 2", "conversation_id": None})
    asked = await seed_client.until("approval_requested", patience=60)
    assert stage.spec(path)["replicas"] == 1
    decision = {"type": "decide", "id": asked["data"]["tool_call_id"], "approval_id": asked["data"]["approval_id"]}
    await seed_client.say({**decision, "decision": "approve"})
    done = await seed_client.until("complete", patience=60)
    assert done["data"]["outcome"] == "done"
    found = stage.http.get(path).json
    assert (found["spec"]["replicas"], found["metadata"]["generation"]) == (2, 2)


async def test_a_rejected_change_leaves_the_cluster_as_it_was(stage: Stage, seed_client: Client) -> None:
    path = stage.create(deployment("stays", 1))
    await seed_client.say({"message": f"delete deployment stays in {stage.namespace}", "conversation_id": None})
    asked = await seed_client.until("approval_requested", patience=60)
    decision = {"type": "decide", "id": asked["data"]["tool_call_id"], "approval_id": asked["data"]["approval_id"]}
    await seed_client.say({**decision, "decision": "reject", "reason": "not today"})
    done = await seed_client.until("complete", patience=60)
    assert [call["status"] for call in done["data"]["tool_calls"]][-1:] == ["denied"]
    assert stage.http.get(path).status == 200
