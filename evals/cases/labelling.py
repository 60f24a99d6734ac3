"""Blind second readings of cases: what a labeller is shown, what is labelled, and how far two readings agree."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from agent.domain.base import Frozen, Id, Name, Phrase
from agent.domain.reference import Profile
from agent.domain.taxonomy import (
    STAGE_CHAIN,
    CounterEvidenceKind,
    IdentityVerdict,
    Offence,
    RecommendationValue,
    Role,
    Stage,
)
from evals.cases.case import Case
from evals.cases.files import SHIPPED, CaseInvalid
from evals.cases.gold import Truth
from evals.statistics.agreement import Agreement, cohen_kappa
from retrieval.names.tokens import fold_tokens

PASSES: Final = SHIPPED / "labels"
"""Where the readings lie, one YAML file each."""


class LabelledEvent(Frozen):
    """An event as a reader sets it down: whom it is held against, by name."""

    parties: tuple[Name, ...] = ()
    offences: tuple[Offence, ...]
    stage: Stage


class LabelledCounterEvidence(Frozen):
    """What speaks for the other side, and who says so."""

    kind: CounterEvidenceKind
    by: Phrase


class Labels(Frozen):
    """One reading of one case."""

    id: Id
    truth: Truth
    recommendations: tuple[RecommendationValue, ...] = Field(min_length=1)
    subject_party: Name | None = None
    roles: dict[Name, Role]
    events: tuple[LabelledEvent, ...] = ()
    counter_evidence: tuple[LabelledCounterEvidence, ...] = ()
    identity: IdentityVerdict


class LabelAgreement(NamedTuple):
    """How far two readings agree on one thing: the plain share of units, and Cohen's κ with its 95 % interval."""

    what: str
    units: int
    share: float
    kappa: Agreement


def draw_tasks(cases: Iterable[Case], count: int, seed: int = 0) -> list[Case]:
    """A sample in which every shape comes before any comes twice; the same for the same seed."""
    shuffled = sorted(cases, key=lambda case: case.id)
    random.Random(seed).shuffle(shuffled)
    by_shape: dict[str, list[Case]] = defaultdict(list)
    for case in shuffled:
        by_shape[case.entry.shape].append(case)
    rounds = [list(one) for one in _rounds(list(by_shape.values()))]
    return [case for one in rounds for case in one][:count]


def describe_task(case: Case, profiles: Sequence[Profile]) -> dict[str, Any]:
    """What a labeller sees of a case: the alert, the profiles that share the name, the parties to label; no gold."""
    article = case.alert.article.model_dump(mode="json", exclude_none=True)
    subject = case.alert.subject
    return {
        "id": case.id,
        "subject": None if subject is None else subject.model_dump(mode="json", exclude_defaults=True),
        "profiles": [entry.model_dump(mode="json", exclude_defaults=True) for entry in _of_one_name(case, profiles)],
        "parties": [party.name for party in case.gold.parties or ()],
        "received_at": None if case.alert.received_at is None else case.alert.received_at.date().isoformat(),
        "article": article,
    }


def read_labels(path: Path) -> list[Labels]:
    """The readings of a file. Raises CaseInvalid."""
    try:
        return TypeAdapter(list[Labels]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError, yaml.YAMLError) as error:
        raise CaseInvalid(f"{path} does not hold labels: {error}") from error


def labels_of_gold(case: Case) -> Labels:
    """The gold of a case in the form of a reading: the best of what it accepts."""
    gold = case.gold
    names = {party.id: party.name for party in gold.parties or ()}
    return Labels(
        id=case.id,
        truth=case.truth,
        recommendations=gold.recommendations or (RecommendationValue.REVIEW,),
        subject_party=names.get(gold.subject_party or ""),
        roles={party.name: party.roles[0] for party in gold.parties or ()},
        events=tuple(
            LabelledEvent(
                parties=tuple(names[one] for one in event.parties), offences=event.offences, stage=event.stages[0]
            )
            for event in gold.events or ()
        ),
        counter_evidence=tuple(
            LabelledCounterEvidence(kind=entry.kinds[0], by=entry.by) for entry in gold.counter_evidence or ()
        ),
        identity=gold.identity.verdicts[0] if gold.identity else IdentityVerdict.UNKNOWN_SUBJECT,
    )


def compare_readings(first: Iterable[Labels], second: Iterable[Labels]) -> list[LabelAgreement]:
    """How far two readings of the same cases agree, thing by thing; cases that only one holds are left out."""
    left, right = {one.id: one for one in first}, {one.id: one for one in second}
    pairs = [(left[one], right[one]) for one in sorted(left.keys() & right.keys())]
    return [_agree(what, pairs, read) for what, read in _THINGS.items()]


def _agree(what: str, pairs: Sequence[tuple[Labels, Labels]], read: _Read) -> LabelAgreement:
    """The units of one thing over all cases; those of one case are one cluster."""
    units = [(one.id, *unit) for one, other in pairs for unit in read(one, other)]
    share = sum(left == right for _, left, right in units) / len(units)
    kappa = cohen_kappa(
        [left for _, left, _ in units], [right for _, _, right in units], [case for case, _, _ in units]
    )
    return LabelAgreement(what, len(units), share, kappa)


def _shared_roles(one: Labels, other: Labels) -> list[tuple[str, str]]:
    return [(role, other.roles[name]) for name, role in sorted(one.roles.items()) if name in other.roles]


def _gravest(labels: Labels) -> str:
    """The highest stage on the chain of what is held against the subject; else any stage, else ``none``."""
    about = [event for event in labels.events if not labels.subject_party or labels.subject_party in event.parties]
    ranked = sorted(about, key=lambda event: (-STAGE_CHAIN.get(event.stage, 0), event.stage))
    return ranked[0].stage if ranked else "none"


def _offences(labels: Labels) -> set[Offence]:
    return {offence for event in labels.events for offence in event.offences}


def _kinds(labels: Labels) -> set[CounterEvidenceKind]:
    return {entry.kind for entry in labels.counter_evidence}


_Read = Callable[[Labels, Labels], list[tuple[str, str]]]
_THINGS: Final[Mapping[str, _Read]] = MappingProxyType(
    {
        "truth": lambda one, other: [(one.truth, other.truth)],
        "recommendation": lambda one, other: [(one.recommendations[0], other.recommendations[0])],
        "identity": lambda one, other: [(one.identity, other.identity)],
        "role of each party": _shared_roles,
        "gravest stage about the subject": lambda one, other: [(_gravest(one), _gravest(other))],
        "each offence, named or not": lambda one, other: [
            (str(offence in _offences(one)), str(offence in _offences(other))) for offence in Offence
        ],
        "each kind of counter-evidence, named or not": lambda one, other: [
            (str(kind in _kinds(one)), str(kind in _kinds(other))) for kind in CounterEvidenceKind
        ],
    }
)
"""What is compared, and how its units are read off two readings of one case."""


def _of_one_name(case: Case, profiles: Sequence[Profile]) -> list[Profile]:
    """Profiles that share a word of the surname kind with the subject or a party: what retrieval would lay beside."""
    names = [case.entry.subject, *(party.name for party in case.gold.parties or ())]
    wanted = [set(fold_tokens(name)) for name in names]
    return [
        profile
        for profile in profiles
        if any(
            len(words & set(fold_tokens(name))) >= min(2, len(words))
            for words in wanted
            for name in (profile.name, *profile.aliases)
        )
    ]


def _rounds(groups: Sequence[list[Case]]) -> Iterable[list[Case]]:
    for turn in range(max(map(len, groups), default=0)):
        yield [group[turn] for group in groups if turn < len(group)]
