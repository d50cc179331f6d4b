"""Manifests and arguments made to confuse (FZ-5): each is a plain sentence, and nothing is sent."""

import json

import pytest
from channels.db import database_sync_to_async

from tests.tools.api import ANYTHING, SOMEBODY
from tools import clusters, registry, toolbox
from tools.effects import Effect
from tools.kube.client import KubeClient
from tools.kube.errors import KubeError, NotSent
from tools.kube.guard import Permit
from tools.kube.sending import Sending
from tools.kube.transport import Transport


def made(name: object = "x", kind: object = "ConfigMap", api: object = "v1", **meta: object) -> str:
    return json.dumps({"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": "shop", **meta}})


LEVELS = 12
BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, LEVELS))
NAMES = (
    "-x", "--server=https://evil.example", "../x", "x/../../nodes", "%2e%2e%2fx", "x/status", "x?dryRun=All", "X",
    "x y", "x\n",
    "x\u0000", "x\u202e", "\u0445", "", ".", "..", "x" * 300, "system:x", "x#", "x%00", "*",
    5, None, True, ["x"], {"x": 1},
)  # fmt: skip
KINDS = ("Secret/x", "v1,Secret", "pods/exec", "secrets", "Pod\n", "", "*", "../Pod", "Nothing", 5, None, ["Pod"])
MANIFESTS = {
    "an alias bomb": BOMB,
    "an alias bomb in a manifest": f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  {BOMB}",
    "an anchor of itself": "a: &a\n  b: *a\n",
    "a python object": "!!python/object/apply:os.system ['true']",
    "a python name": "kind: !!python/name:os.system",
    "an unknown tag": "!evil {kind: Pod}",
    "ten thousand documents": "---\n".join(["kind: ConfigMap\n"] * 10_000),
    "ten thousand good documents": "\n---\n".join([made()] * 10_000),
    "nothing": "---\n---\n",
    "a word": "hello",
    "a list": "- a\n- b",
    "not YAML": "{[",
    "tabs": "a:\n\tb: c",
    "a null": "\x00",
    "ten thousand deep": "[" * 10_000,
    "ten thousand deep in JSON": '{"a":' * 10_000,
    "no kind": "apiVersion: v1\nmetadata:\n  name: x",
    "no version": "kind: Pod\nmetadata:\n  name: x",
    "no name": "apiVersion: v1\nkind: Pod\nmetadata: {}",
    "a name to be made": '{"apiVersion": "v1", "kind": "Pod", "metadata": {"generateName": "x-"}}',
    "metadata as a list": "apiVersion: v1\nkind: Pod\nmetadata: [x]",
    "metadata as a word": "apiVersion: v1\nkind: Pod\nmetadata: x",
    "an API of no group": made(api="evil.example/v1"),
    "an API of the wrong group": made(api="apps/v1"),
    "an API as a path": made(api="v1/namespaces/kube-system"),
    "an API as a number": made(api=1),
    "another namespace in the path": made(namespace="../kube-system"),
    "a namespace with a query": made(namespace="shop?x=y"),
    "a namespace as a list": made(namespace=["shop"]),
    **{f"the name {name!r:.40}": made(name=name) for name in NAMES},
    **{f"the kind {kind!r}": made(kind=kind) for kind in KINDS},
}
PLACES = {
    "k8s_delete": {"kind": "configmap", "namespace": "shop"},
    "k8s_patch": {"kind": "configmap", "namespace": "shop", "patch": {"data": {"a": "b"}}},
    "k8s_scale": {"namespace": "shop", "replicas": 1},
    "k8s_set": {"namespace": "shop", "env": {"A": "b"}},
    "k8s_rollout_do": {"namespace": "shop", "action": "undo"},
    "k8s_label": {"kind": "configmap", "namespace": "shop", "labels": {"a": "b"}},
    "finalizer_clear": {"kind": "configmap", "namespace": "shop"},
    "job_run": {"namespace": "shop"},
    "pod_evict": {"namespace": "shop"},
    "http_probe": {"namespace": "shop", "port": "80"},
    "node_taint": {"key": "a"},
    "node_drain": {},
    "node_logs": {},
}
CALLED = {"job_run": "cronjob", "pod_evict": "pod"} | dict.fromkeys(("node_taint", "node_drain", "node_logs"), "node")
_LABEL = {"kind": "configmap", "namespace": "shop"}
_SET = {"name": "storefront", "namespace": "shop"}
ARGUMENTS = [
    ("k8s_label", _LABEL | {"name": "x", "labels": None}),
    ("k8s_label", _LABEL | {"name": "x", "labels": ["a"]}),
    ("k8s_label", _LABEL | {"name": ["x"] * 500, "labels": {"a": "b"}}),
    ("k8s_label", _LABEL | {"label_selector": "", "labels": {"a": "b"}}),
    ("k8s_label", _LABEL | {"label_selector": "!no-such-label", "max_count": 1, "labels": {"a": "b"}}),
    ("k8s_label", _LABEL | {"label_selector": "!no-such-label", "max_count": 1000, "labels": {"a": "b"}}),
    ("k8s_label", _LABEL | {"label_selector": "a=b\nc=d&limit=1", "labels": {"a": "b"}}),
    ("k8s_delete", {"kind": "pod", "namespace": "shop", "label_selector": "!no-such-label", "max_count": 1}),
    ("k8s_delete", {"kind": "pod", "label_selector": "!no-such-label"}),
    ("k8s_delete", {"kind": "pod", "namespace": "*", "label_selector": "app=cart"}),
    ("k8s_delete", {"kind": "namespace", "label_selector": "!no-such-label", "max_count": 1}),
    ("k8s_delete", {"kind": "pod", "namespace": "shop", "label_selector": None}),
    ("k8s_delete", {"kind": "pod", "namespace": "shop", "name": "x", "max_count": 0}),
    ("k8s_set", _SET | {"images": None}),
    ("k8s_set", _SET | {"images": {"../x": "nginx"}}),
    ("k8s_set", _SET | {"images": {"storefront": "a b"}}),
    ("k8s_set", _SET | {"env": {"A=B": "c"}}),
    ("k8s_set", _SET | {"env": {"A": {"valueFrom": {}}}}),
    ("k8s_set", _SET | {"env_from": {"A": "secret/../../x/y"}}),
    ("k8s_set", _SET | {"env_from": {"A": None}}),
    ("k8s_set", _SET | {"resources": {"claims": {}}}),
    ("k8s_set", _SET | {"kind": "secret", "env": {"A": "b"}}),
    ("k8s_rollout_do", _SET | {"action": "delete"}),
    ("k8s_rollout_do", _SET | {"action": "undo", "to_revision": 0}),
    ("k8s_scale", _SET | {"replicas": None}),
    ("finalizer_clear", {"kind": "namespace", "name": "shop"}),
    ("node_drain", {"node": "node-1", "timeout_seconds": 10**9}),
    ("node_taint", {"node": "node-1", "key": "a", "effect": "Everything"}),
    ("pod_evict", {"pod": [], "namespace": "shop"}),
    ("pod_evict", {"pod": [None], "namespace": "shop"}),
    ("pod_debug", {"pod": "x", "namespace": "shop", "image": "evil.example/x", "command": ["sh"]}),
    ("pod_debug", {"pod": "x", "namespace": "shop", "image": "evil.example/x", "command": "sh"}),
    *[("http_probe", _SET | {"port": port}) for port in ("", "80/proxy", "80:443", "80?x=y", "HTTP", "%38%30")],
    *[
        ("node_logs", {"node": "node-1", "file": file})
        for file in ("../x", "/etc/shadow", "a/../../b", ".ssh/id", "a%2f")
    ],
    *[("node_logs", {"node": "node-1", "service": name}) for name in ("--file=/etc/shadow", "a b", "a;b", "$(id)", "")],
    *[("fleet_query", {"tool": tool, "clusters": ["demo"]}) for tool in ("k8s_delete", "pod_logs", "fleet_query", "")],
    ("fleet_query", {"tool": "k8s_list", "clusters": []}),
    ("fleet_query", {"tool": "k8s_list", "clusters": ["demo"] * 11}),
    ("k8s_set", _SET | {"env": {"TOKEN": "<12 bytes, fingerprint ab12cd>"}}),
    ("k8s_apply", {"manifest": made(annotations={"password": "<redacted>"})}),
]
CLUSTERS_OWN = ("system:x", "X")  # names of some kinds, which the API server judges


