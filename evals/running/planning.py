"""What was asked for on the command line, as orders: every prompt with every model."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from agent.settings import Settings
from agent.wiring import load_prompts
from evals.cases.files import CaseSet
from evals.running.cassette import Mode
from evals.running.orders import OrderInvalid, RunOrder, cross, parse_model, parse_prompt
from evals.running.references import Tell

MODEL_CONCURRENCY: Final = 16
"""Samples under way at a time with a model, unless asked for otherwise."""


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What is asked for: every prompt with every model."""

    prompts: Sequence[str] = ()
    """``summary@4`` …; the newest when empty."""
    models: Sequence[str] = ()
    """``openai:gpt-4.1`` …, ``none`` for the extractive drafter; the configured one when empty."""
    epochs: int = 1
    concurrency: int | None = None
    with_fallback: bool = False
    without_precedents: bool = False
    record: Path | None = None
    replay: Path | None = None
    note: str = ""


def plan_runs(settings: Settings, cases: CaseSet, request: RunRequest, root: Path, tell: Tell) -> list[RunOrder]:
    """One order for each prompt with each model. Raises OrderInvalid, PromptError."""
    if not cases.cases:
        raise OrderInvalid("No case is left to run: name other splits, cases or a larger --limit.")
    if request.record is not None and request.replay is not None:
        raise OrderInvalid("Give --record or --replay, not both.")
    models = [parse_model(model) for model in request.models] or [settings.model]
    prompts = load_prompts(settings)
    versions = [prompts.get("summary", parse_prompt(text)).front.version for text in request.prompts or ("summary",)]
    mode: Mode | None = "record" if request.record else "replay" if request.replay else None
    cassette = request.record or request.replay
    orders = []
    command = secrets.token_hex(8)
    for version, model in cross(versions, models):
        if model is None and request.epochs > 1:
            tell(f"The extractive drafter gives the same every time: 1 epoch is run, not {request.epochs}.")
        if model is None and cassette is not None:
            tell("The extractive drafter makes no calls: nothing of it is recorded or replayed.")
        orders.append(
            RunOrder(
                command=command,
                cases_root=root.resolve(),
                case_ids=tuple(case.id for case in cases.cases),
                splits=tuple(dict.fromkeys(case.split for case in cases.cases)),
                epochs=1 if model is None else request.epochs,
                model=model,
                prompt_version=version,
                with_fallback=request.with_fallback,
                without_precedents=request.without_precedents,
                concurrency=request.concurrency or _usual_concurrency(model, len(cases.cases)),
                cassette=cassette.resolve() if cassette is not None and model is not None else None,
                mode=mode if model is not None else None,
                note=request.note,
            )
        )
    return orders


def _usual_concurrency(model: str | None, cases: int) -> int:
    """With a model as many as a provider bears; without one a process a core, if each has something to do."""
    return MODEL_CONCURRENCY if model is not None else min(os.cpu_count() or 1, 1 + cases // 8)
