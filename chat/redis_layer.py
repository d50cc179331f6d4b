"""The Redis layer: opens while Redis is away, deaf until it is back, and sends many messages in one round trip.

The stock layer subscribes every new channel to its own name at once, fails with it, and takes it for over when somebody
stops waiting for a message. We send to groups only, which reach a channel through its process.
"""

import asyncio
import uuid
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer


class PatientRedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """As its base, but for `group_send_all`, and for channels: one is a queue of this process, made without Redis. It
    lasts until it is dropped, however often somebody stops waiting."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        layer = self._get_layer()
        channel = f"{layer.prefix}{prefix}{uuid.uuid4().hex}"
        layer.channels[channel] = asyncio.Queue()
        return channel

    async def receive(self, channel: str) -> dict[str, Any]:
        message: dict[str, Any] = self.deserialize(await self._get_layer().channels[channel].get())
        return message

    def drop_channel(self, channel: str) -> None:
        """After it has left its groups."""
        self._get_layer().channels.pop(channel, None)

    async def group_send_all(self, told: list[tuple[str, dict[str, Any]]]) -> None:
        """`told`: (group, message). In the order given, for each of the Redis servers. Raises as `group_send` does."""
        layer = self._get_layer()
        for shard in layer._shards:
            mine = [
                (name, self.serialize(message))
                for name, message in ((layer._get_group_channel_name(group), message) for group, message in told)
                if layer._get_shard(name) is shard
            ]
            if mine:
                await _publish(shard, mine)


async def _publish(shard: Any, mine: list[tuple[str, bytes]]) -> None:
    async with shard._lock:
        shard._ensure_redis()
        pipeline = shard._redis.pipeline(transaction=False)
        for name, message in mine:
            pipeline.publish(name, message)
        await pipeline.execute()
