"""Commands run in a pod of the real API server through the fake node agent, and those it must refuse."""

from tests.apiserver.leaving_cases import SPARE, spare
from tests.apiserver.manifests import container, pod
from tests.apiserver.stage_moves import served_outside
from tests.apiserver.tool_case import Case, Json
from tests.apiserver.tool_stage import Stage

WORKS: dict[str, list[Case]] = {}
FAILS: dict[str, list[Case]] = {}
EXEC = {"pod": "worker", "namespace": "{ns}"}
LAST_WITH_WEBSOCKETS = 29
worker = pod("worker", containers=[container(env=[{"name": "MODE", "value": "fast"}])])


def working(stage: Stage) -> None:
    """A pod that runs."""
    path = stage.one(worker)
    if stage.http.get(path).status == 404:
        stage.create(worker)
    stage.wait(path, lambda found: found["status"].get("phase") == "Running", "the worker runs")


def executed(command: list[str], *says: str, **more: Json) -> Case:
    return Case({**EXEC, "command": command, **more}, says, before=working, up_to=LAST_WITH_WEBSOCKETS)


WORKS["pod_exec"] = [
    executed(["echo", "two", "words"], "exit code 0", "two words"),
    executed(["env"], "MODE=fast", container="app"),
    executed(["sh", "-c", "exit 3"], "exit code 3", "going down"),
]
FAILS["pod_exec"] = [
    Case({"pod": "ghost", "namespace": "{ns}", "command": ["ls"]}, ("ghost",)),
    Case({"pod": "typo", "namespace": "{ns}", "command": ["ls"]}, ("running",)),
    executed(["echo", "x"], "side", "app", container="side"),
    executed(["no-such-program"], "no-such-program"),
    Case({**EXEC, "command": ["ls"]}, ("pods/exec",), "viewer", before=working),
]

WORKS["http_probe"] = [
    Case(
        {"name": "outside", "namespace": "{ns}", "port": "80", "path": "/hello?name=you"},
        ("answered 200", "content-type: text/plain", "GET /hello?name=you"),
        before=served_outside,
    ),
    Case(
        {"name": "outside", "namespace": "{ns}", "port": "80", "method": "HEAD"},
        ("answered 200",),
        before=served_outside,
    ),
]
FAILS["http_probe"] = [
    Case({"name": "wep", "namespace": "{ns}", "port": "80"}, ("wep", "web")),
    Case({"name": "web", "namespace": "{ns}", "port": "9999"}, ("web",)),
    Case({"name": "web", "namespace": "{ns}", "port": "80"}, ("services", "viewer"), user="viewer"),
]

NODE = {"node": "node-1"}


def taken_away(stage: Stage) -> bool:
    """The node without a kubelet."""
    return stage.http.delete(SPARE).status == 200


WORKS["node_logs"] = [
    Case({**NODE, "service": "kubelet", "tail": 4}, ("4 lines of the log of kubelet", "tock")),
    Case({**NODE, "service": "kubelet", "match": "tick"}, ("30 of 60 scanned lines match",), hides=("tock",)),
    Case({**NODE, "file": "kern.log", "tail": 1}, ("1 line of the log of kern.log", "event number 4999", "its last")),
    Case(NODE, ("2 log files and directories on node node-1.", "kern.log", "pods/")),
]
FAILS["node_logs"] = [
    Case({"node": "node-9"}, ("node-9", "node-1")),
    Case({**NODE, "service": "ghost"}, ("has no log of ghost",)),
    Case({**NODE, "file": "ghost.log"}, ('There is no log "ghost.log" on node node-1',)),
    Case({"node": "spare"}, ("does not reach the kubelet of spare",), before=spare, after=taken_away),
    Case(NODE, ("get nodes", "viewer"), user="viewer"),
]
