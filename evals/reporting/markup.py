"""Markup: HTML made of elements, in which every text is escaped because there is no other way to put one in."""

from __future__ import annotations

from html import escape
from typing import Final

from evals.reporting.words import show_text

_VOID: Final = frozenset({"meta", "br"})


class Markup(str):
    """Text that is markup already: made by ``element`` and ``join`` alone."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: str | int | float | None) -> Markup:
    """An element. Plain strings are escaped, Markup is not; attributes of None or empty text are left out.

    A trailing underscore of an attribute's name falls away, others become hyphens: ``class_``, ``aria_label``.
    """
    shown = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None and value != ""
    )
    if name in _VOID:
        return Markup(f"<{name}{shown}>")
    return Markup(f"<{name}{shown}>{join(*children)}</{name}>")


def join(*children: str) -> Markup:
    """Children one after another, plain strings escaped."""
    return Markup("".join(child if isinstance(child, Markup) else _escape(child) for child in children))


def _escape(text: str) -> str:
    return escape(show_text(text), quote=True)
