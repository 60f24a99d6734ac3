"""A text with stretches replaced, and where each place of the old text is in the new one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """``text[start:end]`` of the old text becomes ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The new text and what was replaced, in order."""

    text: str
    replacements: tuple[Replacement, ...] = ()

    def move(self, start: int, end: int) -> tuple[int, int]:
        """A span of the old text in the new one; a border inside a replaced stretch moves to the stretch's."""
        return self._move(start, at_end=False), self._move(end, at_end=True)

    def _move(self, place: int, *, at_end: bool) -> int:
        shift = 0
        for one in self.replacements[: bisect_right(self.replacements, place, key=lambda one: one.start)]:
            if one.end <= place:
                shift += len(one.text) - (one.end - one.start)
            elif one.start < place:
                return one.start + shift + (len(one.text) if at_end else 0)
        return place + shift


def rewrite_spans(text: str, replacements: Iterable[Replacement]) -> Rewritten:
    """Make the replacements, which may not overlap."""
    ordered = sorted(replacements, key=lambda one: one.start)
    pieces, place = [], 0
    for one in ordered:
        pieces += [text[place : one.start], one.text]
        place = one.end
    return Rewritten("".join([*pieces, text[place:]]), tuple(ordered))
