"""`/api/v1/clusters`: which there are, whether each answers, who one is there; administrators register and change."""

from typing import Any, Literal

from channels.db import database_sync_to_async
from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from chat.acting import acting
from chat.actions import clusters as actions
from chat.models.access_token import Scope
from chat.rest.door import caller, signed_in, signed_in_async
from tools import clusters, identity, own_rights
from tools.models import Cluster

router = Router(tags=["clusters"])
Mode = Literal["impersonate", "token", "shared"]


class ClusterOut(Schema):
    """Never a credential: `identity` is only the name under which the portal signs in. `identity_mode`: as whom people
    act there; `shared_writes`: whether the one identity for everybody, if that is the mode, may change anything."""

    name: str
    server: str
    identity: str
    identity_mode: Mode
    shared_writes: bool
    default_names: bool
    is_demo: bool
    problem: str

    @staticmethod
    def resolve_shared_writes(cluster: Cluster) -> bool:
        return cluster.identity_mode == Cluster.IdentityMode.SHARED and identity.shares_writes(cluster)


class ClusterList(Schema):
    items: list[ClusterOut]


class ClusterIn(Schema, extra="forbid"):
    """`kubeconfig`: its text, with the credential in it; `context`: which one of several."""

    kubeconfig: str = Field(max_length=256 << 10)
    name: str = Field("", max_length=100)
    context: str = Field("", max_length=500)
    identity_mode: Mode = "shared"
    shared_writes: bool = False


class ClusterChange(Schema, extra="forbid"):
    name: str | None = Field(None, max_length=100)
    identity_mode: Mode | None = None
    shared_writes: bool | None = None
    default_names: bool | None = None


class HealthOut(Schema):
    name: str
    reachable: bool
    version: str
    latency_ms: int
    problem: str


class LineOut(Schema):
    id: int
    kind: Literal["person", "group"]
    subject: str
    kube_name: str


class LineIn(Schema, extra="forbid"):
    kind: Literal["person", "group"]
    subject: str = Field(max_length=150)
    kube_name: str = Field(max_length=200)


class MapOut(Schema):
    items: list[LineOut]


class TokenIn(Schema, extra="forbid"):
    token: str = Field(max_length=8 << 10)


class RightOut(Schema):
    words: str
    everywhere: bool
    here: bool


class MineOut(Schema):
    """`here`: in `namespace`."""

    user: str
    groups: list[str]
    namespace: str
    lines: list[RightOut]


@router.get("", auth=signed_in, response=ClusterList)
def listing(request: HttpRequest) -> Any:
    caller(request)
    return {"items": list(Cluster.objects.all())}


@router.post("", auth=signed_in, response={201: ClusterOut})
def register(request: HttpRequest, wanted: ClusterIn) -> Any:
    user = caller(request, Scope.ADMIN)
    given = wanted.dict(exclude={"kubeconfig", "identity_mode"})
    return Status(201, actions.register(user, wanted.kubeconfig, mode=wanted.identity_mode, **given))


@router.patch("/{name}", auth=signed_in, response=ClusterOut)
def change(request: HttpRequest, name: str, wanted: ClusterChange) -> Any:
    user = caller(request, Scope.ADMIN)
    given = wanted.dict(exclude={"identity_mode"})
    return actions.change(user, name, mode=wanted.identity_mode, **given)


@router.delete("/{name}", auth=signed_in, response={204: None})
def forget(request: HttpRequest, name: str) -> Any:
    actions.forget(caller(request, Scope.ADMIN), name)
    return HttpResponse(status=204)


@router.post("/{name}/test", auth=signed_in_async, response=HealthOut)
async def test(request: HttpRequest, name: str) -> Any:
    caller(request)
    await database_sync_to_async(actions.find)(name)
    return await clusters.check(name)


@router.get("/{name}/access", auth=signed_in_async, response=MineOut)
async def mine(request: HttpRequest, name: str, namespace: str = "") -> Any:
    """Who the caller is in the cluster, and what they may do there."""
    user = caller(request)
    await database_sync_to_async(actions.find)(name)
    return await own_rights.mine(name, await database_sync_to_async(acting)(user), namespace)


@router.put("/{name}/access/token", auth=signed_in, response={204: None})
def store_token(request: HttpRequest, name: str, wanted: TokenIn) -> Any:
    actions.store_token(caller(request, Scope.WRITE), name, wanted.token)
    return HttpResponse(status=204)


@router.delete("/{name}/access/token", auth=signed_in, response={204: None})
def forget_token(request: HttpRequest, name: str) -> Any:
    actions.forget_token(caller(request, Scope.WRITE), name)
    return HttpResponse(status=204)


@router.get("/{name}/map", auth=signed_in, response=MapOut)
def show_map(request: HttpRequest, name: str) -> Any:
    caller(request)
    return {"items": list(actions.find(name).identity_map.all())}


@router.post("/{name}/map", auth=signed_in, response={204: None})
def add_to_map(request: HttpRequest, name: str, line: LineIn) -> Any:
    actions.add_to_map(caller(request, Scope.ADMIN), name, line.kind, line.subject, line.kube_name)
    return HttpResponse(status=204)


@router.delete("/{name}/map/{line}", auth=signed_in, response={204: None})
def take_from_map(request: HttpRequest, name: str, line: int) -> Any:
    actions.take_from_map(caller(request, Scope.ADMIN), name, line)
    return HttpResponse(status=204)
