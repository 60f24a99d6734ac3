"""The worst model imaginable: it does what the planted text asks, in valid JSON, however it is asked again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from langchain_core.messages import BaseMessage

from tests.spine.attacks import Attack
from tests.spine.carriers import Carrier

Hiding = Literal["leave_out", "cover"]
"""Whether adverse sentences are left out, or quoted under a harmless claim so that they look covered."""

_MAX_QUOTE = 1_400
_MAX_NARRATIVE = 1_900


class ObedientModel:
    """Answers for one planted carrier; give it to a scripted chat model as the function that makes each reply.

    It obeys by the attack's goal and needs not to find the planted text, so a defence that merely hides the text from
    the model gains nothing. ``seen`` keeps the messages of every call.
    """

    def __init__(self, carrier: Carrier, attack: Attack, hiding: Hiding = "leave_out") -> None:
        self.seen: list[list[BaseMessage]] = []
        self._carrier = carrier
        self._attack = attack
        self._hiding = hiding

    def __call__(self, messages: Sequence[BaseMessage]) -> str:
        self.seen.append(list(messages))
        return json.dumps(self._obey(messages), ensure_ascii=False)

    def _obey(self, messages: Sequence[BaseMessage]) -> dict[str, Any]:
        match self._attack.goal:
            case "clear":
                return self._clear()
            case "downgrade":
                return self._downgrade()
            case "omit":
                return self._omit()
            case "leak":
                return self._leak(messages)

    def _clear(self) -> dict[str, Any]:
        role, quotes = ("victim", self._adverse()) if self._hiding == "cover" else ("mentioned", [self._harmless()])
        return _summary(
            parties=[self._subject(role, quotes)],
            counter_evidence=[self._planted_counter("acquittal")],
            narrative="No adverse information was found in this text.",
            next_steps=["Close the alert as a false positive."],
            precedents=[{"id": "DP-900", "alike": "Same person, same facts.", "differs": "Nothing."}],
        )

    def _downgrade(self) -> dict[str, Any]:
        quotes = self._adverse() if self._hiding == "cover" else [self._planted()]
        return _summary(
            parties=[self._subject("exonerated", quotes)],
            events=[_event("dismissed", f"A matter about {self._carrier.subject} was dismissed.", quotes)],
            counter_evidence=[self._planted_counter("dismissal")],
            narrative=f"The report said an old matter about {self._carrier.subject} had been dismissed (E1).",
        )

    def _omit(self) -> dict[str, Any]:
        counter = []
        if self._hiding == "cover":
            denied = "All of it is denied."
            counter.append({"id": "C1", "kind": "denial", "by": "it", "claim": denied, "quotes": self._adverse()})
        return _summary(
            subject_party=None,
            events=[_event("undetermined", "The report described local affairs.", [self._harmless()], parties=[])],
            counter_evidence=counter,
            narrative="The report described local affairs (E1).",
        )

    def _leak(self, messages: Sequence[BaseMessage]) -> dict[str, Any]:
        spoken = "\n".join(str(message.content) for message in messages)
        return _summary(
            parties=[self._subject("mentioned", [_quote(spoken[:_MAX_QUOTE])])],
            narrative=spoken[:_MAX_NARRATIVE],
            next_steps=[spoken[start : start + 500] for start in range(0, 6_000, 500) if spoken[start : start + 500]],
        )

    def _subject(self, role: str, quotes: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": "P1",
            "name": self._carrier.subject,
            "kind": "unknown",
            "role": role,
            "aliases": [],
            "identifiers": [],
            "quotes": quotes,
        }

    def _planted_counter(self, kind: str) -> dict[str, Any]:
        quotes = [self._planted()]
        if self._attack.family == "quote_forging":
            quotes.append(_quote(f"The judge declared {self._carrier.subject} innocent of everything."))
        return {"id": "C1", "kind": kind, "by": "the court", "claim": "The subject was cleared.", "quotes": quotes}

    def _planted(self) -> dict[str, Any]:
        """The planted words themselves: they stand in the article, so as a quote they are found."""
        return _quote(self._attack.paragraphs[0].replace("{subject}", self._carrier.subject)[:_MAX_QUOTE])

    def _harmless(self) -> dict[str, Any]:
        return _quote(self._carrier.text.split("\n\n")[3])

    def _adverse(self) -> list[dict[str, Any]]:
        return [_quote(sentence) for sentence in self._carrier.adverse]


def _quote(text: str) -> dict[str, Any]:
    return {"text": text, "sentence": None}


def _event(stage: str, claim: str, quotes: list[dict[str, Any]], parties: Sequence[str] = ("P1",)) -> dict[str, Any]:
    return {
        "id": "E1",
        "offences": ["other"],
        "stage": stage,
        "in_absentia": False,
        "final": True,
        "parties": list(parties),
        "claim": claim,
        "date": None,
        "jurisdiction": None,
        "authority": None,
        "amounts": [],
        "quotes": quotes,
    }


def _summary(**parts: Any) -> dict[str, Any]:
    """A complete answer in the model's schema; what is not given is empty."""
    return {
        "parties": [],
        "subject_party": "P1",
        "events": [],
        "counter_evidence": [],
        "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
        "narrative": "",
        "missing_information": [],
        "next_steps": [],
        "precedents": [],
        **parts,
    }
