"""`/api/v1/clusters`: which there are, and whether each answers."""

from typing import Any

from channels.db import database_sync_to_async
from django.http import HttpRequest
from ninja import Router, Schema

from chat.rest.door import caller, signed_in, signed_in_async
from tools import clusters
from tools.models import Cluster

router = Router(tags=["clusters"])


class ClusterOut(Schema):
    """Never a credential: `identity` is only the name under which the portal acts."""

    name: str
    server: str
    identity: str
    is_demo: bool
    problem: str


class ClusterList(Schema):
    items: list[ClusterOut]


class HealthOut(Schema):
    name: str
    reachable: bool
    version: str
    latency_ms: int
    problem: str


@router.get("", auth=signed_in, response=ClusterList)
def listing(request: HttpRequest) -> Any:
    caller(request)
    return {"items": list(Cluster.objects.all())}


@router.post("/{name}/test", auth=signed_in_async, response=HealthOut)
async def test(request: HttpRequest, name: str) -> Any:
    caller(request)
    await database_sync_to_async(clusters.find)(name)
    return await clusters.check(name)
