"""What the reading tools say about the demo cluster's story."""

import re

import pytest

from tests.tools.catalogue.conftest import Ask


async def test_pods_of_all_namespaces_are_listed_with_their_reasons(ask: Ask) -> None:
    outcome = await ask("k8s_list", kind="pods")
    header, columns, *rows = outcome.text.splitlines()
    assert header == f"{len(rows)} pods in all namespaces."
    assert columns.split() == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE"]
    assert any("checkout" in row and "CrashLoopBackOff" in row for row in rows)
    assert outcome.data["columns"][:2] == ["NAMESPACE", "NAME"]
    assert outcome.data["total"] == outcome.data["shown"] == len(rows) == len(outcome.data["rows"])


async def test_a_short_page_says_how_many_there_are_and_how_to_go_on(ask: Ask) -> None:
    everything = await ask("k8s_list", kind="pods", limit=500)
    first = await ask("k8s_list", kind="pods", limit=5)
    assert f"5 of {everything.data['total']} pods" in first.text
    rows, cursor = first.data["rows"], first.data["cursor"]
    while cursor:
        page = await ask("k8s_list", kind="pods", limit=20, cursor=cursor)
        rows, cursor = rows + page.data["rows"], page.data["cursor"]
    assert [row[1] for row in rows] == [row[1] for row in everything.data["rows"]]


async def test_conditions_order_and_columns_choose_what_is_shown(ask: Ask) -> None:
    unwell = await ask("k8s_list", kind="pods", where="STATUS=CrashLoopBackOff, RESTARTS>2", sort="-restarts")
    place = unwell.data["columns"].index("RESTARTS")
    counts = [int(row[place].split()[0]) for row in unwell.data["rows"]]
    assert counts == sorted(counts, reverse=True)
    assert min(counts) > 2
    images = await ask("k8s_list", kind="deploy", namespace="shop", columns=["spec.template.spec.containers[*].image"])
    assert images.data["columns"] == ["NAME", "spec.template.spec.containers[*].image"]
    assert any("checkout" in row[1] for row in images.data["rows"])
    running = await ask("k8s_list", kind="pods", where="status.phase=Running", namespace="shop")
    assert {row[1] for row in running.data["rows"]} == {"Running"}


async def test_a_condition_may_speak_of_a_column_that_is_not_shown_otherwise(ask: Ask) -> None:
    plain = await ask("k8s_list", kind="deploy", namespace="shop", sort="-name")
    assert plain.data["columns"] == ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"]
    images = await ask("k8s_list", kind="deploy", namespace="shop", where="IMAGES~checkout")
    assert [row[0] for row in images.data["rows"]] == ["checkout"]
    assert images.data["columns"][-1] == "IMAGES"
    nodes = await ask("k8s_list", kind="pods", where="NODE=node-1", wide=True)
    assert {"IP", "NODE"} < set(nodes.data["columns"])
    assert "READINESS GATES" not in nodes.data["columns"]


async def test_a_condition_on_a_column_beside_paths_is_refused_and_never_told_as_nothing(ask: Ask) -> None:
    mixed = await ask("k8s_list", kind="pods", where="STATUS=CrashLoopBackOff", columns=["spec.nodeName"])
    assert (mixed.status, 'None of the pods has a field "STATUS"' in mixed.text) == ("failed", True)
    fields = await ask("k8s_list", kind="events", where="type=Warning", columns=["reason"], namespace="shop")
    assert fields.data["total"] > 0
    nowhere = await ask("k8s_list", kind="pods", where="STATUS=x", columns=["spec.nodeName"], label_selector="a=b")
    assert nowhere.text.startswith("No pods")


async def test_a_summary_counts_instead_of_listing(ask: Ask) -> None:
    outcome = await ask("k8s_list", kind="pods", summary=True)
    counts = outcome.data["counts"]
    assert sum(counts["STATUS"].values()) == sum(counts["NAMESPACE"].values()) == outcome.data["total"]
    assert "rows" not in outcome.data


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"kind": "pod", "namespace": "shp"}, 'There is no namespace "shp". Did you mean shop?'),
        ({"kind": "podz"}, "Did you mean pod"),
        ({"kind": "pods", "where": "COLOUR=red"}, 'There is no column "COLOUR"'),
        ({"kind": "pods", "namespace": "../x"}, "is not a name a namespace can have"),
        ({"kind": "secrets", "columns": ["data"]}, "Read one with k8s_get"),
        ({"kind": "pods", "label_selector": "a in ("}, "refuses this"),
    ],
)
async def test_a_list_that_cannot_be_made_says_why(ask: Ask, arguments: dict[str, str], words: str) -> None:
    outcome = await ask("k8s_list", **arguments)
    assert outcome.status == "failed"
    assert words in outcome.text


