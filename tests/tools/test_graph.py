"""What is found to lead to what, whatever is missing in the objects."""

from typing import Any

import pytest

from tests.tools.test_odd_objects import DEPLOYMENT, POD, damaged
from tools.graph import Edge, Graph

SPEC: dict[str, Any] = {
    "nodeName": "node-1",
    "serviceAccountName": "web",
    "imagePullSecrets": [{"name": "pull"}],
    "volumes": [
        {"name": "a", "configMap": {"name": "settings", "optional": True}},
        {"name": "b", "secret": {"secretName": "keys"}},
        {"name": "c", "persistentVolumeClaim": {"claimName": "data"}},
        {"name": "d", "projected": {"sources": [{"secret": {"name": "more"}}, {"serviceAccountToken": {}}]}},
        {"name": "kube-api-access-x", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}},
    ],
    "containers": [
        {
            "envFrom": [{"configMapRef": {"name": "env"}}],
            "env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "a"}}}, {"name": "B"}],
        }
    ],
}


def thing(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": name}, **more}


def edges(*found: dict[str, Any]) -> set[tuple[str, str, str]]:
    graph = Graph()
    for each in found:
        graph.add(each)
    return {("/".join(edge.start), "/".join(edge.end), edge.how) for edge in graph.edges}


def test_a_pod_leads_to_its_node_and_all_it_reads() -> None:
    assert edges(thing("Pod", "p", spec=SPEC)) == {
        ("pod/p", end, how)
        for end, how in [
            ("node/node-1", ""),
            ("configmap/settings", "optional"),
            ("secret/keys", ""),
            ("persistentvolumeclaim/data", ""),
            ("secret/more", ""),
            ("configmap/env", ""),
            ("secret/pull", "pulls images"),
            ("serviceaccount/web", ""),
        ]
    }


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            thing(
                "Ingress",
                "i",
                spec={
                    "rules": [
                        {"host": "a.b", "http": {"paths": [{"path": "/x", "backend": {"service": {"name": "s"}}}]}},
                        {"http": {"paths": [{"backend": {"serviceName": "old"}}]}},
                    ],
                    "defaultBackend": {"service": {"name": "d"}},
                    "tls": [{"secretName": "cert"}],
                },
            ),
            {
                ("ingress/i", "service/s", "a.b/x"),
                ("ingress/i", "service/old", "*/"),
                ("ingress/i", "service/d", "default"),
                ("ingress/i", "secret/cert", "tls"),
            },
        ),
        (
            thing("HTTPRoute", "r", spec={"rules": [{"backendRefs": [{"name": "s"}]}]}),
            {("httproute/r", "service/s", "")},
        ),
        (
            thing("HorizontalPodAutoscaler", "h", spec={"scaleTargetRef": {"kind": "Deployment", "name": "web"}}),
            {("horizontalpodautoscaler/h", "deployment/web", "scales")},
        ),
        (
            thing("PersistentVolumeClaim", "c", spec={"volumeName": "v"}),
            {("persistentvolumeclaim/c", "persistentvolume/v", "")},
        ),
        (
            thing("CronJob", "c", spec={"jobTemplate": {"spec": {"template": {"spec": {"serviceAccountName": "a"}}}}}),
            {("cronjob/c", "serviceaccount/a", "")},
        ),
        (thing("Deployment", "d", spec={"template": {"spec": SPEC}}, status={"replicas": 2}), set()),
        (thing("ReplicaSet", "old", spec={"replicas": 0}) | {"metadata": {"ownerReferences": [{"name": "d"}]}}, set()),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_each_kind_leads_to_what_it_names(found: dict[str, Any], expected: set[tuple[str, str, str]]) -> None:
    assert edges(found) == expected


def test_services_lead_to_what_their_endpoints_name() -> None:
    pod, service = thing("Pod", "p"), thing("Service", "s", spec={"selector": {"app": "s"}})
    target = {"kind": "Pod", "name": "p"}
    piece = {
        "metadata": {"labels": {"kubernetes.io/service-name": "s"}},
        "endpoints": [{"targetRef": target, "conditions": {"ready": False}}, {"addresses": ["10.0.0.1"]}],
    }
    graph = Graph()
    graph.select([service, thing("Service", "none")], [piece], [pod])
    assert graph.edges == [
        Edge(("service", "s"), ("pod", "p"), "not ready"),
        Edge(("service", "s"), ("address", "10.0.0.1")),
    ]
    assert graph.state(("service", "s")) == "1 of 2 endpoints ready"
    assert graph.state(("service", "none")) == "no endpoints"
    empty = Graph()
    empty.select([service], [], [])
    assert empty.state(("service", "s")) == "no endpoints: no pod has app=s"


def test_what_is_named_and_not_there_is_missing_only_if_all_names_are_known() -> None:
    graph = Graph(states={("secret", "a"): ""}, known={"secret"})
    assert [graph.state(("secret", "a")), graph.state(("secret", "b")), graph.state(("node", "n"))] == [
        "",
        "missing",
        "",
    ]


@pytest.mark.parametrize("odd", [*damaged(POD), *damaged(DEPLOYMENT), *damaged(thing("Pod", "p", spec=SPEC))])
def test_an_object_with_a_hole_still_has_its_other_relations(odd: dict[str, Any]) -> None:
    graph = Graph()
    graph.add(odd)
    graph.select([odd], [odd], [odd])
    assert graph.forward().keys() | graph.states.keys()
