"""RunOrder: what one run is to do, kept in its folder so that it can be taken up again after a kill."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from agent.domain.base import Frozen, Id, Line, Phrase
from agent.errors import ConfigError
from evals.cases.case import Split
from evals.running.cassette import Mode

_PROMPT = re.compile(r"summary(?:@v?(\d{1,6}))?|v?(\d{1,6})")


class OrderInvalid(ConfigError):
    """What was asked for cannot be run."""


class RunOrder(Frozen):
    """One prompt with one model over some cases."""

    command: Id
    """Shared by the runs that one command began."""
    cases_root: Path
    case_ids: tuple[Id, ...] = Field(min_length=1)
    splits: tuple[Split, ...] = ()
    epochs: int = Field(default=1, ge=1)
    model: Phrase | None = None
    """``provider:name``; None is the extractive drafter."""
    prompt_version: int | None = None
    """Of the prompt ``summary``; None only without a model."""
    with_fallback: bool = False
    """Whether the extractive drafter stands in for a model's failures, as in production."""
    without_precedents: bool = False
    """Whether no past decision is laid beside the alerts."""
    concurrency: int = Field(ge=1)
    cassette: Path | None = None
    mode: Mode | None = None
    note: Line = ""

    @property
    def name(self) -> str:
        """The agent's name: ``summary@4/openai:gpt-4.1``, or ``extractive``."""
        return "extractive" if self.model is None else f"summary@{self.prompt_version}/{self.model}"


def parse_prompt(text: str) -> int | None:
    """The version in ``summary@4`` (or ``4``); None for ``summary``, the newest. Raises OrderInvalid."""
    found = _PROMPT.fullmatch(text.strip())
    if found is None:
        raise OrderInvalid(f"--prompt {text!r}: write summary@4, or summary for the newest version.")
    version = found[1] or found[2]
    return int(version) if version else None


def parse_model(text: str) -> str | None:
    """``provider:name``, or None for ``none`` and ``extractive``."""
    return None if text.lower() in {"none", "extractive"} else text


def cross(prompts: Sequence[int], models: Sequence[str | None]) -> list[tuple[int | None, str | None]]:
    """Every prompt with every model, each pair once; the extractive drafter, which has no prompt, once."""
    pairs = [(None if model is None else prompt, model) for model in models for prompt in prompts]
    return list(dict.fromkeys(pairs))
