"""A debug container from its patch to its output, on a server that plays a node: neither the demo cluster nor the real
API server of these tests runs debug containers."""

import copy
from typing import Any

import pytest
from aiohttp import web

from tests.tools.api import Handler, announced, serving
from tools import registry, toolbox
from tools.catalogue.debugging import debug
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import Conflict, Unsupported
from tools.kube.guard import Permit
from tools.kube.plan import Passes, Recorder
from tools.kube.rehearsing import RehearsalTransport
from tools.undoing import inverse

IMAGE = "busybox:1.36"
PATH = "/api/v1/namespaces/shop/pods/web-1"
VERBS = ["get", "list", "patch"]
PODS = {"name": "pods", "namespaced": True, "kind": "Pod", "verbs": VERBS}
DEBUG = {"name": "pods/ephemeralcontainers", "namespaced": True, "kind": "Pod", "verbs": ["get", "patch"]}
META = {"name": "web-1", "namespace": "shop", "uid": "u1"}
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": META, "spec": {"containers": [{"name": "app"}]}}
WISH = {"pod": "web-1", "namespace": "shop", "image": IMAGE, "command": ["nslookup", "db"], "timeout_seconds": 1}


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    settings.K8SMCP_DEBUG_IMAGES = [IMAGE]


def node(state: dict[str, Any] | None, *, subresources: tuple[dict[str, Any], ...] = (DEBUG,)) -> Handler:
    """A server whose node reports this state of whatever container is added."""
    pod = copy.deepcopy(POD)
    index: dict[str, Any] = {
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "groups": []},
        "/api/v1": {"kind": "APIResourceList", "resources": [PODS, *subresources]},
    }

    async def handler(request: web.Request) -> web.StreamResponse:
        if request.path == f"{PATH}/log":
            return web.Response(text="Name: db\nAddress: 10.0.0.7\n")
        if request.path in index:
            return web.json_response(index[request.path])
        if request.method != "PATCH":
            return web.json_response(pod)
        added = (await request.json())["spec"]["ephemeralContainers"]
        after = copy.deepcopy(pod)
        after["spec"]["ephemeralContainers"] = added
        if "dryRun" not in request.query and state is not None:
            after["status"] = {"ephemeralContainerStatuses": [{"name": added[0]["name"], "state": state}]}
        if "dryRun" not in request.query:
            pod.update(after)
        return web.json_response(after)

    return handler


def wish(**more: Any) -> Any:
    return toolbox.parse(registry.find("pod_debug"), WISH | more)


async def test_it_is_tried_out_added_once_and_its_output_told() -> None:
    async with serving(node({"terminated": {"exitCode": 0}})) as api:
        recorder = Recorder()
        rehearsal = Permit("call-1", "test", Effect.EXECUTE, rehearsal=True)
        await debug(KubeClient(RehearsalTransport("test", api.access(), recorder), rehearsal), wish())
        assert {path for method, path in api.seen if method == "PATCH" and "dryRun=All" not in path} == set()
        (step,) = recorder.steps
        assert (step.effect, step.untried, step.bound()["uid"]) == (Effect.EXECUTE, "", "u1")
        assert step.after is not None
        assert step.after["spec"]["ephemeralContainers"][0]["image"] == IMAGE
        assert inverse(step, "test")[0] is None
        allowed = Permit("call-1", "test", Effect.EXECUTE, announce=announced, plan=Passes(recorder.steps))
        found = await debug(KubeClient(api.transport(), allowed), wish())
        assert [path for method, path in api.seen if method == "PATCH" and "dryRun" not in path] == [
            step.wire[1] + f"?fieldManager={step.wire[2][0][1]}&timeout=10s"
        ]
    assert found.header == f"nslookup in web-1 ({found.data['container']}) ended with exit code 0, 2 lines of output."
    assert found.body == "Name: db\nAddress: 10.0.0.7"


async def test_it_gets_no_rights_and_sees_only_the_processes_it_was_asked_for() -> None:
    async with serving(node({"terminated": {"exitCode": 3}})) as api:
        found = await debug(api.client(), wish(target="app"))
        added = next(body for body in api.bodies if body)["spec"]["ephemeralContainers"][0]
    assert found.data["exit_code"] == 3
    assert added["targetContainerName"] == "app"
    assert added["securityContext"]["allowPrivilegeEscalation"] is False
    assert added["securityContext"]["capabilities"] == {"drop": ["ALL"]}


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (None, "the node has not taken it up"),
        ({"waiting": {"reason": "ErrImagePull"}}, "has not started: ErrImagePull"),
        ({"waiting": {}}, "has not started"),
    ],
)
async def test_one_that_does_not_start_is_told(state: Any, says: str) -> None:
    async with serving(node(state)) as api:
        with pytest.raises(Conflict, match=says):
            await debug(api.client(), wish())


async def test_one_that_goes_on_is_told_with_what_it_has_said() -> None:
    async with serving(node({"running": {}})) as api:
        found = await debug(api.client(), wish())
    assert "still runs after 1 s" in found.header
    assert found.data["exit_code"] is None


async def test_a_cluster_too_old_for_it_says_so() -> None:
    async with serving(node(None, subresources=())) as api:
        with pytest.raises(Unsupported, match="knows no debug containers"):
            await debug(api.client(), wish())
        assert api.sent("PATCH") == 0
