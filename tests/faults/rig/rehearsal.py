"""A rehearsal: a fleet, clients who tell it tales while something goes wrong, and the checker's verdict at the end."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from tests.faults.checker import History, judge
from tests.faults.rig import stories
from tests.faults.rig.client import Client, Frame
from tests.faults.rig.fleet import Fleet, chance
from tests.faults.rig.nemesis import Nemesis
from tests.faults.rig.servers import Redis

SEED = int(os.environ.get("K8SMCP_FAULT_SEED", "1"))
PATIENCE = 60.0  # seconds for everything that was accepted to end, once the faults are over


class Rehearsal:
    """`name` tells the clients of one rehearsal from those of the next on the same fleet."""

    def __init__(self, fleet: Fleet, *, name: str = "", seed: int = SEED) -> None:
        self.fleet, self.name, self.seed = fleet, name, seed
        self.chance = chance(seed, "rehearsal")
        self.tellers: list[Client] = []

    @contextlib.asynccontextmanager
    async def crowd(self, count: int) -> AsyncIterator[None]:
        """That many clients, each with a conversation of its own."""
        async with contextlib.AsyncExitStack() as stack:
            for number in range(count):
                client = Client(
                    f"{self.name}{number}", self.fleet.doors, self.fleet.cookies, self.fleet.folder, seed=self.seed
                )
                self.tellers.append(await stack.enter_async_context(client))
            yield

    async def tell(self, client: Client, number: int) -> str:
        """One tale to its end; the outcome."""
        return await client.until_ended(await client.send(f"Please, tale {number}"))

    async def calm(self) -> None:
        """The faults are over: everything is healed, and every client finds that it works."""
        self.fleet.nemesis.heal()
        self.fleet.tell("calm")
        self.fleet.sample()
        for client in self.tellers:
            ok = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    ok = await client.until_ended(await client.send("Are you there?")) == "done"
            self.fleet.tell("probe", ok=ok, client=client.name)


@contextlib.contextmanager
def sqlite(folder: Path, tales: list[stories.Story]) -> Iterator[Fleet]:
    """One process on SQLite and memory."""
    script = stories.write(folder / "script.json", tales)
    with Nemesis() as nemesis, Fleet(folder, nemesis, script=script) as fleet:
        yield fleet


@contextlib.contextmanager
def services(
    folder: Path, tales: list[stories.Story], database: str, *, webs: int = 2, workers: int = 2
) -> Iterator[tuple[Fleet, Redis]]:
    """Web processes and workers on PostgreSQL and a Redis of their own."""
    script = stories.write(folder / "script.json", tales)
    with Redis() as redis, Nemesis() as nemesis:
        whole = Fleet(folder, nemesis, script=script, database=database, redis=redis.port, webs=webs, workers=workers)
        with whole as fleet:
            yield fleet, redis


def first(client: Client, wanted: Callable[[Frame], bool]) -> "asyncio.Future[Frame]":
    """Done with the first frame of that kind that the client hears."""
    found: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()

    def listen(frame: Frame) -> None:
        if not found.done() and wanted(frame):
            found.set_result(frame)

    client.heard.append(listen)
    return found


def verdict(fleet: Fleet, seed: int = SEED) -> None:
    """Fails with every broken invariant, the seed, and where the journals are."""
    fleet.dump()
    bad = [str(each) for each in judge(History.of(fleet.folder)) if not each.holds]
    assert not bad, "\n".join([f"seed {seed}, journals in {fleet.folder}", *bad])
