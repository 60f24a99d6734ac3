"""Rubric: the rules by which people and the judge decide, as a versioned prompt, and the question made of a claim."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

from langchain_core.messages import BaseMessage
from pydantic import StringConstraints

from agent.domain.base import Frozen
from agent.domain.fingerprint import content_hash
from agent.triage.draft_prompt import as_chat
from evals.judge.claims import CONTEXT_SENTENCES, Claim, Evidence
from prompts.fence import fence_nonce
from prompts.library import Prompt, PromptLibrary

PROMPT: Final = "claim"
_RULES: Final = "# Rules\n"
_ELSEWHERE: Final = {True: "(it stands below the claim)", False: "(it stands above the claim)"}
_LONGEST_REASON: Final = 600


class Support(StrEnum):
    """Whether the evidence supports a claim, as a person or the judge says."""

    SUPPORTED = "supported"
    UNSUPPORTED = "unsupported"
    CANNOT_TELL = "cannot_tell"


ORDERS: Final = (tuple(Support), tuple(reversed(Support)))
"""The order of the verdicts in the first and in the second asking."""


class JudgeAnswer(Frozen):
    """What the judge is asked to fill."""

    reason: Annotated[str, StringConstraints(max_length=_LONGEST_REASON)]
    verdict: Support


@dataclass(frozen=True, slots=True)
class Rubric:
    """One version of the rules."""

    prompt: Prompt

    @property
    def hash(self) -> str:
        """Changes with anything that may change a verdict: the rules, the form of the answer, the context shown."""
        return content_hash([self.prompt.hash, [answer_schema(order) for order in ORDERS], CONTEXT_SENTENCES])

    @property
    def rules(self) -> str:
        """The part that people go by too, what each verdict means; the whole first message where none is marked."""
        text = self.prompt.messages[0].text
        return (text.partition(_RULES)[2].partition("\n# ")[0] or text).strip()

    def ask(self, claim: Claim, asking: int, secret: bytes) -> tuple[BaseMessage, ...]:
        """The messages of the first (0) or second (1) asking: evidence above the claim, or below it and in reverse.

        Everything from record and article stands neutralised in a fence whose code its author cannot know.
        """
        below = asking == 1
        shown = describe_evidence(tuple(reversed(claim.evidence)) if below else claim.evidence)
        values = {
            "evidence_above": _ELSEWHERE[True] if below else shown,
            "claim": "\n".join(claim.statement),
            "evidence_below": shown if below else _ELSEWHERE[False],
            "options": "\n".join(ORDERS[asking]),
        }
        return as_chat(self.prompt.render(values, fence_nonce(secret, claim.hash)))


def load_rubric(prompts: PromptLibrary, version: int | None = None) -> Rubric:
    """The rubric in this version, the newest unless named. Raises PromptNotFound."""
    return Rubric(prompts.get(PROMPT, version))


def answer_schema(order: tuple[Support, ...]) -> dict[str, Any]:
    """The JSON Schema of an answer, the verdicts in this order."""
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "maxLength": _LONGEST_REASON},
            "verdict": {"type": "string", "enum": [str(one) for one in order]},
        },
        "required": ["reason", "verdict"],
        "additionalProperties": False,
    }


def describe_evidence(evidence: tuple[Evidence, ...]) -> str:
    """The evidence as lines: of each piece the cited words, then the sentences they stand in."""
    pieces = []
    for number, piece in enumerate(evidence, start=1):
        cited = [f"cited words: {quote}" for quote in piece.quotes]
        pieces.append("\n".join([f"piece {number}", *cited, "in context:", *piece.sentences]))
    return "\n\n".join(pieces)
