"""The product's real parts as the spine's tests join them: one reader a session, no store and no index unless given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from langchain_core.messages import BaseMessage

from agent.domain.alert import Alert, Article, Subject
from agent.domain.reading import Reading
from agent.domain.record import TriageFailure, TriageRecord
from agent.intake.files import read_alerts
from agent.llm.client import ModelClient
from agent.llm.retry import RetryPolicy
from agent.llm.scripted import ScriptedChatModel
from agent.llm.spec import ModelSpec
from agent.reading.reader import Reader
from agent.settings import SHIPPED_DATA
from agent.triage.extractive import ExtractiveDrafter
from agent.triage.llm_draft import Drafter, LlmDrafter
from agent.triage.pipeline import Pipeline
from agent.triage.policy import Policy, load_policy
from agent.triage.prices import PriceTable
from prompts.library import PromptLibrary

SECRET = b"a secret of these tests"
DEMO = SHIPPED_DATA / "demo"


class RememberingReader:
    """The real reader, asked once for each text and subject."""

    def __init__(self) -> None:
        self._reader = Reader()
        self._read: dict[tuple[str, str | None], Reading] = {}

    def read(self, article: Article, subject: Subject | None = None) -> Reading:
        key = (article.model_dump_json(), subject.model_dump_json() if subject else None)
        if key not in self._read:
            self._read[key] = self._reader.read(article, subject)
        return self._read[key]


@cache
def reader() -> RememberingReader:
    return RememberingReader()


@cache
def policy() -> Policy:
    return load_policy(SHIPPED_DATA / "policy.yaml")


@cache
def prompts() -> PromptLibrary:
    return PromptLibrary.load()


def make_alert(text: str, subject: str | None = None, *, alert_id: str = "A-1", **article: Any) -> Alert:
    return Alert(
        alert_id=alert_id,
        subject=Subject(name=subject) if subject else None,
        article=Article(text=text, **article),
    )


def make_pipeline(drafter: Drafter | None = None, **parts: Any) -> Pipeline:
    """The extractive pipeline, or the one with ``drafter``; ``parts`` replace the others."""
    fitted: dict[str, Any] = {"reader": reader(), "policy": policy(), "code_version": "test"} | parts
    return Pipeline(drafter=drafter or ExtractiveDrafter(), **fitted)


def make_llm_drafter(
    *replies: str | dict[str, Any] | Exception | Callable[[Sequence[BaseMessage]], str],
    repeat: bool = False,
    fallback: Drafter | None = None,
    max_input_tokens: int = 100_000,
) -> tuple[LlmDrafter, ScriptedChatModel]:
    """The model's drafter over a scripted chat model, and the model for what it was asked."""
    model = ScriptedChatModel(replies=list(replies), repeat=repeat)
    client = ModelClient(model, ModelSpec(name="scripted:replies.yaml"), retry=RetryPolicy(attempts=1))
    drafter = LlmDrafter(
        client,
        prompts(),
        secret=SECRET,
        max_input_tokens=max_input_tokens,
        prices=PriceTable.load(SHIPPED_DATA / "prices.yaml"),
        fallback=fallback,
    )
    return drafter, model


def triage(pipeline: Pipeline, alert: Alert) -> TriageRecord:
    """The alert's record; a failure fails the test, in its own words."""
    outcome = asyncio.run(pipeline.triage(alert))
    assert isinstance(outcome, TriageRecord), outcome
    return outcome


def triage_to_failure(pipeline: Pipeline, alert: Alert) -> TriageFailure:
    """The alert's failure; a record fails the test."""
    outcome = asyncio.run(pipeline.triage(alert))
    assert isinstance(outcome, TriageFailure), outcome.recommendation
    return outcome


@cache
def demo_alerts() -> tuple[Alert, ...]:
    """The shipped alerts about invented people."""
    outcomes = list(read_alerts([DEMO / "alerts"]))
    alerts = tuple(outcome for outcome in outcomes if isinstance(outcome, Alert))
    assert len(alerts) == len(outcomes) >= 12
    return alerts
