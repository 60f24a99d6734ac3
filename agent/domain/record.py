"""What triage of one alert yields, and what people later decide about it. Immutable; anything later appends."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from agent.domain.alert import Moment
from agent.domain.base import ContentHash, Frozen, Id, Line, LocalId, Name, Phrase, QuoteText
from agent.domain.candidate import SubjectCandidate
from agent.domain.reading import InjectionMark
from agent.domain.summary import RiskSummary
from agent.domain.taxonomy import Disposition, PrecedentOutcome, RecommendationValue

ReasonCode = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(:[a-z0-9_.,+-]+)*$", max_length=120)]
"""A reason code: ``convicted:fraud``, ``no_adverse_cue``, ``omission:p4.s2``."""
LongText = Annotated[str, StringConstraints(max_length=2_000)]


class Ungrounded(Frozen):
    """A quote or a stated fact that the article does not contain; kept, shown and counted."""

    claim: LocalId
    text: QuoteText
    reason: Line


class Grounding(Frozen):
    """How many quotes were given and found word for word, and what was not."""

    quotes: int = Field(ge=0)
    found: int = Field(ge=0)
    ungrounded: tuple[Ungrounded, ...] = Field(default=(), max_length=500)
    unsupported: tuple[Phrase, ...] = Field(default=(), max_length=200)
    """Numbers, dates, amounts and names of the narrative that neither article nor cited reference holds."""
    lowered: tuple[Line, ...] = Field(default=(), max_length=100)
    """Stages and roles set to ``undetermined`` because no quoted sentence carries them."""


class Omission(Frozen):
    """A risk sentence about the subject that no claim covers."""

    sentence: LocalId
    text: LongText
    cues: tuple[Phrase, ...] = Field(default=(), max_length=20)


class RetrievedPrecedent(Frozen):
    """A past decision that was laid beside the alert, for the analyst; no name of another customer stands here."""

    precedent_id: Id
    outcome: PrecedentOutcome
    reason_code: Phrase
    decided_at: Moment
    imported: bool
    similarity: float
    dense_rank: int | None = None
    lexical_rank: int | None = None
    alike: tuple[Phrase, ...] = Field(default=(), max_length=12)
    differs: tuple[Phrase, ...] = Field(default=(), max_length=12)


class Recommendation(Frozen):
    """What the policy recommends, and why, in reason codes. A person decides."""

    value: RecommendationValue
    reasons: tuple[ReasonCode, ...] = Field(default=(), max_length=40)


class Usage(Frozen):
    """What a model call cost."""

    input_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    calls: int = Field(default=0, ge=0)
    cost_usd: float | None = None


class Draft(Frozen):
    """A drafter's answer before grounding."""

    summary: RiskSummary
    drafter: Phrase
    """``extractive`` or ``llm``."""
    prompt: Phrase | None = None
    """``name@version#hash``."""
    model: Phrase | None = None
    """The model's id as the API returned it."""
    parameters: dict[Phrase, Any] = Field(default_factory=dict, max_length=20)
    raw_replies: tuple[str, ...] = Field(default=(), max_length=40)
    usage: Usage = Usage()
    fallback_reason: Line | None = None
    """Why the model's draft is not used, when it is not."""
    notes: tuple[Line, ...] = Field(default=(), max_length=20)


class Provenance(Frozen):
    """Where a record comes from: enough to ask the same question again."""

    alert_fingerprint: ContentHash
    code_version: Phrase
    policy_hash: ContentHash
    prompt: Phrase | None = None
    model: Phrase | None = None
    parameters: dict[Phrase, Any] = Field(default_factory=dict, max_length=20)
    fallback_reason: Line | None = None
    profiles: dict[Id, float] = Field(default_factory=dict, max_length=20)
    precedents: dict[Id, float] = Field(default_factory=dict, max_length=20)
    dossier_hash: ContentHash
    language: Phrase
    subject_basis: Phrase
    usage: Usage = Usage()
    latency_ms: int = Field(ge=0)
    started_at: Moment
    finished_at: Moment


class TriageRecord(Frozen):
    """The immutable result of triaging one revision of one alert."""

    alert_id: Id
    drafter: Phrase
    recommendation: Recommendation
    summary: RiskSummary
    grounding: Grounding
    omissions: tuple[Omission, ...] = Field(default=(), max_length=500)
    candidates: tuple[SubjectCandidate, ...] = Field(default=(), max_length=20)
    """Who can be the subject, likeliest first, each held against the reference profiles of that name."""
    precedents: tuple[RetrievedPrecedent, ...] = Field(default=(), max_length=20)
    """Past decisions on cases like this, in equal number an outcome; no drafter saw how they ended."""
    outcome_counts: dict[PrecedentOutcome, int] = Field(default_factory=dict)
    """How all precedents of the index ended: the base rate."""
    marks: tuple[InjectionMark, ...] = Field(default=(), max_length=500)
    """Stretches of the article that look planted or hidden."""
    notes: tuple[Line, ...] = Field(default=(), max_length=60)
    provenance: Provenance
    raw_replies: tuple[str, ...] = Field(default=(), max_length=40, exclude=True)
    """Kept in the store's erasable content, never printed."""


class FailureDetail(Frozen):
    """At which step it failed, with which error, and whether trying again may help."""

    stage: Literal["intake", "read", "retrieve", "draft", "ground", "recommend", "store"]
    error: Phrase
    message: LongText
    retryable: bool


class TriageFailure(Frozen):
    """An alert that could not be triaged: a value the queue and the desk show, never silence."""

    alert_id: Id | None
    failure: FailureDetail
    source: Phrase | None = None
    """File and line the alert came from."""


class Decision(Frozen):
    """What a person decided about a record, and why."""

    decision_id: Id
    alert_id: Id
    author: Name
    disposition: Disposition
    reason_code: Phrase
    rationale: Annotated[str, StringConstraints(min_length=10, max_length=4_000)]
    decided_at: Moment


class Approval(Frozen):
    """A second person's agreement, which makes a decision final."""

    decision: Decision
    by: Name
    approved_at: Moment

    @model_validator(mode="after")
    def _two_people(self) -> Approval:
        if self.by.strip().casefold() == self.decision.author.strip().casefold():
            raise ValueError(f"decision {self.decision.decision_id!r} cannot be approved by its own author {self.by!r}")
        return self


class AuditEntry(Frozen):
    """One link of the audit chain: ids and salted hashes only."""

    seq: int = Field(ge=1)
    at: Moment
    actor: Phrase
    action: Phrase
    object_id: Phrase
    content_hash: ContentHash | None = None
    previous: ContentHash | None = None
    hash: ContentHash
