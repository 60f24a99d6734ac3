"""The price table and the token estimate."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.domain.record import Usage
from agent.errors import SettingInvalid
from agent.triage.prices import PriceTable, estimate_tokens

TABLE = """
sources: {acme: "price page of an invented provider"}
models:
  acme-large: {source: acme, checked: 2026-11-22, input: 2, cached: 0.5, output: 8,
               long_prompt: {over: 1000, input: 4, cached: 1, output: 12}}
  acme-large-mini: {source: acme, checked: 2026-11-22, input: 1, cached: 1, output: 1}
"""


@pytest.fixture
def table(tmp_path: Path) -> PriceTable:
    path = tmp_path / "prices.yaml"
    path.write_text(TABLE)
    return PriceTable.load(path)


def test_shipped_prices_load_with_date_and_source() -> None:
    prices = PriceTable.load().prices
    assert len(prices) > 10
    for model, price in prices.items():
        assert price.source.startswith("https://"), model
        assert price.cached <= price.input <= price.output, model


def test_cached_input_costs_its_own_rate_and_is_part_of_the_input(table: PriceTable) -> None:
    usage = Usage(input_tokens=1_000, cached_tokens=400, output_tokens=100)
    assert table.cost("acme-large", usage) == pytest.approx((600 * 2 + 400 * 0.5 + 100 * 8) / 1e6)


def test_a_long_prompt_costs_more_from_the_first_token(table: PriceTable) -> None:
    usage = Usage(input_tokens=1_001, output_tokens=100)
    assert table.cost("acme-large", usage) == pytest.approx((1_001 * 4 + 100 * 12) / 1e6)


@pytest.mark.parametrize(
    "model", ["acme-large", "acme-large-2026-01-31", "acme-large-20260131", "acme:acme-large", "acme/acme-large"]
)
def test_ids_with_a_date_or_provider_match_their_line(table: PriceTable, model: str) -> None:
    price = table.price(model)
    assert price is not None
    assert price.input == 2


@pytest.mark.parametrize("model", [None, "", "acme", "acme-large-max", "acme-large-mini-turbo", "gpt-99"])
def test_an_unlisted_model_has_no_cost(table: PriceTable, model: str | None) -> None:
    assert table.cost(model, Usage(input_tokens=10)) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [("models: [", "cannot be read"), ("rates: {}", "no mapping 'models'"), ("models: {x: {input: 1}}", "model 'x'")],
)
def test_a_bad_table_is_named(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SettingInvalid, match=says) as caught:
        PriceTable.load(path)
    assert str(path) in str(caught.value)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingInvalid, match="cannot be read"):
        PriceTable.load(tmp_path / "none.yaml")


def test_estimate_grows_with_the_text_and_by_script() -> None:
    english = "The regional court sentenced the former treasurer to five years in prison. "
    assert 12 <= estimate_tokens(english) <= 20
    assert estimate_tokens(english * 10) == 10 * estimate_tokens(english)
    assert estimate_tokens("判处有期徒刑五年") == 8
    assert estimate_tokens("приговорил") > estimate_tokens("sentenced")
    assert estimate_tokens("") == 0
