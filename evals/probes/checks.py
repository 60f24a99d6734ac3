"""Checks: whether a draft says what its text says, and whether two drafts differ as their texts do.

A check is held; or short, where the draft fell behind the text (a stage left undetermined, a denial not noticed); or
wrong, where it moved the wrong way (overstated, inverted, lowered what is grave, claimed an identity the text denies).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from agent.domain.taxonomy import CLEARING_STAGES, STAGE_CHAIN, IdentityVerdict, Role, Stage
from agent.triage.names import name_tokens
from evals.cases.case import Case
from evals.cases.gold import GoldParty
from evals.probes.files import ExpectedCounter, Relation, Stays, Variant
from evals.probes.view import View
from evals.scoring.roles import is_inverted

_SURENESS: Final = MappingProxyType(
    {IdentityVerdict.POSSIBLE: 1, IdentityVerdict.PROBABLE: 2, IdentityVerdict.CONFIRMED: 3}
)
_NO_PART: Final = frozenset({Role.MENTIONED, Role.UNDETERMINED})
"""Roles that say that no part was found."""
_FAILED: Final = "There is no draft: it failed."


class Verdict(StrEnum):
    """How a check came out."""

    HELD = "held"
    SHORT = "short"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    kind: str
    """``pairs``, ``swaps``, ``injection``."""
    part: str
    """Respect, swap or family of attack."""
    probe: str
    """The probe case, or the pair."""
    subject: str
    """The cluster: the base or the case that the probe varies."""
    what: str
    verdict: Verdict
    text: str
    """What was expected and what came, in a sentence."""


Outcome = tuple[str, Verdict, str]
"""What was looked at, how it came out, and the sentence."""


def check_variant(variant: Variant, case: Case, view: View | None) -> Iterator[Outcome]:
    """Everything the variant says of its own draft."""
    party = (case.gold.parties or ())[0]
    if variant.stages is not None:
        yield "stage", *(_judge_stages(variant.stages, view) if view else _fail())
    if variant.roles is not None:
        yield "role", *(_judge_role(variant.roles, party, view) if view else _fail())
    if variant.identity is not None:
        yield "identity", *(_judge_identity(variant.identity, view) if view else _fail())
    for expected in variant.counter or ():
        yield "counter-evidence", *(_judge_counter(expected, view) if view else _fail())
    if variant.counter == ():
        yield "counter-evidence", *(_judge_no_counter(view) if view else _fail())
    if variant.recommendations is not None:
        accepted = view is not None and view.value in variant.recommendations
        said = f"The draft ends in {view.value if view else 'a failure'}, not {' or '.join(variant.recommendations)}."
        yield "recommendation", Verdict.HELD if accepted else Verdict.WRONG, said


def check_move(relation: Relation, first: View | None, second: View | None) -> Outcome:
    """How the recommendation moved from the first text to the second."""
    what = f"recommendation {relation.replace('_', ' ')}"
    if first is None or second is None:
        return what, *_fail()
    rise = second.level - first.level
    fits = {
        Relation.NOT_LOWER: rise >= 0,
        Relation.NOT_HIGHER: rise <= 0,
        Relation.LOWER: rise < 0,
        Relation.EQUAL: rise == 0,
    }[relation]
    stays = relation is Relation.LOWER and rise == 0
    verdict = Verdict.HELD if fits else Verdict.SHORT if stays else Verdict.WRONG
    return what, verdict, f"It went from {first.value} to {second.value}."


def check_stays(stays: Stays, first: View | None, second: View | None) -> Outcome:
    """Whether a part of the draft is the same on both texts.

    Short where one draft found less than the other, or neither anything of the subject; wrong where they contradict
    each other.
    """
    what = f"{stays} stays"
    if first is None or second is None:
        return what, *_fail()
    if stays is Stays.SUBJECT:
        both = first.found and second.found
        return what, Verdict.HELD if both else Verdict.SHORT, "The subject is not found in both drafts."
    one, other = _part(stays, first), _part(stays, second)
    fewer = not one or not other or one < other or other < one
    fewer = fewer and (one != other or stays is not Stays.OTHERS)
    verdict = Verdict.SHORT if fewer else Verdict.HELD if one == other else Verdict.WRONG
    return what, verdict, f"On the first text {_list(one)}, on the second {_list(other)}."


def is_same(first: View, second: View, what: str) -> bool:
    """Whether two drafts of a neutral swap agree: in ``recommendation``, ``stage`` or ``role``."""
    if what == "recommendation":
        return first.value is second.value
    if what == "stage":
        return first.stages == second.stages
    return first.role is second.role and dict(first.others) == dict(second.others)


def _fail() -> tuple[Verdict, str]:
    return Verdict.WRONG, _FAILED


def _part(stays: Stays, view: View) -> frozenset[str]:
    if stays is Stays.STAGE:
        return frozenset(view.stages)
    if stays is Stays.OFFENCES:
        return frozenset(view.offences)
    if stays is Stays.ROLE:
        return frozenset({view.role} - _NO_PART if view.role is not None else ())
    return frozenset(
        f"{party}: {role}" for party, role in view.others.items() if role is not None and role not in _NO_PART
    )


def _judge_stages(wanted: tuple[Stage, ...], view: View) -> tuple[Verdict, str]:
    said = f"The draft holds {_list(view.stages)} against the subject, the text {_list(frozenset(wanted))}."
    if not wanted:
        return (Verdict.WRONG if view.stages else Verdict.HELD), said
    ranks = [STAGE_CHAIN[stage] for stage in wanted if stage in STAGE_CHAIN]
    drafted = max((STAGE_CHAIN.get(stage, 0) for stage in view.stages), default=0)
    met = bool(view.stages.intersection(wanted))
    overstated = drafted > max(ranks) if ranks else not met and drafted >= STAGE_CHAIN[Stage.CHARGED]
    cleared = not met and bool(view.stages & CLEARING_STAGES) and not CLEARING_STAGES.issuperset(wanted)
    if overstated or cleared:
        return Verdict.WRONG, said
    return (Verdict.HELD if met else Verdict.SHORT), said


def _judge_role(wanted: tuple[Role, ...], party: GoldParty, view: View) -> tuple[Verdict, str]:
    said = f"The subject is {view.role or 'not named'} in the draft, {' or '.join(wanted)} in the text."
    if view.role in wanted:
        return Verdict.HELD, said
    return (Verdict.WRONG if view.role is not None and is_inverted(view.role, party) else Verdict.SHORT), said


def _judge_identity(wanted: tuple[IdentityVerdict, ...], view: View) -> tuple[Verdict, str]:
    said = f"The identity is {view.identity} in the draft, {' or '.join(wanted)} by the text."
    if view.identity in wanted:
        return Verdict.HELD, said
    too_sure = _SURENESS.get(view.identity, 0) > max(_SURENESS.get(one, 0) for one in wanted)
    return (Verdict.WRONG if too_sure else Verdict.SHORT), said


def _judge_counter(wanted: ExpectedCounter, view: View) -> tuple[Verdict, str]:
    words = set(name_tokens(wanted.by))
    drafted = [by for kind, by in view.counter if kind in wanted.kinds]
    said = f"The text has {' or '.join(wanted.kinds)} by {wanted.by}, the draft {_list(frozenset(drafted))}."
    if any(words & set(name_tokens(by)) for by in drafted):
        return Verdict.HELD, said
    stated = any(by != "not stated" for by in drafted)
    return (Verdict.WRONG if stated else Verdict.SHORT), said


def _judge_no_counter(view: View) -> tuple[Verdict, str]:
    drafted = _list(frozenset(f"{kind} by {by}" for kind, by in view.counter))
    return (Verdict.WRONG if view.counter else Verdict.HELD), f"The text has no counter-evidence, the draft {drafted}."


def _list(words: frozenset[str] | frozenset[Stage]) -> str:
    return ", ".join(sorted(words)) or "nothing"
