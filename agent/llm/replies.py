"""A model's reply text → a validated value, or sentences that tell the model what to mend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.errors import ReplyInvalid

M = TypeVar("M", bound=BaseModel)

_LONGEST_REPLY = 1_000_000
"""Characters. Far above any honest draft; parsing more would only burn time."""
_MOST_SENTENCES = 12
_LONGEST_SENTENCE = 300
_LONGEST_GIVEN = 60


class _Unacceptable(ValueError):
    """What plain JSON parsing would have let pass."""


def parse_reply(text: str, model: type[M]) -> M:
    """The reply as ``model``: one JSON object and nothing round it, no duplicate keys, no NaN, no coercion of types.

    Raises ReplyInvalid; its message is a short list of sentences, one a line, fit for a repair prompt, and ``raw`` is
    the whole reply.
    """
    try:
        _check_json(text)
        return model.model_validate_json(text, strict=True)
    except ValidationError as exc:
        raise ReplyInvalid("\n".join(_describe(exc.errors(include_url=False))), raw=text) from exc
    except RecursionError as exc:
        raise ReplyInvalid("The reply is nested too deeply.", raw=text) from exc
    except json.JSONDecodeError as exc:
        raise ReplyInvalid(_describe_syntax(exc, text), raw=text) from exc
    except ValueError as exc:
        raise ReplyInvalid(f"The reply is not acceptable JSON: {str(exc)[:_LONGEST_SENTENCE]}", raw=text) from exc


def _check_json(text: str) -> None:
    if len(text) > _LONGEST_REPLY:
        raise _Unacceptable(f"it has {len(text)} characters; {_LONGEST_REPLY} are allowed.")
    start = text.lstrip()
    if not start:
        raise _Unacceptable("it is empty.")
    if start.startswith("```"):
        raise _Unacceptable("it is fenced by ```. Reply with the JSON object alone, without a fence.")
    if not start.startswith("{"):
        raise _Unacceptable(
            f"it starts with {start[:_LONGEST_GIVEN]!r}. Reply with one JSON object alone, without any words round it."
        )
    json.loads(
        text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite, parse_int=_bounded
    )


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, part in pairs:
        if key in found:
            raise _Unacceptable(f"the key {key[:_LONGEST_GIVEN]!r} occurs twice in one object.")
        found[key] = part
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise _Unacceptable(f"{name} is not a JSON number; use null where a number is unknown.")


def _finite(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise _Unacceptable(f"the number {digits[:_LONGEST_GIVEN]} is too large.")
    return number


def _bounded(digits: str) -> int:
    if len(digits) > 30:
        raise _Unacceptable(f"the number {digits[:_LONGEST_GIVEN]} is too long.")
    return int(digits)


def _describe_syntax(exc: json.JSONDecodeError, text: str) -> str:
    if exc.msg == "Extra data":
        rest = text[exc.pos : exc.pos + _LONGEST_GIVEN].strip()
        return f"Words follow the JSON object: {rest!r}. Reply with one JSON object alone."
    if not text.rstrip().endswith("}"):
        return "The JSON ends too early: the reply was cut or an object, list or string is not closed."
    place = text[max(0, exc.pos - 30) : exc.pos + 30]
    return f"The reply is not valid JSON at line {exc.lineno}, column {exc.colno} ({exc.msg}), near {place!r}."


def _describe(errors: Sequence[ErrorDetails]) -> list[str]:
    sentences = [_describe_one(error) for error in errors[:_MOST_SENTENCES]]
    if len(errors) > _MOST_SENTENCES:
        sentences.append(f"{len(errors) - _MOST_SENTENCES} more errors of this sort.")
    return sentences


def _describe_one(error: ErrorDetails) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"]).lstrip(".")
    place = path[:_LONGEST_SENTENCE] or "the reply"
    if error["type"] == "extra_forbidden":
        return f"{place}: there is no such field; leave it out."
    given = error.get("input")
    shown = ""
    if isinstance(given, str | int | float) and error["type"] != "missing":
        text = json.dumps(given, ensure_ascii=True, default=str)
        shown = f" (given: {text if len(text) <= _LONGEST_GIVEN else text[:_LONGEST_GIVEN] + '…'})"
    return f"{place}: {error['msg'][:_LONGEST_SENTENCE]}{shown}."
