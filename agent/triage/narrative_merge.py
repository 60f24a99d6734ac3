"""Narratives of an article's parts as one narrative within the bounds, cut only between sentences."""

from __future__ import annotations

import re
from collections.abc import Sequence

from agent.domain.folding import fold_text

NARRATIVE_WORDS = 200
NARRATIVE_CHARS = 2_000
NOTHING_ADVERSE = "No adverse information found in this text."
"""The sentence the prompt asks for when an article or a part reports nothing adverse."""

_AFTER_CITATION = re.compile(r"(?<=\)[.!?])\s+")
_AFTER_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[^\Wa-z])")


def fold_name(name: str) -> str:
    """A name or line for comparison: typography, case and white space folded."""
    return " ".join(fold_text(name).text.casefold().split())


def join_narratives(narratives: Sequence[str], *, adverse: bool) -> tuple[str, bool]:
    """The narratives as one, and whether sentences had to go to keep it within 200 words.

    Sentences are taken in turn from each narrative, so that none is crowded out, and then put back in order. With
    ``adverse`` a sentence that says nothing adverse was found is dropped: it was true of one part at most.
    """
    split = [_sentences(narrative) for narrative in narratives]
    if adverse:
        split = [[line for line in lines if fold_name(line) != fold_name(NOTHING_ADVERSE)] for lines in split]
    queue = sorted((turn, part, line) for part, lines in enumerate(split) for turn, line in enumerate(lines))
    chosen: dict[str, tuple[int, int]] = {}
    words = chars = 0
    for turn, part, line in queue:
        if line in chosen:
            continue
        words, chars = words + len(line.split()), chars + len(line) + 1
        if words > NARRATIVE_WORDS or chars > NARRATIVE_CHARS:
            return _in_order(chosen) or _cut(line), True
        chosen[line] = (part, turn)
    return _in_order(chosen), False


def _in_order(chosen: dict[str, tuple[int, int]]) -> str:
    return " ".join(sorted(chosen, key=lambda line: chosen[line]))


def _cut(line: str) -> str:
    """The beginning of a first sentence that is too long by itself."""
    return " ".join(line.split()[:NARRATIVE_WORDS])[: NARRATIVE_CHARS - 2] + " …"


def _sentences(narrative: str) -> list[str]:
    """Sentences of a narrative: the prompt has each end with its citation, which abbreviations never do."""
    text = " ".join(narrative.split())
    boundary = _AFTER_CITATION if _AFTER_CITATION.search(text) or text.endswith(").") else _AFTER_SENTENCE
    return [line for line in boundary.split(text) if line]
