"""Events: which drafted event is which gold one.

What is paired is a finding: one event held against one party. A draft that tells of three people in one event, where
the gold has three events, has found all three. Two findings may meet when they hold it against the same party (or both
against nobody the gold names) and either rest on the same words of the article or share an offence. Findings are paired
one to one, as many as can be, preferring common words, then common offences, then the stage. Drafted findings left over
are not wrong when they too meet a gold finding: a step that a later one overtook, or the same told twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from agent.domain.summary import Event
from agent.domain.taxonomy import STAGE_CHAIN, Stage
from evals.cases.gold import GoldEvent
from evals.scoring.assignment import assign_pairs
from evals.scoring.parties import PartyMatch
from evals.scoring.spans import locate, quote_spans, share_common

_WORDS, _OFFENCES, _STAGE = 10.0, 3.0, 0.5
"""What common words, common offences and the same stage count in the choice between pairs."""
_NOBODY: Final = ""
"""Stands for a drafted party that has a name and is none of the gold's."""


@dataclass(frozen=True, slots=True)
class _Finding:
    """One event held against one party: a gold id, _NOBODY, or None where it is held against no one with a name."""

    place: int
    party: str | None


@dataclass(frozen=True, slots=True)
class EventMatch:
    """Which is which, by the places of the events in the gold's and in the draft's list."""

    met: Sequence[float]
    """Of each gold event: the share of its parties against whom a drafted event was paired with it."""
    drafted: Sequence[Event | None]
    """Of each gold event: the drafted event that fits it best; None where none was paired."""
    alike: Sequence[tuple[Event, ...]]
    """Of each gold event: the drafted events about it. The paired ones, those against the same party that rest on its
    words, and those against the same party of the same offence that rest on no gold event's words."""
    right: Sequence[float]
    """Of each drafted event: the share of its parties against whom it meets a gold event."""
    touched: Sequence[int | None]
    """Of each drafted event: the gold event whose words it rests on, whoever it is held against."""


def match_events(gold: Sequence[GoldEvent], drafted: Sequence[Event], parties: PartyMatch, text: str) -> EventMatch:
    """Match the drafted events of an article with its gold ones."""
    words = [locate(text, event.evidence) for event in gold]
    quotes = [quote_spans(event.quotes, text) for event in drafted]
    common = [[share_common(one, other) for other in quotes] for one in words]
    gold_findings = [_Finding(place, party) for place, event in enumerate(gold) for party in (event.parties or (None,))]
    drafted_findings = list(_split_drafted(drafted, parties))
    fits = [
        [
            _fit(gold[one.place], one, drafted[other.place], other, common[one.place][other.place])
            for other in drafted_findings
        ]
        for one in gold_findings
    ]
    pairs = assign_pairs(fits)
    return EventMatch(
        met=_share_met(gold, gold_findings, {row for row, _ in pairs}),
        drafted=_best_drafted(gold, drafted, gold_findings, drafted_findings, fits, pairs),
        alike=_find_alike(gold, drafted, gold_findings, drafted_findings, fits, common, pairs),
        right=_share_right(gold, drafted, gold_findings, drafted_findings, fits, common, pairs),
        touched=[_touched(place, common) for place in range(len(drafted))],
    )


def _split_drafted(drafted: Sequence[Event], parties: PartyMatch) -> Iterator[_Finding]:
    for place, event in enumerate(drafted):
        held = dict.fromkeys(
            None if party in parties.described else parties.gold_of.get(party, _NOBODY) for party in event.parties
        )
        yield from (_Finding(place, party) for party in held or (None,))


def _fit(gold: GoldEvent, one: _Finding, drafted: Event, other: _Finding, common: float) -> float | None:
    accepted, named = {*gold.offences, *gold.also_acceptable}, set(drafted.offences)
    shared = accepted & named
    if one.party is None:
        # Held against somebody the gold does not name: only the words can tell that it is the same.
        may_meet = other.party in (None, _NOBODY) and common > 0
    else:
        may_meet = other.party == one.party and (common > 0 or bool(shared))
    if not may_meet:
        return None
    offences = len(shared) / len({*gold.offences} | named)
    return _WORDS * common + _OFFENCES * min(1.0, offences) + _STAGE * (drafted.stage in gold.stages)