async def test_no_value_of_any_secret_is_shown_in_any_way(ask: Ask) -> None:
    listed = await ask("k8s_list", kind="secrets", wide=True)
    assert listed.status == "completed"
    assert listed.data["rows"]
    namespace, name = listed.data["rows"][0][:2]
    for view in ("slim", "full"):
        read = await ask("k8s_get", kind="secret", name=name, namespace=namespace, view=view)
        assert read.status == "completed"
        values = read.data["objects"][0].get("data", {}).values()
        assert values
        assert all(re.fullmatch(r"<\d+ bytes(, fingerprint [0-9a-f]{6})?>", value) for value in values)
    described = await ask("k8s_describe", kind="secret", name=name, namespace=namespace)
    assert " bytes" in described.text
    by_path = await ask("k8s_get", kind="secret", name=name, namespace=namespace, path="data")
    assert " bytes" in by_path.text


async def test_an_object_is_found_without_its_namespace(ask: Ask) -> None:
    outcome = await ask("k8s_get", kind="deployment", name="checkout")
    assert outcome.text.startswith("Deployment checkout in shop (slim):")
    missing = await ask("k8s_get", kind="deployment", name="chekout")
    assert missing.text == 'There is no deployment "chekout" in any namespace. Did you mean checkout?'
    elsewhere = await ask("k8s_get", kind="deployment", name="chekout", namespace="shop")
    assert elsewhere.text == 'There is no deployment "chekout" in shop. Did you mean checkout?'


async def test_several_objects_or_one_part_are_read_at_once(ask: Ask) -> None:
    several = await ask("k8s_get", kind="deploy", name=["checkout", "cart"], namespace="shop")
    assert [found["metadata"]["name"] for found in several.data["objects"]] == ["checkout", "cart"]
    assert several.text.count("\n---\n") == 1
    part = await ask("k8s_get", kind="deploy", name="checkout", path="spec.template.spec.containers[*].image")
    assert part.data["values"][0][0] in part.text


async def test_a_description_says_why_a_container_does_not_run(ask: Ask) -> None:
    pods = await ask("k8s_list", kind="pods", label_selector="app=checkout", namespace="shop")
    outcome = await ask("k8s_describe", kind="pod", name=pods.data["rows"][0][0])
    assert outcome.data["status"] == "CrashLoopBackOff"
    (container,) = outcome.data["containers"]
    assert (container["state"], container["reason"], container["last"]["exit_code"]) == (
        "waiting",
        "CrashLoopBackOff",
        1,
    )
    assert [owner["kind"] for owner in outcome.data["owners"]] == ["ReplicaSet", "Deployment"]
    assert outcome.data["events"]
    for words in ("CrashLoopBackOff", "exit code 1", "ReplicaSet/", "→ Deployment/checkout", "BackOff"):
        assert words in outcome.text


async def test_a_description_of_a_workload_or_service_goes_down_to_its_pods(ask: Ask) -> None:
    workload = await ask("k8s_describe", kind="deploy", name="checkout")
    assert workload.text.startswith("Deployment checkout in shop: 0 of 2 ready.")
    assert {pod["status"] for pod in workload.data["pods"]} == {"CrashLoopBackOff"}
    assert workload.data["replicas"] == {"wanted": 2, "ready": 0, "updated": 2, "available": 0}
    service = await ask("k8s_describe", kind="service", name="checkout")
    assert service.data["endpoints"]["ready"] == []
    node = await ask("k8s_describe", kind="node", name="node-1")
    assert node.text.startswith("Node node-1: Ready")
    assert node.data["pods"]


@pytest.mark.parametrize(
    ("kind", "name", "namespace", "says"),
    [
        ("deploy", "checkout", "shop", ("checkout: CrashLoopBackOff; last run Error, exit code 1, ",)),
        ("replicaset", "checkout", "shop", ("checkout: CrashLoopBackOff; last run Error, exit code 1, ",)),
        ("deploy", "search", "shop", ("search: CrashLoopBackOff; last run OOMKilled, exit code 137, ",)),
        ("deploy", "recommendations", "shop", ("recommendations: ImagePullBackOff: ", "2.4.1-relase")),
        ("job", "settlement", "payments", ("settlement: Error, exit code 2",)),
        ("service", "checkout", "shop", ("checkout: CrashLoopBackOff; last run Error, exit code 1, ",)),
    ],
)
async def test_a_description_of_what_has_pods_says_why_their_containers_wait_and_died(
    ask: Ask, kind: str, name: str, namespace: str, says: tuple[str, ...]
) -> None:
    if kind == "replicaset":
        listed = await ask("k8s_list", kind="replicasets", namespace=namespace, where="DESIRED>0")
        name = next(row[0] for row in listed.data["rows"] if row[0].startswith("checkout-"))
    told = (await ask("k8s_describe", kind=kind, name=name, namespace=namespace)).text
    for words in says:
        assert words in told
    assert told.count("CONTAINERS") == 1


