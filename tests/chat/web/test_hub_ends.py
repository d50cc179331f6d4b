"""A hub's tasks end when they are told to, whatever falls into the same moment."""

import asyncio

from chat.web.hub import Hub
from chat.web.tending import look_at_people


async def test_a_bell_in_the_moment_of_the_end_does_not_keep_it(transactional_db):
    """With asyncio.wait_for the task would go on for ever."""
    for _ in range(50):
        hub = Hub()
        task = asyncio.create_task(hub._forever(lambda hub=hub: look_at_people(hub)))
        await asyncio.sleep(0.002)
        hub.doubt.set()
        await asyncio.sleep(0)
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=2)
        assert done
