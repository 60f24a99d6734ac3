"""How much a set of findings about the subject weighs under the policy: the one scale for drafts and for the reader."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Final

from agent.domain.taxonomy import CLEARING_STAGES, STAGE_CHAIN, Offence, Stage
from agent.triage.policy import Policy


class Level(IntEnum):
    """How far findings about the subject reach; a higher level is never closed more easily."""

    NONE = 0
    CLOSABLE = 1
    """Only old findings, or ones that ended in the subject's favour, which the policy lets be closed."""
    REVIEW = 2
    ESCALATE = 3


@dataclass(frozen=True, slots=True)
class AdverseClaim:
    """One thing held against the subject: offences (none when not said), stage, ISO date of any precision or None."""

    offences: tuple[Offence, ...]
    stage: Stage
    when: str | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """A level and the reason codes that led to it, gravest first."""

    level: Level
    reasons: tuple[str, ...] = ()


_COURT_ENDED: Final = frozenset({Stage.ACQUITTED, Stage.DISMISSED})
_PENDING: Final = frozenset(STAGE_CHAIN) - {Stage.CONVICTED} | {Stage.APPEAL, Stage.UNDETERMINED}
"""What an acquittal or a dismissal of the same offence ends; a conviction ends only by being overturned or pardoned."""


def escalation_level(
    claims: Iterable[AdverseClaim], policy: Policy, credibility: float, as_of: date, *, lenient: bool = True
) -> Weighing:
    """Weigh findings about the subject.

    ``credibility`` is the source's, 0 to 1. Without ``lenient`` nothing in the article's own words speaks for the
    subject: source, age and clearing are not taken into account. That is how an article with planted text is weighed.
    """
    claims = list(dict.fromkeys(claims))
    weighed = [_weigh(claim, claims, policy, credibility, as_of, lenient) for claim in claims]
    weighed.sort(key=lambda part: (-part[0], -part[1], part[2]))
    level = max((part[0] for part in weighed), default=Level.NONE)
    return Weighing(level, tuple(dict.fromkeys(reason for _, _, reason in weighed)))


def _weigh(
    claim: AdverseClaim,
    claims: Sequence[AdverseClaim],
    policy: Policy,
    credibility: float,
    as_of: date,
    lenient: bool,
) -> tuple[Level, float, str]:
    """Level, score and reason code of one claim among the others about the same party."""
    offence = _gravest(claim, claims, policy)
    severity = policy.severity[offence]
    code = f"{claim.stage}:{offence}"
    score = float(severity * policy.stage_weight[claim.stage])
    if claim.stage in CLEARING_STAGES:
        closable = lenient and policy.closing.cleared_findings
        return (Level.CLOSABLE if closable else Level.REVIEW), score, code
    if lenient and _is_cleared(claim, claims):
        return (Level.CLOSABLE if policy.closing.cleared_findings else Level.REVIEW), score, f"cleared:{code}"
    if lenient and _is_stale(claim, policy.stale_after_years[severity], as_of):
        return (Level.CLOSABLE if policy.closing.stale_findings else Level.REVIEW), score, f"stale:{code}"
    score *= credibility if lenient else 1.0
    return (Level.ESCALATE if score >= policy.escalate_at else Level.REVIEW), score, code


def _gravest(claim: AdverseClaim, claims: Sequence[AdverseClaim], policy: Policy) -> Offence:
    """The claim's gravest offence; where its sentence names none ("he was convicted"), the gravest of the others."""
    named = claim.offences or tuple(offence for other in claims for offence in other.offences) or (Offence.OTHER,)
    return min(named, key=lambda offence: (-policy.severity[offence], offence.value))


def _is_cleared(claim: AdverseClaim, claims: Sequence[AdverseClaim]) -> bool:
    """Whether the same matter ended in the subject's favour: accusations by acquittal, convictions by being undone.

    A clearing that names no offence ("he was acquitted") ends every accusation, and a conviction if it is the only one.
    """
    if claim.stage not in _PENDING | {Stage.CONVICTED}:
        return False
    pending = claim.stage in _PENDING
    sole = pending or sum(other.stage is Stage.CONVICTED for other in claims) == 1
    return any(
        set(claim.offences) <= set(other.offences) if claim.offences and other.offences else sole
        for other in claims
        if other.stage in CLEARING_STAGES and (pending or other.stage not in _COURT_ENDED)
    )


def _is_stale(claim: AdverseClaim, years: int | None, as_of: date) -> bool:
    """Whether the whole period the date names lies more than ``years`` back; an undated claim is never stale."""
    if years is None or claim.when is None:
        return False
    last_year, _, rest = claim.when.partition("-")
    last_day = f"{rest}-31"[:5] if rest else "12-31"
    return (int(last_year) + years, last_day) < (as_of.year, as_of.strftime("%m-%d"))
