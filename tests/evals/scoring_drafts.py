"""Records made by hand for the scorers' tests: a perfect one from the gold, and the same with chosen faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from agent.domain.fingerprint import alert_fingerprint
from agent.domain.record import (
    FailureDetail,
    Grounding,
    Provenance,
    Recommendation,
    RetrievedPrecedent,
    TriageFailure,
    TriageRecord,
    Usage,
)
from agent.domain.summary import CounterEvidence, Event, Identity, Party, Quote, RiskSummary
from agent.domain.taxonomy import PrecedentOutcome, RecommendationValue
from evals.cases.case import Case
from evals.cases.gold import Truth
from evals.running.runs import Run, RunManifest, Sample
from evals.scoring.measure import SampleScore
from evals.scoring.score import score_sample
from evals.scoring.spans import all_quotes

HASH: Final = "sha256:" + "0" * 64
WHEN: Final = datetime(2026, 3, 1, tzinfo=UTC)
_BEST: Final = {
    Truth.ESCALATE: RecommendationValue.ESCALATE,
    Truth.CLOSE: RecommendationValue.CLOSE_NOT_MATERIAL,
    Truth.OPEN: RecommendationValue.REVIEW,
}


def quote(case: Case, words: str) -> Quote:
    """The words with their place in the article; without one where they do not stand there."""
    start = case.alert.article.text.find(words)
    return Quote(text=words, start=start, end=start + len(words)) if start >= 0 else Quote(text=words)


def draft_perfectly(case: Case) -> RiskSummary:
    """What the gold says, in the shape of a draft."""
    gold = case.gold
    verdict = gold.identity.verdicts[0] if gold.identity else "unknown_subject"
    return RiskSummary(
        parties=tuple(
            Party(
                id=party.id,
                name=party.name,
                kind=party.kind,
                role=party.roles[0],
                aliases=party.aliases,
                quotes=(quote(case, party.name),),
            )
            for party in gold.parties or ()
        ),
        subject_party=gold.subject_party,
        identity=Identity.model_validate({"verdict": verdict}),
        events=tuple(
            Event(
                id=event.id,
                offences=event.offences,
                stage=event.stages[0],
                in_absentia=event.in_absentia,
                final=event.final,
                parties=event.parties,
                claim="The article reported this.",
                quotes=tuple(quote(case, words) for words in event.evidence),
            )
            for event in gold.events or ()
        ),
        counter_evidence=tuple(
            CounterEvidence(
                id=entry.id,
                kind=entry.kinds[0],
                by=entry.by,
                claim="The article reported this.",
                quotes=tuple(quote(case, words) for words in entry.evidence),
            )
            for entry in gold.counter_evidence or ()
        ),
        narrative="The article reported a matter. Nothing more was said.",
    )


def make_record(
    case: Case,
    summary: RiskSummary | None = None,
    *,
    recommendation: str | None = None,
    precedents: Iterable[RetrievedPrecedent] | None = None,
    profiles: Mapping[str, float] | None = None,
    grounding: Grounding | None = None,
    **changes: Any,
) -> TriageRecord:
    """A record of the case: perfect but for what is given."""
    summary = summary or draft_perfectly(case)
    gold = case.gold
    quotes = [one for _, one in all_quotes(summary)]
    found = sum(one.start is not None for one in quotes)
    best = (gold.recommendations or (_BEST[case.truth],))[0]
    known = gold.identity.profile if gold.identity else None
    record = TriageRecord(
        alert_id=case.id,
        drafter="llm",
        recommendation=Recommendation(value=RecommendationValue(recommendation or best), reasons=("made_up",)),
        summary=summary,
        grounding=grounding or Grounding(quotes=len(quotes), found=found),
        precedents=tuple(precedents if precedents is not None else _all_precedents(case)),
        provenance=Provenance(
            alert_fingerprint=alert_fingerprint(case.alert),
            code_version="0",
            policy_hash=HASH,
            profiles=dict(profiles if profiles is not None else ({known: 1.0} if known else {})),
            dossier_hash=HASH,
            language=case.language,
            subject_basis="header",
            usage=Usage(input_tokens=100, output_tokens=20, calls=1, cost_usd=0.01),
            latency_ms=1,
            started_at=WHEN,
            finished_at=WHEN,
        ),
    )
    return record.model_copy(update=changes)


def make_precedent(precedent_id: str, decided_at: datetime) -> RetrievedPrecedent:
    """A precedent as a record shows it."""
    return RetrievedPrecedent(
        precedent_id=precedent_id,
        outcome=PrecedentOutcome.MATERIAL,
        reason_code="x",
        decided_at=decided_at,
        imported=True,
        similarity=0.5,
    )


def _all_precedents(case: Case) -> list[RetrievedPrecedent]:
    before = (case.alert.received_at or WHEN) - timedelta(days=30)
    ranked = sorted(case.gold.precedents.items(), key=lambda entry: -entry[1])
    return [make_precedent(one, before) for one, _ in ranked]


def make_failure(case: Case) -> TriageFailure:
    """The case's failure."""
    detail = FailureDetail(stage="draft", error="ModelTimeout", message="No reply.", retryable=True)
    return TriageFailure(alert_id=case.id, failure=detail)


def score(case: Case, outcome: TriageRecord | TriageFailure | RiskSummary, epoch: int = 1) -> SampleScore:
    """The score of an outcome, or of a perfect record with another summary."""
    record = make_record(case, outcome) if isinstance(outcome, RiskSummary) else outcome
    return score_sample(case, Sample(case_id=case.id, epoch=epoch, outcome=record, seconds=1.5))


def make_run(samples: Iterable[Sample], *, cases: int = 1, epochs: int = 1) -> Run:
    """A run of these samples."""
    manifest = RunManifest(
        run_id="r1",
        started_at=WHEN,
        drafter="llm",
        cases=cases,
        epochs=epochs,
        cases_hash=HASH,
        references_hash=HASH,
        policy_hash=HASH,
        code_version="0",
    )
    return Run(manifest=manifest, samples=tuple(samples))
