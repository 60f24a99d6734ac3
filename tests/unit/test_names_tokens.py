"""Bare tokens of a name: what is folded away, and what is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.names.tokens import fold_tokens, same_person_name


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("TESTEROVA, Ilona", ["testerova", "ilona"]),
        ("José Ñañez Ørsted", ["jose", "nanez", "orsted"]),
        ("Conor O’Neverly", ["conor", "oneverly"]),
        ("Илона Тестёрова", ["илона", "тестерова"]),
        ("J.R. Exampleson", ["jr", "exampleson"]),
        ("  ", []),
    ],
)
def test_case_accents_and_punctuation_are_folded(name: str, tokens: list[str]) -> None:
    assert fold_tokens(name) == tokens


def test_the_order_of_the_parts_does_not_make_another_name() -> None:
    assert same_person_name("Ilona Testerova", "TESTEROVA, Ilona")
    assert not same_person_name("Ilona Testerova", "Ilona Testerowa")


@given(st.text(max_size=60))
def test_folding_what_is_folded_changes_nothing(name: str) -> None:
    tokens = fold_tokens(name)
    assert fold_tokens(" ".join(tokens)) == tokens
