"""A JSON Schema fitted to what an endpoint accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_REFUSED_IN_STRICT_MODE = frozenset({"minLength", "maxLength", "uniqueItems", "default"})
"""OpenAI's strict mode rejects a schema with these; bounds of lists, patterns and enums it takes."""


def adapt_schema(schema: Mapping[str, Any], *, strict: bool) -> dict[str, Any]:
    """``schema`` with the title that LangChain uses as its name, and in strict mode without what OpenAI refuses.

    Elsewhere every bound stays: llama.cpp builds its grammar from them, and an unbounded string has no end.
    """
    fitted = {"title": "reply", **schema}
    return _drop_refused(fitted) if strict else fitted


def _drop_refused(node: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, part in node.items():
        if key in {"properties", "$defs"}:  # names chosen by us, not keywords
            kept[key] = {name: _drop_refused(body) for name, body in part.items()}
        elif key in _REFUSED_IN_STRICT_MODE:
            continue
        elif isinstance(part, dict):
            kept[key] = _drop_refused(part)
        elif isinstance(part, list):
            kept[key] = [_drop_refused(entry) if isinstance(entry, dict) else entry for entry in part]
        else:
            kept[key] = part
    return kept
