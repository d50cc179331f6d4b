"""Sentences that change something, and those that only look like it."""

from dataclasses import replace
from typing import Any

import pytest

from chat.agent.providers.guide.intention import CHANGES, Act, Intention
from chat.agent.providers.guide.reading import read

CLUSTERS = ("prod", "demo")


def want(act: Act, **fields: Any) -> Intention:
    return Intention(act, **fields)


UTTERANCES = [
    ("restart it", want(Act.RESTART, pronoun=True)),
    ("yes do it", want(Act.YES)),
    ("scale checkout to 3", want(Act.SCALE, name="checkout", number=3)),
    (
        "scale deployment cart in shop down by 1",
        want(Act.SCALE, kind="deployments", name="cart", namespace="shop", number=-1, by=True),
    ),
    ("scale up checkout", want(Act.SCALE, name="checkout", number=1, by=True)),
    (
        "set PAYMENT_API_URL to https://pay.example.com/v1 on deployment checkout in shop",
        want(
            Act.SET_ENV,
            kind="deployments",
            name="checkout",
            namespace="shop",
            pairs=(("PAYMENT_API_URL", "https://pay.example.com/v1"),),
        ),
    ),
    (
        "use image nginx:1.27 for deployment catalog in shop",
        want(Act.SET_IMAGE, kind="deployments", name="catalog", namespace="shop", pairs=(("image", "nginx:1.27"),)),
    ),
    (
        "set image of catalog to registry.example.com/shop/catalog:2.1",
        want(Act.SET_IMAGE, name="catalog", pairs=(("image", "registry.example.com/shop/catalog:2.1"),)),
    ),
    (
        "raise the memory limit of recommender to 256Mi in shop",
        want(Act.SET_RESOURCES, name="recommender", namespace="shop", pairs=(("limits.memory", "256Mi"),)),
    ),
    (
        "set the memory limit of deployment recommender in shop to 256Mi",
        want(
            Act.SET_RESOURCES,
            kind="deployments",
            name="recommender",
            namespace="shop",
            pairs=(("limits.memory", "256Mi"),),
        ),
    ),
    (
        "set selector app=web on service search in shop",
        want(Act.SET_SELECTOR, kind="services", name="search", namespace="shop", pairs=(("app", "web"),)),
    ),
    ("delete pod web-1 in shop", want(Act.DELETE, kind="pods", name="web-1", namespace="shop")),
    ("delete namespace test", want(Act.DELETE, kind="namespaces", name="test")),
    ("create namespace team-a", want(Act.NAMESPACE, kind="namespaces", name="team-a")),
    ("cordon node worker-2", want(Act.CORDON, kind="nodes", name="worker-2")),
    ("uncordon worker-2", want(Act.UNCORDON, name="worker-2")),
    ("run ls -l in pod x in shop", want(Act.EXEC, kind="pods", name="x", namespace="shop", text="ls -l")),
    ("exec into pod web-1", want(Act.EXEC, kind="pods", name="web-1")),
    ("give me a deployment yaml for nginx", want(Act.DRAFT, kind="deployments", name="nginx")),
    ("create a service for checkout on port 8080", want(Act.DRAFT, kind="services", name="checkout")),
    ("do not delete anything", want(Act.NO, text="negated")),
    ("how do I delete a pod?", want(Act.HOWTO, kind="pods", text="delete")),
    ("can you please restart the checkout deployment", want(Act.RESTART, kind="deployments", name="checkout")),
    ("skaliere checkout auf 3", want(Act.SCALE, name="checkout", number=3)),
    ("stop checkout", want(Act.SCALE, name="checkout", number=0)),
    ("roll back checkout", want(Act.UNDO, name="checkout")),
    ("roll back checkout in shop to revision 3", want(Act.UNDO, name="checkout", namespace="shop", number=3)),
    ("rollout undo deployment checkout --to-revision=2", want(Act.UNDO, kind="deployments", name="checkout", number=2)),
    ("delete the deployment cart in shop", want(Act.DELETE, kind="deployments", name="cart", namespace="shop")),
    ("fix it", want(Act.YES)),
    (
        "restart deployment catalog in namespace shop and show me the status",
        want(Act.RESTART, kind="deployments", name="catalog", namespace="shop"),
    ),
    ("roll back checkout to the previous version", want(Act.UNDO, name="checkout", previous=True)),
    ("undo the last rollout of checkout", want(Act.UNDO, name="checkout", choice=-1)),
    ("restart checkout please", want(Act.RESTART, name="checkout")),
    ("restart the pod web-1", want(Act.RESTART, kind="pods", name="web-1")),
    (
        "could you bounce the catalog deployment in shop?",
        want(Act.RESTART, kind="deployments", name="catalog", namespace="shop"),
    ),
    ("scale checkout in shop to three replicas", want(Act.SCALE, name="checkout", namespace="shop", number=3)),
    ("scale up checkout by 2", want(Act.SCALE, name="checkout", number=2, by=True)),
    ("scale the storefront deployment to 0", want(Act.SCALE, kind="deployments", name="storefront", number=0)),
    ("set replicas of checkout to 5", want(Act.SCALE, name="checkout", number=5)),
    ("increase the replicas of checkout to 4", want(Act.SCALE, name="checkout", number=4)),
    ("give me 5 replicas of storefront", want(Act.SCALE, name="storefront", number=5)),
    ("turn off checkout", want(Act.SCALE, name="checkout", number=0)),
    ("remove pod web-1 from shop", want(Act.DELETE, kind="pods", name="web-1", namespace="shop")),
    ("delete pod shop/web-1", want(Act.DELETE, kind="pods", name="shop/web-1")),
    ("delete svc cart -n shop", want(Act.DELETE, kind="services", name="cart", namespace="shop")),
    ("drain node-1", want(Act.DRAIN, name="node-1")),
    ("empty node node-1", want(Act.DRAIN, kind="nodes", name="node-1")),
    (
        "label deployment cart in shop with team=web",
        want(Act.LABEL, kind="deployments", name="cart", namespace="shop", pairs=(("team", "web"),)),
    ),
    ("add label team=web to cart", want(Act.LABEL, name="cart", pairs=(("team", "web"),))),
    (
        "remove label team from deployment cart in shop",
        want(Act.LABEL, kind="deployments", name="cart", namespace="shop", pairs=(("team", ""),)),
    ),
    ("make node-1 unschedulable", want(Act.CORDON, name="node-1")),
    ("new namespace called team-b", want(Act.NAMESPACE, kind="namespaces", name="team-b")),
    (
        "add env LOG_LEVEL=debug to deployment checkout in shop",
        want(Act.SET_ENV, kind="deployments", name="checkout", namespace="shop", pairs=(("LOG_LEVEL", "debug"),)),
    ),
    ("set env LOG_LEVEL to debug on checkout", want(Act.SET_ENV, name="checkout", pairs=(("LOG_LEVEL", "debug"),))),
    (
        "change the image of checkout to registry.example.com/shop/checkout:1.8.0",
        want(Act.SET_IMAGE, name="checkout", pairs=(("image", "registry.example.com/shop/checkout:1.8.0"),)),
    ),
    ("update checkout to image nginx:1.27", want(Act.SET_IMAGE, name="checkout", pairs=(("image", "nginx:1.27"),))),
    (
        "update catalog to registry.example.com/shop/catalog:2.1.0",
        want(Act.SET_IMAGE, name="catalog", pairs=(("image", "registry.example.com/shop/catalog:2.1.0"),)),
    ),
    ("give checkout 512Mi of memory", want(Act.SET_RESOURCES, name="checkout", pairs=(("limits.memory", "512Mi"),))),
    (
        "increase memory of search to 512Mi in shop",
        want(Act.SET_RESOURCES, name="search", namespace="shop", pairs=(("limits.memory", "512Mi"),)),
    ),
    (
        "set the cpu request of deployment fraud-model in payments to 500m",
        want(
            Act.SET_RESOURCES,
            kind="deployments",
            name="fraud-model",
            namespace="payments",
            pairs=(("requests.cpu", "500m"),),
        ),
    ),
    (
        "point service cart at app=cart in shop",
        want(Act.SET_SELECTOR, kind="services", name="cart", namespace="shop", pairs=(("app", "cart"),)),
    ),
    (
        "change the selector of service cart in shop to app=cart",
        want(Act.SET_SELECTOR, kind="services", name="cart", namespace="shop", pairs=(("app", "cart"),)),
    ),
    ("draft a cronjob called cleanup with image busybox:1.37", want(Act.DRAFT, kind="cronjobs", name="cleanup")),
    ("I need a service manifest for checkout on port 8080", want(Act.DRAFT, kind="services", name="checkout")),
    ("generate an ingress for shop", want(Act.DRAFT, kind="ingresses", name="shop")),
    (
        "create a deployment named web with image nginx:1.27 and 3 replicas",
        want(Act.DRAFT, kind="deployments", name="web"),
    ),
    ("write a configmap", want(Act.DRAFT, kind="configmaps")),
    ("exec ls in pod web-1", want(Act.EXEC, kind="pods", name="web-1", text="ls")),
    (
        'run "ls -l /etc" in pod web-1 in shop',
        want(Act.EXEC, kind="pods", name="web-1", namespace="shop", text="ls -l /etc"),
    ),
    ("open a shell in web-1", want(Act.EXEC, name="web-1")),
    ("never delete anything", want(Act.NO, text="negated")),
    ("don't restart it", want(Act.NO, text="negated")),
    ("how do I scale a deployment?", want(Act.HOWTO, kind="deployments", text="scale")),
    ("can I delete a pod?", want(Act.HOWTO, kind="pods", text="delete")),
    ("yes", want(Act.YES)),
    ("yes please", want(Act.YES)),
    ("do it", want(Act.YES)),
    ("no", want(Act.NO)),
    ("no thanks", want(Act.NO)),
    (
        "kubectl rollout restart deployment/checkout -n shop",
        want(Act.RESTART, kind="deployments", name="checkout", namespace="shop"),
    ),
    ("kubectl scale deployment checkout --replicas=3", want(Act.SCALE, kind="deployments", name="checkout", number=3)),
    ("kubectl delete pod web-1", want(Act.DELETE, kind="pods", name="web-1")),
    ("restrat checkout", want(Act.RESTART, name="checkout")),
    ("starte checkout neu", want(Act.RESTART, name="checkout")),
    ("lösche pod web-1", want(Act.DELETE, kind="pods", name="web-1")),
    ("run job settlement again in payments", want(Act.RERUN, kind="jobs", name="settlement", namespace="payments")),
    ("rerun the settlement job", want(Act.RERUN, kind="jobs", name="settlement")),
    ("trigger the report cronjob now", want(Act.RERUN, kind="cronjobs", name="report")),
    ("add more replicas to storefront", want(Act.SCALE, name="storefront", number=1, by=True)),
    ("change replicas from 2 to 5 on storefront", want(Act.SCALE, name="storefront", number=5)),
]


