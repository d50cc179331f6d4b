"""What a message means in the light of the conversation, where a wrong guess would change the wrong thing."""

import pytest

from chat.agent.providers.guide.intention import Act, Intention, Thing
from chat.agent.providers.guide.memory import Memory, understood
from chat.agent.providers.guide.steps import Reply

CLUSTERS = ("demo", "prod")
WEB = Thing("deployments", "web", "shop")
PODS = (Thing("pods", "cart-1", "shop"), Thing("pods", "cart-2", "shop"))


def after(reply: Reply, cluster: str = "") -> Memory:
    return Memory().after(Intention(Act.WHY, "deployments", "web", namespace="shop", cluster=cluster), reply)


def test_it_is_the_thing_last_spoken_of():
    memory = after(Reply("…", focus=WEB))
    for words, act in (
        ("restart it", Act.RESTART),
        ("and its logs?", Act.LOGS),
        ("why?", Act.WHY),
        ("describe that", Act.DESCRIBE),
    ):
        meant = understood(words, memory, CLUSTERS)
        assert (meant.act, meant.kind, meant.name, meant.namespace) == (act, "deployments", "web", "shop")


def test_what_refers_back_stays_on_the_cluster_that_was_spoken_of():
    memory = after(Reply("…", focus=WEB, shown=PODS, offers=("set A_B to 1 on deployment web in shop",)), "prod")
    for words in ("restart it", "describe the second one", "yes", "1", "and in payments?"):
        assert understood(words, memory, CLUSTERS).cluster == "prod", words
    assert understood("list pods", memory, CLUSTERS).cluster == ""
    assert understood("restart it on demo", memory, CLUSTERS).cluster == "demo"


def test_yes_to_several_candidates_chooses_none():
    asked = Reply("?", choices=PODS, asked=Intention(Act.DELETE, "pods", "cart"))
    assert understood("yes", after(asked), CLUSTERS).act is Act.YES
    only = Reply("?", choices=PODS[:1], asked=Intention(Act.DELETE, "pods", "crt"))
    assert understood("yes", after(only), CLUSTERS).name == "cart-1"


@pytest.mark.parametrize("words", ["cart-2", "pod cart-2", "cart-2 in shop", "shop/cart-2", "the second one", "2"])
def test_a_candidate_is_chosen_by_number_or_by_its_bare_name(words: str):
    asked = Reply("?", choices=PODS, asked=Intention(Act.DELETE, "pods", "cart"))
    meant = understood(words, after(asked), CLUSTERS)
    assert (meant.act, meant.name) == (Act.DELETE, "cart-2")


def test_a_new_question_about_a_candidate_is_not_an_answer():
    asked = Reply("?", choices=PODS, asked=Intention(Act.DELETE, "pods", "cart"))
    assert understood("describe pod cart-2", after(asked), CLUSTERS).act is Act.DESCRIBE
    assert understood("logs of cart-2", after(asked), CLUSTERS).act is Act.LOGS
    assert understood("why is cart-2 failing", after(asked), CLUSTERS).act is Act.WHY


def test_yes_takes_the_only_offer_that_is_complete():
    offers = ("set A_B to … on deployment web in shop", "", "use image web:1 for deployment web in shop")
    assert understood("yes", after(Reply("…", offers=offers)), CLUSTERS).act is Act.SET_IMAGE
    assert understood("1", after(Reply("…", offers=offers)), CLUSTERS).act is Act.CHOOSE
    two = ("use image web:1 for deployment web in shop", "logs of deployment web in shop")
    assert understood("yes", after(Reply("…", offers=two)), CLUSTERS).act is Act.YES
    assert understood("2", after(Reply("…", offers=two)), CLUSTERS).act is Act.LOGS


def test_too_and_what_about_repeat_the_question_elsewhere():
    memory = Memory().after(Intention(Act.LIST, "pods", namespace="shop"), Reply("…"))
    assert understood("and in payments?", memory, CLUSTERS) == Intention(Act.LIST, "pods", namespace="payments")
    assert understood("what about services", memory, CLUSTERS).kind == "services"
    assert understood("same on prod", memory, CLUSTERS).cluster == "prod"


def test_without_anything_before_nothing_is_made_up():
    for words in ("it", "yes", "2", "restart it", "and its logs?"):
        assert understood(words, Memory(), CLUSTERS).name == ""
