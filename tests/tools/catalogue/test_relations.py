"""What hangs on what, and which images run, on the demo cluster's story."""

from tests.tools.catalogue.conftest import Ask


async def test_an_ingress_is_followed_down_to_nodes_and_configuration(ask: Ask) -> None:
    outcome = await ask("k8s_relations", kind="ingress", name="shop")
    assert outcome.text.startswith("Ingress shop in shop: used by 0 objects, uses ")
    service = next(branch for branch in outcome.data["uses"] if branch["names"] == ["checkout"])
    assert (service["how"], service["state"]) == ("shop.example.com/checkout", "0 of 2 endpoints ready")
    assert {branch["kind"] for branch in service["below"][0]["below"]} == {"node", "secret"}
    assert "secret/shop-tls (tls)" in outcome.text
    flat = await ask("k8s_relations", kind="ingress", name="shop", depth=1)
    assert "pod/" not in flat.text


async def test_a_claim_a_secret_and_a_node_are_followed_up_to_who_uses_them(ask: Ask) -> None:
    volume = await ask("k8s_relations", kind="pvc", name="data-postgres-0")
    assert "statefulset/postgres (1/1 ready)" in volume.text
    secret = await ask("k8s_relations", kind="secret", name="shop-session")
    assert secret.status == "completed"
    assert "deployment/checkout" in secret.text
    assert secret.data["uses"] == []
    node = await ask("k8s_relations", kind="node", name="node-1")
    assert "daemonset/node-exporter" in node.text


async def test_a_service_that_selects_nothing_says_so(ask: Ask) -> None:
    outcome = await ask("k8s_relations", kind="service", name="cart")
    assert "no endpoints: no pod has" in outcome.text
    missing = await ask("k8s_relations", kind="secret", name="shop-sesion", namespace="shop")
    assert missing.text == "There is no secret shop-sesion in shop. Did you mean shop-session or shop-tls?"


async def test_images_are_counted_once_each(ask: Ask) -> None:
    outcome = await ask("k8s_images", namespace="shop")
    images = {fact["image"]: fact for fact in outcome.data["images"]}
    assert images["registry.example.com/shop/storefront:3.4.1"]["pods"] == 3
    assert len(images["registry.example.com/shop/storefront:3.4.1"]["digests"]) == 1
    chosen = await ask("k8s_images", match="storefront|redis", limit=1)
    assert chosen.text.startswith("1 of 2 images like storefront|redis in 4 pods in all namespaces")
    nowhere = await ask("k8s_images", namespace="shp")
    assert nowhere.text == 'There is no namespace "shp". Did you mean shop?'
