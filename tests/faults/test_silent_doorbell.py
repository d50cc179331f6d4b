"""Redis is not there: people sign in, ask and watch all the same, a little later; when it is back, so is the bell."""

import asyncio
import json
import shutil
import subprocess
import urllib.error

import pytest

from tests.faults.rig.servers import Redis
from tests.portal import Portal, free_port, say, until


@pytest.fixture
def script(tmp_path):
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"rounds": [[{"say": "Hello there.", "chunks": 4, "delay": 0.05}]]}))
    return {"K8SMCP_PROVIDER": "scripted", "K8SMCP_SCRIPT": str(file)}


async def ask(wire) -> str:
    await say(wire, type="send", text="hello")
    async with asyncio.timeout(25):
        return str((await until(wire, "complete"))["data"]["message"])


async def test_without_redis_every_answer_still_comes(tmp_path, script, demo_kubeconfig):
    address = f"redis://127.0.0.1:{free_port()}/0"
    with Portal(tmp_path / "home", REDIS_URL=address, KUBECONFIG=str(demo_kubeconfig), **script) as portal:
        portal.sign_in()
        async with portal.connect() as wire:
            assert await ask(wire) == "Hello there."
            assert await ask(wire) == "Hello there."
        with pytest.raises(urllib.error.HTTPError) as health:
            portal.page("/readyz")
        health.value.close()
        assert health.value.code == 503
        assert "Traceback" not in portal.log


@pytest.mark.redis
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server on the path")
async def test_when_redis_comes_back_the_bell_rings_again(tmp_path, script, demo_kubeconfig):
    port = free_port()
    address = f"redis://127.0.0.1:{port}/0"
    with Portal(tmp_path / "home", REDIS_URL=address, KUBECONFIG=str(demo_kubeconfig), **script) as portal:
        portal.sign_in()
        async with portal.connect() as wire:
            assert await ask(wire) == "Hello there."
            command = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
            server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)  # noqa: ASYNC220
            try:
                async with asyncio.timeout(30):
                    while not await live(wire):  # noqa: ASYNC110 - Redis starts without telling anybody
                        await asyncio.sleep(1)
            finally:
                server.terminate()
                server.wait(10)


async def live(wire) -> bool:
    """Whether deltas come while they are said, and not only the end."""
    await say(wire, type="send", text="hello")
    heard: list[dict] = []
    await until(wire, "complete", heard)
    return sum(frame["type"] == "text" for frame in heard) > 1


@pytest.mark.redis
@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server on the path")
def test_a_load_balancer_that_asks_for_ever_leaves_nothing_behind(tmp_path, script, demo_kubeconfig):
    with Redis() as redis:
        address = f"redis://127.0.0.1:{redis.port}/0"
        with Portal(tmp_path / "home", REDIS_URL=address, KUBECONFIG=str(demo_kubeconfig), **script) as portal:
            ready(portal)
            before = subscriptions(redis)
            for _ in range(10):
                assert ready(portal) == "ok"
            assert subscriptions(redis) == before
            redis.kill()
            assert ready(portal) == "unavailable"
            redis.start()
            assert any(ready(portal) == "ok" for _ in range(20))


def ready(portal: Portal) -> str:
    try:
        return str(json.loads(portal.page("/readyz"))["status"])
    except urllib.error.HTTPError as refused:
        with refused:
            return str(json.loads(refused.read())["status"])


def subscriptions(redis: Redis) -> int:
    command = ["redis-cli", "-p", str(redis.port), "pubsub", "channels"]
    return len(subprocess.run(command, capture_output=True, check=True).stdout.split())
