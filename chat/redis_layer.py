"""The Redis layer, for a Redis that is away: a socket opens all the same, deaf until Redis is back.

The stock layer subscribes every new channel to its own name at once and fails with it. We send to groups only, which
reach a channel through its process, so that subscription is not needed to hear the doorbell.
"""

import asyncio
import logging
import uuid

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import RedisError

log = logging.getLogger(__name__)


class PatientRedisLayer(RedisPubSubChannelLayer):  # type: ignore[misc]
    """As its base, but for `new_channel`, which never fails."""

    async def new_channel(self, prefix: str = "specific.") -> str:
        layer = self._get_layer()
        channel = f"{layer.prefix}{prefix}{uuid.uuid4().hex}"
        layer.channels[channel] = asyncio.Queue()
        try:
            await layer._get_shard(channel).subscribe(channel)
        except (OSError, RedisError) as fault:
            log.warning("Redis does not answer (%s): a connection begins without its doorbell.", type(fault).__name__)
        return channel
