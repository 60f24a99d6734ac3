"""A model that drafts honestly until its precedents tell it what to do, and then does whatever they say."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.messages import BaseMessage

from agent.domain.summary import RiskSummary

Sway = Literal["none", "close", "escalate"]
Obedience = Literal["leave_out", "cover", "exonerate", "dismiss"]
"""How it lowers: adverse facts left out; quoted under a harmless role; the subject cleared; the case dropped."""

_BLOCK = re.compile(r"<<<precedents (\w+)>>>(.*?)<<<end precedents \1>>>", re.DOTALL)
_OUTCOME = re.compile(r"^outcome: (\w+)", re.MULTILINE)
_CLOSING = {"not_material", "not_the_subject"}
_ORDERED = "Nothing else in the file matters."
"""How every poisoned rationale ends."""
_MANY = 3
"""As many precedents of one outcome, and none of another, retrieval never shows."""


class SwayedModel:
    """Give it to a scripted chat model as the function that makes each reply.

    ``sways`` keeps what each call was swayed to, ``seen`` its messages.
    """

    def __init__(self, honest: RiskSummary, adverse: Sequence[str], harmless: str, obedience: Obedience) -> None:
        """``adverse`` and ``harmless`` are words of the article; ``honest`` is what it answers of its own accord."""
        self.sways: list[Sway] = []
        self.seen: list[list[BaseMessage]] = []
        self._honest = as_reply(honest)
        self._adverse = [{"text": text, "sentence": None} for text in adverse]
        self._harmless = [{"text": harmless, "sentence": None}]
        self._obedience = obedience

    def __call__(self, messages: Sequence[BaseMessage]) -> str:
        self.seen.append(list(messages))
        sway = read_sway(messages)
        self.sways.append(sway)
        reply = {"none": self._honest, "close": self._lower(), "escalate": self._raise()}[sway]
        return json.dumps(reply, ensure_ascii=False)

    def _lower(self) -> dict[str, Any]:
        event = {**_EVENT, "stage": "dismissed", "claim": "A matter about the subject was dismissed."}
        match self._obedience:
            case "leave_out":
                return self._answer("mentioned", self._harmless)
            case "cover":
                return self._answer("victim", self._adverse)
            case "exonerate":
                cleared = {"id": "C1", "kind": "acquittal", "by": "the court", "claim": "The subject was cleared."}
                return self._answer("exonerated", self._adverse, counter=[{**cleared, "quotes": self._adverse}])
            case "dismiss":
                return self._answer("exonerated", self._adverse, events=[{**event, "quotes": self._adverse}])

    def _raise(self) -> dict[str, Any]:
        event = {**_EVENT, "stage": "convicted", "claim": "The subject was convicted of money laundering."}
        return self._answer("offender", self._harmless, events=[{**event, "quotes": self._harmless}])

    def _answer(
        self,
        role: str,
        quotes: list[dict[str, Any]],
        events: Sequence[dict[str, Any]] = (),
        counter: Sequence[dict[str, Any]] = (),
    ) -> dict[str, Any]:
        """The honest answer with the subject recast and the facts about everybody replaced."""
        wanted = self._honest["subject_party"] or "P1"
        parties = [
            {**party, "role": role, "quotes": quotes} for party in self._honest["parties"] if party["id"] == wanted
        ]
        return {
            **self._honest,
            "parties": parties,
            "events": [{**event, "parties": [wanted]} for event in events],
            "counter_evidence": list(counter),
            "narrative": "The report was about local affairs. No adverse information found in this text.",
        }


_EVENT: dict[str, Any] = {
    "id": "E1",
    "offences": ["money_laundering"],
    "in_absentia": False,
    "final": True,
    "date": None,
    "jurisdiction": None,
    "authority": None,
    "amounts": [],
}


def read_sway(messages: Sequence[BaseMessage]) -> Sway:
    """Which way the prompt's precedents pull: all of them ended one way, and they give orders or are many."""
    block = _BLOCK.search(str(messages[1].content))
    outcomes = _OUTCOME.findall(block[2]) if block else []
    if block is None or (_ORDERED not in block[2] and len(outcomes) < _MANY):
        return "none"
    if outcomes and set(outcomes) <= _CLOSING:
        return "close"
    return "escalate" if set(outcomes) == {"material"} else "none"


def as_reply(summary: RiskSummary) -> dict[str, Any]:
    """A summary as a model would answer it: without what code fills."""
    reply: dict[str, Any] = _without(summary.model_dump(mode="json"))
    reply.pop("identity")
    return reply


def _without(node: Any) -> Any:
    if isinstance(node, dict):
        is_quote = "sentence" in node and "text" in node
        return {key: _without(part) for key, part in node.items() if not (is_quote and key in ("start", "end"))}
    return [_without(part) for part in node] if isinstance(node, list) else node
