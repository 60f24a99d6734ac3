"""JSON as the wire format means it: no duplicate keys, no NaN, no crash on nesting, and a line for every fault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.errors import AlertInvalid


@dataclass(frozen=True)
class JsonFault:
    """Stands in a parsed value where JSON was ambiguous, so that only the alert that holds it is refused."""

    sentence: str
    alert_id: str | None = None
    """Of the object, where the fault leaves no doubt about it."""


def parse_json(text: str, source: str, first_line: int | None = None) -> Any:
    """The value of a JSON text, with a `JsonFault` in place of what is ambiguous.

    ``first_line`` is the number of the text's first line in its file, where the source does not say it already.
    Raises AlertInvalid when the text is not JSON.
    """
    try:
        return json.loads(text, object_pairs_hook=_build_object, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        line = f"line {first_line + error.lineno - 1}, " if first_line is not None else ""
        raise AlertInvalid(f"{source}: not valid JSON ({line}column {error.colno}: {error.msg}).") from error
    except RecursionError as error:
        raise AlertInvalid(f"{source}: the JSON is nested too deeply to be an alert.") from error
    except ValueError as error:  # an integer of thousands of digits
        raise AlertInvalid(f"{source}: not valid JSON (a number is too long).") from error


def name_json_type(value: object) -> str:
    """What a parsed value is, in JSON's words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "an object" if isinstance(value, Mapping) else "a list"


def _build_object(pairs: list[tuple[str, Any]]) -> Any:
    built = dict(pairs)
    if len(built) == len(pairs):
        return built
    seen: set[str] = set()
    twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
    given = built.get("alert_id") if twice != "alert_id" else None
    return JsonFault(f"the key {twice!r} occurs twice in one object", given if isinstance(given, str) else None)


def _refuse_constant(name: str) -> JsonFault:
    return JsonFault(f"{name} is not a JSON number")
