"""What tokens cost: the table, a file of one's own, and models nobody has a price for."""

from decimal import Decimal

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.agent.ports import Usage
from chat.budgets import prices


@pytest.mark.parametrize(
    ("model", "dollars"),
    [
        ("claude-sonnet-5-5", "2"),
        ("claude-sonnet-5-5-20260929", "2"),
        ("claude-sonnet-5", "2"),
        ("claude-opus-4-5-20251101", "5"),
        ("claude-opus-4-1-20250805", "15"),
        ("eu.anthropic.claude-opus-5-5-v1:0", "4"),
        ("claude-haiku-5-5[1m]", "0.5"),
    ],
)
def test_a_model_has_the_price_of_the_longest_name_it_begins_with(model, dollars):
    known = prices.find(model)
    assert (known.sure, known.price.input) == (True, Decimal(dollars))


@pytest.mark.parametrize("model", ["", "llama-4", "claude-sonnet-55", "gpt-9"])
def test_a_model_without_a_price_counts_as_dear_as_the_dearest(model):
    known = prices.find(model)
    assert not known.sure
    assert known.price.output == max(price.output for price in prices.TABLE.values())


def test_every_kind_of_token_has_its_price_and_parts_are_rounded_up():
    price = prices.find("claude-sonnet-5-5").price
    assert price.of(Usage(1_000_000, 0)) == 2 * prices.MICROS
    assert price.of(Usage(10, 20, 5, 2)) == 20 + 200 + 1 + 5  # half a micro-dollar of the cache is one
    assert price.of(Usage()) == 0


def test_the_most_that_a_call_may_cost_is_no_less_than_what_it_costs_however_it_was_cached():
    for price in prices.TABLE.values():
        for usage in (Usage(90, 40), Usage(30, 40, 30, 30), Usage(0, 40, 0, 90), Usage(0, 40, 90, 0)):
            assert price.of(usage) <= price.at_most(90, 40)


def test_a_file_adds_models_and_replaces_prices(settings, tmp_path):
    file = tmp_path / "prices.yaml"
    file.write_text("llama-4: {input: 0, output: 0}\nclaude-sonnet-5-5: {input: 1.5, output: 9, cache_read: 0.15}\n")
    settings.K8SMCP_PRICES = str(file)
    assert prices.find("llama-4").price.of(Usage(1000, 1000)) == 0
    assert prices.find("claude-sonnet-5-5").price == prices.Price(*map(Decimal, ("1.5", "9", "0.15", "1.5")))
    assert prices.find("claude-opus-5").price.input == 5
    assert prices.find("unknown").price.output == max(price.output for price in prices.TABLE.values())


@pytest.mark.parametrize(
    "text", ["", "- a", "{", "m: {input: 1}", "m: {input: 1, output: x}", "m: {input: -1, output: 2}", "m: 7",
             "m: {input: .nan, output: 2}", "m: {input: 1, output: 2, tea: 3}"],
)  # fmt: skip
def test_a_file_that_is_no_price_list_is_refused_with_one_sentence(settings, tmp_path, text):
    file = tmp_path / "prices.yaml"
    file.write_text(text)
    settings.K8SMCP_PRICES = str(file)
    with pytest.raises(ImproperlyConfigured, match=r"K8SMCP_PRICES is .*it accepts a YAML file") as caught:
        prices.table()
    assert "\n" not in str(caught.value)
