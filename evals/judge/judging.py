"""judge_claims: every claim put to the judge twice, in two orders, and what came of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from pydantic import Field

from agent.domain.alert import Moment
from agent.domain.base import ContentHash, Frozen, Id, Line, Phrase
from agent.domain.record import TriageRecord, Usage
from agent.errors import ConfigError, ModelError
from agent.llm.client import ModelReply
from agent.llm.replies import parse_reply
from agent.llm.spec import ModelSpec
from agent.triage.llm_draft import ChatClient
from evals.cases.case import Split
from evals.judge.claims import Claim, ClaimKind, RunClaims
from evals.judge.rubric import ORDERS, JudgeAnswer, Rubric, Support, answer_schema
from evals.running.runs import Run

Price = Callable[[str | None, Usage], float | None]
"""Model and usage of one call → US dollars, None where no price is known."""
OnDone = Callable[[int, int], None]
"""Called with how many different claims are done, and of how many."""

CONCURRENCY: Final = 8
"""Claims that are asked about at a time."""
_DATED: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


class JudgeRefused(ConfigError):
    """The judge is the model whose work it would judge."""


class JudgedClaim(Frozen):
    """What the judge made of one claim."""

    case_id: Id
    epoch: int
    claim_id: str
    kind: ClaimKind
    subject: str
    claim: ContentHash
    asked: bool
    """False where no quote stands in the article: there is nothing to ask about, and the claim is unsupported."""
    verdict: Support | None
    """None where an asking failed. ``cannot_tell`` also where the two askings disagree."""
    answers: tuple[Support, ...] = ()
    """What was said in the first and in the second asking."""
    reasons: tuple[str, ...] = ()
    """Left out for cases that nobody may read."""
    error: Line | None = None

    @property
    def supported(self) -> bool:
        """Only what was said to be supported, twice, is; a failure never is."""
        return self.verdict is Support.SUPPORTED

    @property
    def disagreed(self) -> bool:
        """Whether the two askings gave different verdicts."""
        return len(set(self.answers)) > 1


class JudgeBinding(Frozen):
    """What a verdict depends on beside the claim: a calibration holds for this and nothing else."""

    model: Phrase
    """``provider:name`` as asked for."""
    answered_as: tuple[Phrase, ...]
    """What the endpoint called itself, sorted: a name may come to stand for another model."""
    parameters: dict[Phrase, Any]
    rubric: Phrase
    """``claim@version#hash``."""
    rubric_hash: ContentHash


class Judgement(Frozen):
    """A run's claims as judged, and by what."""

    run_id: Id
    judged_at: Moment
    binding: JudgeBinding
    usage: Usage
    failed_alerts: tuple[tuple[str, int, str], ...] = Field(default=())
    """Case, epoch and cluster of the samples that have no record, and so no claims."""
    claims: tuple[JudgedClaim, ...]


class AskingClient(ChatClient, Protocol):
    """A chat client that knows which model it asks; ``agent.llm.client.ModelClient`` is one."""

    spec: ModelSpec


class _Asked(Frozen):
    verdict: Support | None
    answers: tuple[Support, ...] = ()
    reasons: tuple[str, ...] = ()
    error: Line | None = None
    usage: Usage = Usage()
    answered_as: tuple[str, ...] = ()


def refuse_own_work(run: Run, judge: str, answered_as: Iterable[str] = ()) -> None:
    """Raise JudgeRefused where ``judge``, or what it calls itself, drafted the run.

    Dates at the end of names, providers and folders do not make another model of it.
    """
    drafted = {
        _strip_date(sample.outcome.provenance.model)
        for sample in run.samples
        if isinstance(sample.outcome, TriageRecord) and sample.outcome.provenance.model
    }
    if run.manifest.model:
        drafted.add(_strip_provider(run.manifest.model))
    for name, bare in ((judge, _strip_provider(judge)), *((name, _strip_date(name)) for name in answered_as)):
        if bare in drafted:
            raise JudgeRefused(
                f"The judge {name} drafted run {run.manifest.run_id}: no model judges its own work. Name another "
                "with --model."
            )


def judge_run(
    client: AskingClient,
    rubric: Rubric,
    run: Run,
    found: RunClaims,
    *,
    secret: bytes,
    price: Price = lambda _, __: None,
    concurrency: int = CONCURRENCY,
    on_done: OnDone = lambda _, __: None,
) -> Judgement:
    """All claims of a run, judged.

    Raises JudgeRefused before anything is asked, or as soon as the judge names itself as the model that drafted;
    ModelErrors that no further claim would survive.
    """
    refuse_own_work(run, client.spec.name)
    claims, names, usage = asyncio.run(
        judge_claims(
            client,
            rubric,
            found.claims,
            secret=secret,
            refuse=lambda answered_as: refuse_own_work(run, client.spec.name, answered_as),
            price=price,
            concurrency=concurrency,
            on_done=on_done,
        )
    )
    return Judgement(
        run_id=run.manifest.run_id,
        judged_at=datetime.now(UTC),
        binding=JudgeBinding(
            model=client.spec.name,
            answered_as=names,
            parameters=client.spec.parameters(),
            rubric=rubric.prompt.reference,
            rubric_hash=rubric.hash,
        ),
        usage=usage,
        failed_alerts=found.failed,
        claims=claims,
    )


