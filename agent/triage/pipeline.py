"""The spine: read, retrieve, draft, ground, check omissions, recommend. One alert in, one record or failure out."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Literal, Protocol

from agent.domain.alert import Alert, Article, Subject
from agent.domain.candidate import SubjectCandidate
from agent.domain.fingerprint import alert_fingerprint, content_hash
from agent.domain.reading import Reading, ReadParty, SubjectBasis
from agent.domain.record import (
    Draft,
    FailureDetail,
    Grounding,
    Provenance,
    RetrievedPrecedent,
    TriageFailure,
    TriageRecord,
)
from agent.domain.reference import Dossier, PrecedentMatch
from agent.domain.summary import RiskSummary
from agent.errors import ConfigError, TriageError
from agent.triage.candidates import find_bearer, rank_candidates
from agent.triage.dossier import ReferenceSource, build_dossier, profiles_looked_up
from agent.triage.ground import ground_summary
from agent.triage.identity import compare_identity, date_told
from agent.triage.llm_draft import Drafter, is_incomplete
from agent.triage.names import as_written, match_read_parties
from agent.triage.omissions import find_omissions
from agent.triage.policy import Policy
from agent.triage.recommend import recommend

Clock = Callable[[], datetime]
_Step = Literal["read", "retrieve", "draft", "ground", "recommend"]


class ArticleReader(Protocol):
    """Whoever reads articles without a model; ``agent.reading.reader.Reader`` does."""

    def read(self, article: Article, subject: Subject | None = None) -> Reading:
        """What the article says."""


def utc_now() -> datetime:
    """The present moment, in UTC."""
    return datetime.now(UTC)


class Pipeline:
    """Triages alerts with one drafter, one policy and one reference source; safe for many coroutines at a time."""

    def __init__(
        self,
        *,
        reader: ArticleReader,
        drafter: Drafter,
        policy: Policy,
        code_version: str,
        source: ReferenceSource | None = None,
        notes: Iterable[str] = (),
        clock: Clock = utc_now,
    ) -> None:
        """``source`` may be None when no index could be opened; ``notes`` then says why, in every record."""
        self._reader = reader
        self._drafter = drafter
        self._policy = policy
        self._code_version = code_version
        self._source = source
        self._notes = tuple(notes)
        self._clock = clock

    def prepare(self, alert: Alert) -> Dossier:
        """The dossier a drafter would see: what ``triage prompt render`` shows. Raises TriageError."""
        reading = self._reader.read(alert.article, alert.subject)
        return self._retrieve(alert, reading, self._clock())

    async def triage(self, alert: Alert) -> TriageRecord | TriageFailure:
        """The alert's record; an error of ours becomes a TriageFailure that names the step.

        Bugs escape, and so does ConfigError: nothing of the queue would succeed until a person mends it.
        """
        started, begun = self._clock(), time.monotonic()
        step: _Step = "read"
        try:
            reading = self._reader.read(alert.article, alert.subject)
            step = "retrieve"
            dossier = self._retrieve(alert, reading, started)
            reading = dossier.reading
            step = "draft"
            drafted = self._drafter.draft(dossier)
            draft = await drafted if inspect.isawaitable(drafted) else drafted
            step = "ground"
            summary, grounding = ground_summary(
                draft.summary, alert.article, reading, _citable_texts(dossier, draft.summary)
            )
            searched = self._source is not None and profiles_looked_up(dossier)
            matches = dossier.profiles if searched else None
            candidates = rank_candidates(alert, reading, matches, _published(alert))
            summary = _with_identity(summary, dossier, candidates)
            step = "recommend"
            return self._record(dossier, draft, summary, grounding, candidates, started, begun)
        except ConfigError:
            raise
        except TriageError as error:
            detail = FailureDetail(
                stage=step,
                error=type(error).__name__,
                message=f"Alert {alert.alert_id}: {error}"[:2_000],
                retryable=error.retryable,
            )
            return TriageFailure(alert_id=alert.alert_id, failure=detail)

    def _retrieve(self, alert: Alert, reading: Reading, now: datetime) -> Dossier:
        """The dossier; a subject whom the article calls otherwise is read once more, by the name found there."""
        dossier = build_dossier(alert, reading, self._source, now)
        if alert.subject is None or reading.subject_basis is not SubjectBasis.NOT_IN_TEXT:
            return dossier
        bearer = find_bearer(alert, reading, dossier.profiles, _published(alert))
        if bearer is None:
            return dossier
        known = alert.subject.model_copy(update={"aliases": (*alert.subject.aliases, bearer.name)})
        reading = self._reader.read(alert.article, known)
        note = f"The alert's subject stands in the article as “{bearer.name}”."
        noted = reading.model_copy(update={"notes": (*reading.notes, note)[:20]})
        return build_dossier(alert, noted, self._source, now)

    def _record(
        self,
        dossier: Dossier,
        draft: Draft,
        summary: RiskSummary,
        grounding: Grounding,
        candidates: tuple[SubjectCandidate, ...],
        started: datetime,
        begun: float,
    ) -> TriageRecord:
        alert, reading = dossier.alert, dossier.reading
        omissions = find_omissions(summary, reading, alert.article)
        judged = reading.model_copy(update={"complete": False}) if is_incomplete(draft) else reading
        recommendation = recommend(
            summary, grounding, omissions, judged, draft.drafter, _as_of(alert, started), self._policy
        )
        notes = (*alert.notes, *_reading_notes(reading), *self._notes, *dossier.notes, *draft.notes)
        return TriageRecord(
            alert_id=alert.alert_id,
            drafter=draft.drafter,
            recommendation=recommendation,
            summary=summary,
            grounding=grounding,
            omissions=omissions,
            candidates=candidates,
            precedents=tuple(_retrieved(match) for match in dossier.precedents),
            outcome_counts=dossier.outcome_counts,
            marks=reading.marks,
            notes=tuple(dict.fromkeys(note[:600] for note in notes))[:60],
            provenance=Provenance(
                alert_fingerprint=alert_fingerprint(alert),
                code_version=self._code_version,
                policy_hash=self._policy.hash,
                prompt=draft.prompt,
                model=draft.model,
                parameters=draft.parameters,
                fallback_reason=draft.fallback_reason,
                profiles={
                    match.profile.profile_id: round(match.score, 4)
                    for match in sorted(dossier.profiles, key=lambda match: match.score)
                },
                precedents={match.precedent.precedent_id: round(match.similarity, 4) for match in dossier.precedents},
                dossier_hash=content_hash(dossier),
                language=reading.language,
                subject_basis=reading.subject_basis,
                usage=draft.usage,
                latency_ms=round((time.monotonic() - begun) * 1000),
                started_at=started,
                finished_at=self._clock(),
            ),
            raw_replies=draft.raw_replies,
        )


def _citable_texts(dossier: Dossier, summary: RiskSummary) -> tuple[str, ...]:
    """What a narrative may draw on beside the article: the subject as given, profiles, and ids of cited precedents.

    No drafter is shown the text of a precedent, so none of its names and amounts can be a narrative's.
    """
    subject = dossier.alert.subject
    texts = [" ".join((subject.name, *subject.aliases))] if subject is not None else []
    cited = {note.id for note in summary.precedents}
    texts += [match.profile.model_dump_json() for match in dossier.profiles]
    texts += [one for match in dossier.precedents if (one := match.precedent.precedent_id) in cited]
    return tuple(texts)


def _retrieved(match: PrecedentMatch) -> RetrievedPrecedent:
    precedent = match.precedent
    return RetrievedPrecedent(
        precedent_id=precedent.precedent_id,
        outcome=precedent.outcome,
        reason_code=precedent.reason_code,
        decided_at=precedent.decided_at,
        imported=precedent.imported,
        similarity=match.similarity,
        dense_rank=match.dense_rank,
        lexical_rank=match.lexical_rank,
        alike=match.alike,
        differs=match.differs,
    )


def _with_identity(summary: RiskSummary, dossier: Dossier, candidates: Sequence[SubjectCandidate]) -> RiskSummary:
    alert, reading = dossier.alert, dossier.reading
    party = _party_compared(summary, reading)
    ambiguous = reading.ambiguous_names
    if party is None and alert.subject is not None:
        bearers = [candidate.party for candidate in candidates if candidate.party is not None]
        party = reading.party(bearers[0]) if bearers else None
        ambiguous = (*ambiguous, alert.subject.name) if len(bearers) > 1 else ambiguous
    as_of = _published(alert)
    identity = compare_identity(
        alert.subject,
        as_written(party, alert.article.text) if party is not None else None,
        dossier.profiles,
        as_of,
        ambiguous,
        readable=reading.readable,
        told_of=date_told(reading, party, as_of) if party is not None else None,
    )
    return summary.model_copy(update={"identity": identity})


def _party_compared(summary: RiskSummary, reading: Reading) -> ReadParty | None:
    """The reader's own party behind the summary's subject, so that identity rests on the text alone.

    Where the reader found the screened name itself, no draft can put another party in its place.
    """
    if reading.subject is not None and reading.subject_basis is SubjectBasis.HEADER:
        return reading.party(reading.subject)
    drafted = next((party for party in summary.parties if party.id == summary.subject_party), None)
    if drafted is None:
        return reading.party(reading.subject) if reading.subject else None
    same = match_read_parties(drafted, reading)
    by_id = tuple(party for party in same if party.id == reading.subject)
    return next(iter(by_id or same), None)


def _published(alert: Alert) -> date | None:
    """The day the article is from, as far as the alert tells."""
    if alert.article.published_at is not None:
        parts = [int(part) for part in alert.article.published_at.split("-")]
        return date(parts[0], parts[1] if len(parts) > 1 else 12, parts[2] if len(parts) > 2 else 28)
    return alert.received_at.date() if alert.received_at is not None else None


def _as_of(alert: Alert, now: datetime) -> date:
    """The day an alert is judged from: when it was received, else now."""
    return alert.received_at.date() if alert.received_at is not None else now.date()


def _reading_notes(reading: Reading) -> Iterable[str]:
    if reading.unreadable_reason is not None:
        yield reading.unreadable_reason
    yield from reading.notes