@pytest.mark.parametrize(("words", "wanted"), UTTERANCES, ids=[words for words, _ in UTTERANCES])
def test_the_sentence_is_read_as_meant(words: str, wanted: Intention):
    intention = read(words, CLUSTERS)
    assert (replace(intention, text="") if wanted.act is Act.DRAFT else intention) == wanted


NEVER_A_CHANGE = [
    "why did checkout restart",
    "what happens if I delete pod web-1",
    "do not restart checkout",
    "please don't delete anything",
    "how do I restart checkout",
    "can I scale checkout to 0",
    "pods that restart often",
    "the pod was deleted yesterday",
    "who deleted the namespace shop",
    "list deleted pods",
    "I do not want to delete pod web-1",
    "should I drain node-1",
    "has someone scaled checkout",
    "never restart checkout",
    "is it safe to delete pod web-1",
    "what does delete mean",
    "show me how to apply a manifest",
    "logs of the pod that was killed",
    "did the restart work",
    "was checkout restarted",
]


@pytest.mark.parametrize("words", NEVER_A_CHANGE)
def test_talking_about_a_change_never_asks_for_it(words: str):
    assert read(words).act not in CHANGES


def test_yaml_in_the_message_is_to_be_applied():
    manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a"
    assert read(f"apply this in shop\n```yaml\n{manifest}\n```") == want(Act.APPLY, namespace="shop", text=manifest)
    assert read(f"apply\n{manifest}\n") == want(Act.APPLY, text=manifest)


def test_a_value_keeps_its_letters_and_blanks():
    asked = read("set GREETING to 'Hello  World, you' on deployment web in shop")
    assert asked.pairs == (("GREETING", "Hello  World, you"),)
    assert read("set API_URL to https://Pay.example.com/V1?x=1&y=2 on checkout").pairs == (
        ("API_URL", "https://Pay.example.com/V1?x=1&y=2"),
    )


def test_an_amount_of_memory_is_written_as_the_cluster_wants_it():
    assert read("raise the memory limit of search to 256 MB").pairs == (("limits.memory", "256Mi"),)
    assert read("give search 2gb memory").pairs == (("limits.memory", "2Gi"),)
    assert read("set the cpu request of search to 0.5").pairs == (("requests.cpu", "0.5"),)
