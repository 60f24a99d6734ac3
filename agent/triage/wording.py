"""Wording a narrative must avoid: a legal status in the present tense, and words of clearance."""

from __future__ import annotations

import re
from typing import Final

from agent.domain.folding import fold_text
from agent.triage.support import Sources

_STATUSES: Final = (
    r"convicted|wanted|charged|accused|suspected|indicted|sanctioned|guilty|imprisoned|jailed|detained"
    r"|under\s+(?:investigation|arrest|indictment|sanctions)|on\s+trial|serving|facing|fugitive|criminals?|felons?"
    r"|fraudsters?|terrorists?|traffickers?|launderers?|murderers?|killers?"
)
_PRESENT_STATUS: Final = re.compile(
    r"\b(?:is|are|remains?)\s+(?:(?:still|now|currently|also)\s+)?(?:(?:an?|the)\s+)?"
    rf"(?:{_STATUSES})\b|\bfaces\s+(?:charges|trial|prosecution|prison)\b",
    re.IGNORECASE,
)
_CLEARANCE: Final = re.compile(
    r"\bclean\b|\bno\s+(?:\w+\s+)?risks?\b|\brisk[- ]free\b|\bnot\s+a\s+risk\b|\bno\s+concerns?\b"
)
_QUOTED: Final = re.compile(r'"[^"]*"')


def find_wording_faults(narrative: str, sources: Sources) -> list[str]:
    """Faults of the narrative as ``present tense: …`` and ``wording: …``; words quoted from the article are its own."""

    def blank_if_quoted(quoted: re.Match[str]) -> str:
        return " " * len(quoted[0]) if sources.holds(quoted[0][1:-1]) else quoted[0]

    text = _QUOTED.sub(blank_if_quoted, fold_text(narrative).text)
    faults = [f"present tense: {match.group()}" for match in _PRESENT_STATUS.finditer(text)]
    cleared = [match.group() for match in _CLEARANCE.finditer(text) if not sources.holds(match.group())]
    return faults + [f"wording: {words}" for words in cleared]
