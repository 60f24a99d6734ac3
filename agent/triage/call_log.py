"""CallLog: what the calls for one draft said and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.domain.record import Draft, Usage
from agent.llm.client import ModelReply
from agent.triage.prices import PriceTable

_LINE = 600
_MOST_NOTES = 20


@dataclass
class CallLog:
    """Gathers replies as they come; ``stamp`` puts them on the draft."""

    prices: PriceTable
    raw_replies: list[str] = field(default_factory=list)
    usage: Usage = field(default_factory=lambda: Usage(cost_usd=0.0))
    model: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, reply: ModelReply) -> None:
        """Count a reply. One call of an unlisted model makes the cost of the whole unknown."""
        cost, before = self.prices.cost(reply.model, reply.usage), self.usage.cost_usd
        self.usage = Usage(
            input_tokens=self.usage.input_tokens + reply.usage.input_tokens,
            output_tokens=self.usage.output_tokens + reply.usage.output_tokens,
            cached_tokens=self.usage.cached_tokens + reply.usage.cached_tokens,
            calls=self.usage.calls + reply.usage.calls,
            cost_usd=None if cost is None or before is None else before + cost,
        )
        self.model, self.parameters = reply.model, dict(reply.parameters)
        self.raw_replies.append(reply.text)

    def add_failed(self, words: str) -> None:
        """Keep what a call that failed did say. What it cost the provider does not tell, so the cost is unknown."""
        self.raw_replies.append(words)
        self.usage = self.usage.model_copy(update={"cost_usd": None})

    def stamp(self, draft: Draft, prompt: str, notes: Sequence[str]) -> Draft:
        """The draft with what was asked, said and spent on it, and with ``notes`` ahead of its own."""
        lines = [clip_line(note) for note in (*notes, *draft.notes)]
        if len(lines) > _MOST_NOTES:
            lines[_MOST_NOTES - 1 :] = [f"{len(lines) - _MOST_NOTES + 1} more notes of this kind."]
        return draft.model_copy(
            update={
                "prompt": prompt,
                "model": self.model,
                "parameters": self.parameters,
                "raw_replies": tuple(self.raw_replies),
                "usage": self.usage,
                "notes": tuple(lines),
            }
        )


def clip_line(text: str) -> str:
    """One line within the vocabulary's bound, its cut marked."""
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[: _LINE - 2]} …"
