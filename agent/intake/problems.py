"""Validation errors of the vocabulary as one sentence a person can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.domain.alert import Alert, Article, Subject
from agent.intake.outcome import show
from agent.intake.strict_json import name_json_type

_EXPECTED = {
    "string_type": "text",
    "model_type": "an object",
    "dict_type": "an object",
    "tuple_type": "a list",
    "list_type": "a list",
}
_PATTERNS = {
    "birth_date": "an ISO date (2024, 2024-05 or 2024-05-31)",
    "published_at": "an ISO date (2024, 2024-05 or 2024-05-31)",
    "nationalities": "an ISO 3166-1 country code (two capital letters)",
    "countries": "an ISO 3166-1 country code (two capital letters)",
    "language": "an ISO 639 language code (two or three letters)",
    "alert_id": "an id without spaces at its ends",
}
_MODELS: dict[tuple[str, ...], type[BaseModel]] = {(): Alert, ("subject",): Subject, ("article",): Article}


def describe_problems(error: ValidationError) -> str:
    """The first problem in words, and how many more there are."""
    problems = error.errors(include_url=False, include_context=True)
    more = f" ({len(problems) - 1} more after it)" if len(problems) > 1 else ""
    return _describe(problems[0]["type"], problems[0]["loc"], problems[0]) + more + "."


def name_field(location: Sequence[str | int]) -> str:
    """``subject.aliases[0]``: the path of a field as the wire format writes it."""
    name = ""
    for part in location:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name


def _describe(kind: str, location: tuple[str | int, ...], problem: Mapping[str, Any]) -> str:
    name, value, context = name_field(location), problem.get("input"), problem.get("ctx", {})
    if kind == "missing":
        return f"{name} is missing"
    if kind == "extra_forbidden":
        model = _MODELS.get(tuple(str(part) for part in location[:-1]), Alert)
        known = sorted(set(model.model_fields) - {"notes"})
        return f"{show(name)} is not a known field (known: {', '.join(known)})"
    if kind in _EXPECTED:
        return f"{name} must be {_EXPECTED[kind]}, not {name_json_type(value)}"
    if kind == "string_too_long":
        return f"{name} has more than {context.get('max_length')} characters"
    if kind == "string_too_short":
        return f"{name} must not be empty"
    if kind == "too_long":
        return f"{name} has more than {context.get('max_length')} entries"
    if kind == "enum":
        return f"{name} {show(str(value))} is not one of {context.get('expected')}"
    field = next((str(part) for part in reversed(location) if isinstance(part, str)), "")
    if kind == "string_pattern_mismatch" and field in _PATTERNS:
        return f"{name} {show(str(value))} is not {_PATTERNS[field]}"
    return f"{name}: {problem['msg']}"