async def judge_claims(
    client: ChatClient,
    rubric: Rubric,
    claims: Sequence[Claim],
    *,
    secret: bytes,
    refuse: Callable[[Sequence[str]], None] = lambda _: None,
    price: Price = lambda _, __: None,
    concurrency: int = CONCURRENCY,
    on_done: OnDone = lambda _, __: None,
) -> tuple[tuple[JudgedClaim, ...], tuple[str, ...], Usage]:
    """The claims judged, in their order; the names the judge gave itself; and what it cost.

    Equal claims are asked about once. ``refuse`` is told each new name and may raise. A call that fails leaves its
    claim without a verdict; ModelErrors that stop a queue (access, quota) escape, as nothing more would succeed.
    """
    waiting = {claim.hash: claim for claim in claims if claim.evidence}
    gate = asyncio.Semaphore(concurrency)
    answers: dict[str, _Asked] = {}
    names: set[str] = set()

    async def work(claim: Claim) -> None:
        async with gate:
            asked = await _ask_twice(client, rubric, claim, secret, price)
        if new := sorted(set(asked.answered_as) - names):
            refuse(new)
            names.update(new)
        answers[claim.hash] = asked
        on_done(len(answers), len(waiting))

    try:
        async with asyncio.TaskGroup() as group:
            for claim in waiting.values():
                group.create_task(work(claim))
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    usage = _add_usage(asked.usage for asked in answers.values())
    return tuple(_judged(claim, answers.get(claim.hash)) for claim in claims), tuple(sorted(names)), usage


async def _ask_twice(client: ChatClient, rubric: Rubric, claim: Claim, secret: bytes, price: Price) -> _Asked:
    given: list[JudgeAnswer] = []
    replies: list[ModelReply] = []
    error: str | None = None
    try:
        for asking, order in enumerate(ORDERS):
            replies.append(await client.ask(rubric.ask(claim, asking, secret), answer_schema(order)))
            given.append(parse_reply(replies[-1].text, JudgeAnswer))
    except ModelError as failure:
        if failure.stops_queue:
            raise
        error = f"{type(failure).__name__}: {failure}"[:600]
    verdicts = tuple(one.verdict for one in given)
    settled = None if error else verdicts[0] if len(set(verdicts)) == 1 else Support.CANNOT_TELL
    return _Asked(
        verdict=settled,
        answers=verdicts,
        reasons=tuple(one.reason for one in given),
        error=error,
        usage=_add_usage(_priced(reply, price) for reply in replies),
        answered_as=tuple(sorted({reply.model for reply in replies})),
    )


def _judged(claim: Claim, asked: _Asked | None) -> JudgedClaim:
    found = asked or _Asked(verdict=Support.UNSUPPORTED)
    shown = claim.split is not Split.HOLDOUT
    return JudgedClaim(
        case_id=claim.case_id,
        epoch=claim.epoch,
        claim_id=claim.claim_id,
        kind=claim.kind,
        subject=claim.subject,
        claim=claim.hash,
        asked=asked is not None,
        verdict=found.verdict,
        answers=found.answers,
        reasons=found.reasons if shown else (),
        error=found.error if shown or found.error is None else found.error.partition(":")[0],
    )


def _priced(reply: ModelReply, price: Price) -> Usage:
    """What the reply costs now: nothing when it was kept from an earlier asking."""
    cost = 0.0 if reply.from_ledger else price(reply.model, reply.usage)
    return reply.usage.model_copy(update={"cost_usd": cost})


def _add_usage(parts: Iterable[Usage]) -> Usage:
    listed = list(parts)
    costs = [one.cost_usd for one in listed if one.cost_usd is not None]
    return Usage(
        input_tokens=sum(one.input_tokens for one in listed),
        output_tokens=sum(one.output_tokens for one in listed),
        cached_tokens=sum(one.cached_tokens for one in listed),
        calls=sum(one.calls for one in listed),
        cost_usd=sum(costs) if len(costs) == len(listed) else None,
    )


def _strip_provider(name: str) -> str:
    """``openai:gpt-x-2026-01-31`` and ``azure_openai:GPT-X`` are both ``gpt-x``."""
    return _strip_date(name.partition(":")[2])


def _strip_date(name: str) -> str:
    return _DATED.sub("", name.strip().casefold()).rsplit("/", 1)[-1]
