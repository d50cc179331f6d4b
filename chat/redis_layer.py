"""The Redis layer: opens while Redis is away, deaf until it is back, and sends many messages in one round trip.

The stock layer subscribes every new channel to its own name at once and fails with it. We send to groups only, which
reach a channel through its process, so that subscription is not needed to hear the doorbell.
"""

import asyncio
import logging
import uuid
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class PatientRedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """As its base, but for `new_channel`, which never fails, and `group_send_all`."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        layer = self._get_layer()
        channel = f"{layer.prefix}{prefix}{uuid.uuid4().hex}"
        layer.channels[channel] = asyncio.Queue()
        try:
            await layer._get_shard(channel).subscribe(channel)
        except (OSError, RedisError) as fault:
            log.warning("Redis does not answer (%s): a connection begins without its doorbell.", type(fault).__name__)
        return channel

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