class Counting:
    """A permit for everything, under which nothing leaves; `asked` counts what wanted to."""

    def __init__(self, cluster: str) -> None:
        self.asked = 0
        self.permit = Permit("fuzz", cluster, Effect.DESTROY, announce=self._announce, plan=ANYTHING)

    async def _announce(self, sending: Sending) -> float:
        self.asked += 1
        raise NotSent("Nothing leaves in this test.")


async def refused(cluster: str, name: str, arguments: dict) -> tuple[str, int]:
    """The sentence, empty when there was none, and how many requests wanted to leave."""
    tool, counting = registry.find(name), Counting(cluster)
    access = await database_sync_to_async(clusters.access)(cluster, SOMEBODY)
    try:
        await tool.run(KubeClient(Transport(cluster, access), counting.permit), toolbox.parse(tool, arguments))
    except (KubeError, toolbox.BadArguments) as fault:
        return str(fault), counting.asked
    return "", counting.asked


@pytest.mark.parametrize("what", MANIFESTS)
async def test_a_hostile_manifest_is_a_sentence_and_nothing_is_sent(demo, what):
    sentence, asked = await refused(demo, "k8s_apply", {"manifest": MANIFESTS[what], "namespace": "shop"})
    assert plain(sentence), (what, sentence)
    assert asked == 0 or what in [f"the name {name!r}" for name in CLUSTERS_OWN]


@pytest.mark.parametrize("tool", PLACES)
async def test_a_hostile_name_is_a_sentence_and_nothing_is_sent(demo, tool):
    for name in NAMES:
        sentence, asked = await refused(demo, tool, {**PLACES[tool], CALLED.get(tool, "name"): name})
        assert plain(sentence), (name, sentence)
        assert asked == 0 or name in CLUSTERS_OWN


@pytest.mark.parametrize("tool", PLACES)
async def test_a_hostile_namespace_is_a_sentence_and_nothing_is_sent(demo, tool):
    for name in NAMES:
        wish = {**PLACES[tool], CALLED.get(tool, "name"): "x", "namespace": name}
        sentence, asked = await refused(demo, tool, wish)
        assert plain(sentence), (name, sentence)
        assert asked == 0, name


@pytest.mark.parametrize(("tool", "arguments"), ARGUMENTS)
async def test_hostile_arguments_are_a_sentence_and_nothing_is_sent(demo, tool, arguments):
    sentence, asked = await refused(demo, tool, arguments)
    assert plain(sentence), sentence
    assert asked == 0


def plain(sentence: str) -> bool:
    first = sentence.splitlines()[0] if sentence else ""
    return bool(first) and "Traceback" not in sentence and "Error:" not in first and len(sentence) < 5000