def _share_met(gold: Sequence[GoldEvent], findings: Sequence[_Finding], rows: set[int]) -> list[float]:
    wholes, met = [0] * len(gold), [0] * len(gold)
    for row, finding in enumerate(findings):
        wholes[finding.place] += 1
        met[finding.place] += row in rows
    return [part / whole for part, whole in zip(met, wholes, strict=True)]


_Fits = Sequence[Sequence[float | None]]


def _best_drafted(
    gold: Sequence[GoldEvent],
    drafted: Sequence[Event],
    rows: Sequence[_Finding],
    columns: Sequence[_Finding],
    fits: _Fits,
    pairs: Sequence[tuple[int, int]],
) -> list[Event | None]:
    best: dict[int, tuple[float, int]] = {}
    for row, column in pairs:
        fit, place = fits[row][column] or 0.0, rows[row].place
        if place not in best or fit > best[place][0]:
            best[place] = (fit, columns[column].place)
    return [drafted[best[place][1]] if place in best else None for place in range(len(gold))]


def _find_alike(
    gold: Sequence[GoldEvent],
    drafted: Sequence[Event],
    rows: Sequence[_Finding],
    columns: Sequence[_Finding],
    fits: _Fits,
    common: Sequence[Sequence[float]],
    pairs: Sequence[tuple[int, int]],
) -> list[tuple[Event, ...]]:
    found: list[set[int]] = [set() for _ in gold]
    for row, column in pairs:
        found[rows[row].place].add(columns[column].place)
    paired = {column for _, column in pairs}
    for column, other in enumerate(columns):
        met = [row for row in range(len(rows)) if fits[row][column] is not None]
        resting = [row for row in met if common[rows[row].place][other.place] > 0]
        if not resting and met and column not in paired:  # on other words: it can only be about the likest one
            resting = [max(met, key=lambda row: fits[row][column] or 0.0)]
        for row in resting:
            found[rows[row].place].add(other.place)
    return [tuple(drafted[place] for place in sorted(places)) for places in found]


def _share_right(
    gold: Sequence[GoldEvent],
    drafted: Sequence[Event],
    rows: Sequence[_Finding],
    columns: Sequence[_Finding],
    fits: _Fits,
    common: Sequence[Sequence[float]],
    pairs: Sequence[tuple[int, int]],
) -> list[float]:
    paired = {column for _, column in pairs}
    wholes, right = [0] * len(drafted), [0] * len(drafted)
    for column, finding in enumerate(columns):
        met = [rows[row].place for row in range(len(rows)) if fits[row][column] is not None]
        stage = drafted[finding.place].stage
        # On other words than the gold's, a stage the case never reached is an invention, whatever the offence.
        meets = column in paired or any(
            common[place][finding.place] > 0 or not is_overstated(stage, gold[place]) for place in met
        )
        if finding.party is None:  # held against nobody: true as far as its words are those of some gold event
            meets = _touched(finding.place, common) is not None
        wholes[finding.place] += 1
        right[finding.place] += meets
    return [part / whole for part, whole in zip(right, wholes, strict=True)]


def chain_rank(event: GoldEvent) -> int | None:
    """The furthest acceptable stage on the chain; None where the best one stands off the chain."""
    if event.stages[0] not in STAGE_CHAIN:
        return None
    return max(STAGE_CHAIN[stage] for stage in event.stages if stage in STAGE_CHAIN)


def is_overstated(stage: Stage, event: GoldEvent) -> bool:
    """Whether a drafted stage lies further along the chain than the gold allows."""
    rank = chain_rank(event)
    return rank is not None and stage not in event.stages and STAGE_CHAIN.get(stage, 0) > rank


def _touched(place: int, common: Sequence[Sequence[float]]) -> int | None:
    best = max(range(len(common)), key=lambda row: common[row][place], default=None)
    return best if best is not None and common[best][place] > 0 else None


def describe_event(stage: str, offences: Sequence[str]) -> str:
    """An event in two words or three, for a remark: ``charged: fraud, forgery``."""
    return f"{stage}: {', '.join(offences)}"
