"""Parsing a reply: strict, complete, and with errors a model can act on."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, StringConstraints

from agent.domain.base import Frozen
from agent.domain.summary import RiskSummary
from agent.errors import ReplyInvalid
from agent.llm.replies import parse_reply


class Claim(Frozen):
    text: Annotated[str, StringConstraints(max_length=5)]
    value: float | None = None
    final: bool = False


class Draft(Frozen):
    claims: tuple[Claim, ...] = Field(default=(), max_length=2)
    count: int = 0


def refuse(text: str, model: type[Frozen] = Draft) -> str:
    with pytest.raises(ReplyInvalid) as caught:
        parse_reply(text, model)
    assert caught.value.raw == text
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("   \n", "empty"),
        ("[]", "one JSON object"),
        ("null", "one JSON object"),
        ('```json\n{"count": 1}\n```', "without a fence"),
        ('Sure! {"count": 1}', "without any words round it"),
        ('{"count": 1} I hope this helps.', "Words follow the JSON object: 'I hope this helps.'"),
        ('{"count": 1}{"count": 2}', "Words follow"),
        ('{"count": 1, "count": 1}', "'count' occurs twice"),
        ('{"claims": [{"text": "a", "text": "b"}]}', "'text' occurs twice"),
        ('{"claims": [{"text": "a", "value": NaN}]}', "NaN"),
        ('{"claims": [{"text": "a", "value": -Infinity}]}', "-Infinity"),
        ('{"claims": [{"text": "a", "value": 1e999}]}', "too large"),
        ('{"count": ' + "9" * 5_000 + "}", "too long"),
        ('{"count": 1', "ends too early"),
        ('{"claims": [{"text": "ab', "ends too early"),
        ('{"count": 1,}', "not valid JSON at line 1"),
        ("{'count': 1}", "not valid JSON at line 1"),
        ('{"count": "1"}', 'count: Input should be a valid integer (given: "1")'),
        ('{"count": true}', "count: Input should be a valid integer"),
        ('{"count": null}', "count:"),
        ('{"other": 1}', "other: there is no such field"),
        ('{"claims": [{}]}', "claims[0].text: Field required"),
        ('{"claims": [{"text": "abcdefg"}]}', "claims[0].text: String should have at most 5 characters"),
        ('{"claims": [{"text":"a"},{"text":"b"},{"text":"c"}]}', "claims: Tuple should have at most 2 items"),
        ('{"claims": [{"text": "a", "final": "yes"}]}', "claims[0].final: Input should be a valid boolean"),
        ('{"claims": [{"text": "\\ud800"}]}', ""),
        ('{"a":' * 100_000, "nested too deeply"),
        ('{"claims": ' + "[" * 900 + "]" * 900 + "}", ""),
        ('{"count": ' + " " * 1_000_001 + "1}", "characters"),
    ],
)
def test_unacceptable_replies_say_what_to_mend(text: str, sentence: str) -> None:
    assert sentence in refuse(text)


def test_a_good_reply_with_whitespace_round_it() -> None:
    parsed = parse_reply('\n {"claims": [{"text": "näi", "value": 3}], "count": 2}\n', Draft)
    assert parsed == Draft(claims=(Claim(text="näi", value=3.0),), count=2)


def test_many_errors_become_a_short_list() -> None:
    class Wide(Frozen):
        names: tuple[int, ...]

    sentences = refuse(json.dumps({"names": ["x" * 200] * 40}), Wide).split("\n")
    assert len(sentences) == 13
    assert sentences[-1] == "28 more errors of this sort."
    assert all(len(sentence) < 200 for sentence in sentences)


def test_an_enum_error_lists_what_is_allowed() -> None:
    reply = {"parties": [{"id": "P1", "name": "Ana Sel", "kind": "human", "role": "offender"}]}
    words = refuse(json.dumps(reply), RiskSummary)
    assert words.startswith("parties[0].kind: Input should be 'person'")


def try_to_parse(text: str) -> Draft | ReplyInvalid:
    try:
        return parse_reply(text, Draft)
    except ReplyInvalid as error:
        return error


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
)


@given(st.text() | JSON.map(lambda value: json.dumps(value)) | st.dictionaries(st.text(), JSON).map(json.dumps))
def test_any_text_gives_a_value_or_reply_invalid(text: str) -> None:
    outcome = try_to_parse(text)
    assert isinstance(outcome, Draft) or (outcome.raw == text and str(outcome))


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
                "value": st.none() | st.floats(allow_nan=False, allow_infinity=False),
                "final": st.booleans(),
            }
        ),
        max_size=2,
    )
)
def test_valid_replies_survive_the_round_trip(claims: list[dict[str, Any]]) -> None:
    parsed = parse_reply(json.dumps({"claims": claims}), Draft)
    assert [claim.model_dump() for claim in parsed.claims] == claims