async def test_a_description_of_what_is_well_has_no_word_on_containers(ask: Ask) -> None:
    outcome = await ask("k8s_describe", kind="deploy", name="storefront", namespace="shop")
    assert "CONTAINERS" not in outcome.text
    assert {len(pod["troubled"]) for pod in outcome.data["pods"]} == {0}


async def test_events_come_newest_first_and_once(ask: Ask) -> None:
    outcome = await ask("k8s_events", types="warning", limit=200)
    times = [event["last"] for event in outcome.data["events"]]
    assert times == sorted(times, reverse=True)
    said = [
        (event["object"], event["reason"], event["message"], event["namespace"]) for event in outcome.data["events"]
    ]
    assert len(said) == len(set(said))
    assert {event["type"] for event in outcome.data["events"]} == {"Warning"}
    nothing = await ask("k8s_events", object="deployment/cart", since="1s")
    assert nothing.text == "No events about deployment/cart in all namespaces in the last 1s."
    wrong = await ask("k8s_events", since="soon")
    assert '"soon" is not a span of time' in wrong.text


async def test_logs_are_read_of_a_pod_a_workload_or_a_selector(ask: Ask) -> None:
    previous = await ask("k8s_logs", target="deployment/checkout", previous=True)
    assert "PAYMENT" in previous.text
    assert {source["container"] for source in previous.data["pods"]} == {"checkout"}
    by_name = await ask("k8s_logs", target="checkout", previous=True, match="fatal")
    assert by_name.data["lines"]
    assert all("FATAL" in line for line in by_name.data["lines"])
    by_label = await ask("k8s_logs", label_selector="app=cart", namespace="shop", tail=3)
    assert by_label.status == "completed"
    one = next(source["pod"] for source in by_label.data["pods"])
    pod = await ask("k8s_logs", target=one, tail=3)
    assert len(pod.data["lines"]) <= 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": "nothing-here"}, 'There is no pod "nothing-here"'),
        ({}, "Say whose"),
        ({"target": "configmap/kube-root-ca.crt", "namespace": "shop"}, "does not select pods"),
        ({"target": "cart", "container": "sidecar"}, 'There is no container "sidecar"'),
        ({"label_selector": "app=nobody"}, "nothing matches"),
    ],
)
async def test_logs_that_cannot_be_read_say_why(ask: Ask, arguments: dict[str, str], words: str) -> None:
    outcome = await ask("k8s_logs", **arguments)
    assert outcome.status == "failed"
    assert words in outcome.text


async def test_usage_is_told_against_what_was_asked_for(ask: Ask) -> None:
    pods = await ask("k8s_top", namespace="shop", limit=3, sort="memory")
    sizes = [item["memory_bytes"] for item in pods.data["items"]]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) == 3
    assert any(item["memory_limit"] for item in pods.data["items"])
    nodes = await ask("k8s_top", scope="nodes")
    assert nodes.data["total"] == 3
    assert all(0 < item["cpu_cores"] < item["cpu_request"] for item in nodes.data["items"])


async def test_a_rollout_says_how_far_it_is_and_why_it_is_stuck(ask: Ask) -> None:
    good = await ask("k8s_rollout_status", name="cart")
    assert (good.data["done"], good.data["stuck"]) == (True, False)
    bad = await ask("k8s_rollout_status", name="checkout")
    assert (bad.data["done"], bad.data["stuck"]) == (False, True)
    assert bad.data["waiting"][0]["status"] == "CrashLoopBackOff"
    history = await ask("k8s_rollout_history", name="checkout")
    revisions = history.data["revisions"]
    assert [revision["revision"] for revision in revisions] == [2, 1]
    assert [revision["current"] for revision in revisions] == [True, False]
    assert revisions[0]["images"] != revisions[1]["images"]


async def test_a_cluster_is_told_at_a_glance(ask: Ask) -> None:
    outcome = await ask("cluster_status")
    assert outcome.data["nodes"] == {"total": 3, "ready": 3, "not_ready": [], "cordoned": []}
    assert outcome.data["pods"]["total"] == sum(outcome.data["pods"]["by_status"].values())
    assert any(pod["name"].startswith("checkout") for pod in outcome.data["pods"]["unwell"])
    assert outcome.data["warnings"]
    listed = await ask("clusters_list")
    assert listed.text.startswith("1 cluster, 1 reachable.")
    assert listed.data["clusters"][0]["demo"] is True


async def test_kinds_are_found_by_a_part_of_their_name(ask: Ask) -> None:
    outcome = await ask("k8s_discover", query="autoscal")
    assert [kind["kind"] for kind in outcome.data["kinds"]] == ["HorizontalPodAutoscaler"]
    everything = await ask("k8s_discover")
    assert len(everything.data["kinds"]) > 20
    nothing = await ask("k8s_discover", query="deploymant")
    assert "Did you mean deployments" in nothing.text
