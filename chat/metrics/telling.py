"""All figures at one moment, in the format that was asked for."""

import math
import time
from collections.abc import Iterator

from channels.db import database_sync_to_async
from django.db import connection
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from chat import doorbell
from chat.metrics import here, standing
from chat.metrics.deeds import DEEDS


class _Found(Collector):
    def __init__(self, figures: list[Metric]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        return iter(self._figures)


async def told(accept: str) -> tuple[bytes, str]:
    """(text, content type); `accept`: the request's header of that name. Raises what the database raises."""
    await _measure()
    while await database_sync_to_async(DEEDS.count_on)():
        pass
    encode, content_type = choose_encoder(accept)
    text = await database_sync_to_async(lambda: encode(_Found(_all())))()
    return text, content_type


def _all() -> list[Metric]:
    return [*here.figures(), *DEEDS.figures(), *standing.figures()]


async def _measure() -> None:
    """How long a hop into the database and a bell take right now: looked at only when somebody asks, so free."""
    began = time.monotonic()
    await database_sync_to_async(_ask)()
    here.DATABASE.set(time.monotonic() - began)
    began = time.monotonic()
    heard = await doorbell.answers()
    here.DOORBELL.set(time.monotonic() - began if heard else math.nan)


def _ask() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
