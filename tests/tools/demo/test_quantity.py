"""Quantities are read exactly and written as the API server writes them."""

from fractions import Fraction

import pytest

from tools.demo import quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", Fraction(1)),
        ("500m", Fraction(1, 2)),
        ("0.1", Fraction(1, 10)),
        ("1Ki", Fraction(1024)),
        ("1.5Gi", Fraction(3 * 2**29)),
        ("129M", Fraction(129_000_000)),
        ("12e6", Fraction(12_000_000)),
        ("1E", Fraction(10**18)),
        ("-2", Fraction(-2)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("0.0000000001", Fraction(1, 10**9)),  # finer than nano is rounded up
    ],
)
def test_a_quantity_has_one_exact_value(text: str, value: Fraction) -> None:
    assert quantity.parse(text) == value


@pytest.mark.parametrize("text", ["", "lots", "1 Gi", "1KB", "12x", "--1", "1.5.2", "Gi", "١"])
def test_other_texts_are_no_quantities(text: str) -> None:
    assert not quantity.is_quantity(text)
    with pytest.raises(ValueError, match="quantities must match the regular expression"):
        quantity.parse(text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1000m", "1"),
        ("0.5", "500m"),
        ("1024Mi", "1Gi"),
        ("1500Mi", "1500Mi"),
        ("1.5Gi", "1536Mi"),
        ("1000", "1k"),
        ("128974848", "128974848"),
        ("0Mi", "0"),
        ("1e3", "1e3"),
        ("0.5Mi", "512Ki"),
        ("100u", "100u"),
    ],
)
def test_the_canonical_writing_is_the_servers(text: str, written: str) -> None:
    assert quantity.canonical(text) == written
    assert quantity.parse(written) == quantity.parse(text)


def test_amounts_add_up_across_suffixes() -> None:
    assert quantity.format_cpu(quantity.add(["1", "250m", "0.25"])) == "1500m"
    assert quantity.format_bytes(quantity.add(["1Gi", "512Mi"])) == "1536Mi"


def test_a_number_of_a_manifest_is_a_quantity_and_a_truth_value_is_not() -> None:
    assert quantity.canonical(2) == "2"
    assert not quantity.is_quantity(True)
