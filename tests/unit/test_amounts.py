"""Amounts of money in six languages: what is certain has a value, what is not has none."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.amounts import find_amounts, parse_number


@pytest.mark.parametrize(
    ("text", "written", "value", "currency"),
    [
        ("some $5 billion.", "$5 billion", 5e9, "USD"),
        ("около 5 млрд долларов США", "5 млрд долларов США", 5e9, "USD"),
        ("$5,000,000,000 was", "$5,000,000,000", 5e9, "USD"),
        ("€14.2 million fine", "€14.2 million", 14.2e6, "EUR"),
        ("EUR 5 000 000 paid", "EUR 5 000 000", 5e6, "EUR"),
        ("paid 5\u00a0000\u00a0000 € in", "5\u00a0000\u00a0000 €", 5e6, "EUR"),
        ("CHF 1'250'000.50", "CHF 1'250'000.50", 1250000.5, "CHF"),
        ("1.234.567,89 Euro", "1.234.567,89 Euro", 1234567.89, "EUR"),
        ("$1,234.50", "$1,234.50", 1234.5, "USD"),
        ("a $14.2m transfer", "$14.2m", 14.2e6, "USD"),
        ("£300k", "£300k", 3e5, "GBP"),
        ("$5bn deal", "$5bn", 5e9, "USD"),
        ("C$2 million", "C$2 million", 2e6, "CAD"),
        ("US$ 2,5 millones", "US$ 2,5 millones", 2.5e6, "USD"),
        ("1.250 millones de euros", "1.250 millones de euros", 1.25e9, "EUR"),
        ("3 mil millones de dólares", "3 mil millones de dólares", 3e9, "USD"),
        ("2 billones de pesos", "2 billones de pesos", 2e12, None),
        ("1,25 milliard d'euros", "1,25 milliard d'euros", 1.25e9, "EUR"),
        ("12 millions d’euros", "12 millions d’euros", 12e6, "EUR"),
        ("14,2 Mio. Euro", "14,2 Mio. Euro", 14.2e6, "EUR"),
        ("1,5 Milliarden Euro", "1,5 Milliarden Euro", 1.5e9, "EUR"),
        ("2 Billionen Euro", "2 Billionen Euro", 2e12, "EUR"),
        ("R$ 3,4 bilhões", "R$ 3,4 bilhões", 3.4e9, "BRL"),
        ("4 milhões de reais", "4 milhões de reais", 4e6, "BRL"),
        ("на 300 тыс. рублей", "300 тыс. рублей", 3e5, "RUB"),
        ("1,5 миллиона тенге", "1,5 миллиона тенге", 1.5e6, "KZT"),
        ("5 000 рублей", "5 000 рублей", 5000.0, "RUB"),
        ("20 million Australian dollars", "20 million Australian dollars", 20e6, "AUD"),
        ("$20 million Canadian dollars", "$20 million Canadian dollars", 20e6, "CAD"),
        ("50 dollars", "50 dollars", 50.0, "USD"),
        ("$500,000", "$500,000", 5e5, "USD"),
        ("€5.000", "€5.000", 5000.0, "EUR"),
        ("$0.125", "$0.125", 0.125, "USD"),
        ("$1.250 million", "$1.250 million", 1.25e6, "USD"),
        ("¥300 million", "¥300 million", 3e8, None),
        ("300 million yen", "300 million yen", 3e8, "JPY"),
        ("USD5m", "USD5m", 5e6, "USD"),
        ("unos 3 billones de dólares", "3 billones de dólares", 3e12, "USD"),
        ("5-million-euro", "5-million-euro", 5e6, "EUR"),
    ],
)
def test_a_certain_amount_has_its_value(text: str, written: str, value: float, currency: str | None) -> None:
    (found,) = find_amounts(text)
    assert text[found.start : found.end] == written
    assert found.value == pytest.approx(value)
    assert found.currency == currency


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("between $5-7 million", "$5"),
        ("1 Billion Euro", "1 Billion Euro"),
        ("1,250 millions de dollars", "1,250 millions de dollars"),
        ("millions of dollars", "millions of dollars"),
        ("$" + "9" * 400, "$" + "9" * 400),
    ],
)
def test_an_uncertain_amount_has_no_value(text: str, written: str) -> None:
    assert (text[find_amounts(text)[0].start : find_amounts(text)[0].end], find_amounts(text)[0].value) == (
        written,
        None,
    )


@pytest.mark.parametrize(
    "text",
    ["in 2017", "20 years in prison", "Article 159.4", "5 October 2020", "five men", "an ID US123", "aged 54", "№ 5"],
)
def test_numbers_without_a_currency_are_no_amounts(text: str) -> None:
    assert find_amounts(text) == []


def test_several_amounts_are_given_in_order() -> None:
    text = "He took $5 million, €300,000 and 2 млн рублей."
    assert [text[a.start : a.end] for a in find_amounts(text)] == ["$5 million", "€300,000", "2 млн рублей"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5,000,000", 5e6),
        ("5 000 000", 5e6),
        ("5.000.000", 5e6),
        ("5’000", 5000.0),
        ("14,2", 14.2),
        ("1.2.3,4,5", None),
    ],
)
def test_numbers_in_any_format(written: str, value: float | None) -> None:
    assert parse_number(written) == value


@settings(deadline=None)
@given(st.integers(1, 10**12), st.sampled_from([",", ".", " ", "\u00a0", "'"]), st.sampled_from(["$", "€", "GBP "]))
def test_thousands_are_read_back(number: int, separator: str, currency: str) -> None:
    written = f"{number:,}".replace(",", separator)
    (found,) = find_amounts(f"paid {currency}{written} to them")
    assert found.value == number


@settings(deadline=None)
@given(st.text(alphabet="0123456789.,' $€mkbnilo-USDруб", max_size=60))
def test_any_text_gives_ordered_spans(text: str) -> None:
    spans = find_amounts(text)
    assert all(first.end <= second.start for first, second in pairwise(spans))
    assert all(0 <= span.start < span.end <= len(text) for span in spans)
