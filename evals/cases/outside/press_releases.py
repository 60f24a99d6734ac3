"""First paragraphs of a prosecutor's press releases, the headline withheld: how far in law, and what for.

Stage and offence words were taken from the headline by pattern, so that a paragraph may tell more than its gold. A
release has one gold event, whose evidence is the whole paragraph; it is held against the strongest stage that the draft
gives to anybody, as the headline tells how far the case got.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from agent.domain.record import TriageRecord
from agent.domain.taxonomy import STAGE_CHAIN, Offence, Stage
from evals.cases.case import Split
from evals.cases.outside.figures import (
    Asked,
    Measured,
    Told,
    count_failed,
    cross,
    list_ids,
    measure_scores,
    ratio,
    ratios,
    run_drawn,
)
from evals.cases.outside.rows import Drawn, Row, build_drawn, draw, fold, make_entry, part_rows, read_rows
from evals.probes.figures import ProbeFigure

NAME: Final = "press_releases"
FILE: Final = "doj_opa_fraud_leads.jsonl"
STAGES: Final[dict[str, Stage]] = {
    "pleaded_guilty": Stage.CONVICTED,
    "sentenced": Stage.CONVICTED,
    "convicted": Stage.CONVICTED,
    "charged": Stage.CHARGED,
    "indicted": Stage.CHARGED,
    "arrested": Stage.ARRESTED,
    "settled": Stage.SETTLED,
    "forfeiture": Stage.ASSET_SEIZURE,
}
"""The labels that are scored; civil suits and others are left out."""
STRENGTH: Final = (
    Stage.CONVICTED,
    Stage.TRIAL,
    Stage.CHARGED,
    Stage.SETTLED,
    Stage.ASSET_SEIZURE,
    Stage.PENALTY,
    Stage.SANCTIONED,
    Stage.ARRESTED,
    Stage.WANTED,
    Stage.INVESTIGATION,
    Stage.ALLEGATION,
)
"""Strongest first: which of several stages of a text stands for it. A settlement outranks the allegation it settles."""
_OFFENCES: Final[dict[str, tuple[Offence, tuple[Offence, ...]]]] = {
    "health_care_fraud": (Offence.FRAUD, (Offence.CORRUPTION,)),
    "identity_cyber": (Offence.CYBERCRIME, (Offence.FRAUD, Offence.FORGERY, Offence.ROBBERY_THEFT)),
    "tax": (Offence.TAX_CRIME, ()),
    "money_laundering": (Offence.MONEY_LAUNDERING, ()),
    "securities_investment": (Offence.FRAUD, (Offence.INSIDER_DEALING_MARKET_ABUSE, Offence.EMBEZZLEMENT)),
    "mortgage_bank": (Offence.FRAUD, (Offence.FORGERY, Offence.EMBEZZLEMENT)),
    "bribery_corruption": (Offence.CORRUPTION, ()),
    "procurement": (Offence.FRAUD, (Offence.CORRUPTION,)),
}
"""Word of the headline → the offence it is, and what may be named in its stead."""
_NO_EVENT: Final = "no event"
_FIRST_WORDS: Final = 8


class ReleaseRow(Row):
    """One release."""

    title: str
    lead: str
    date: str
    stage: str
    offence_kw: tuple[
        Literal[
            "health_care_fraud",
            "identity_cyber",
            "tax",
            "money_laundering",
            "securities_investment",
            "mortgage_bank",
            "bribery_corruption",
            "procurement",
        ],
        ...,
    ]


def draw_releases(folder: Path, split: Split, limit: int | None) -> Drawn:
    """The releases of a part whose paragraph does not give the headline away. Raises OutsideInvalid."""
    rows = read_rows(folder / FILE, ReleaseRow)
    staged = [row for row in rows if row.stage in STAGES]
    kept, left_out = part_rows(staged, split, lambda row: row.id, lambda row: row.lead)
    bare = [row for row in kept if not repeats_headline(row.title, row.lead)]
    left_out["the headline tells no criminal stage (both parts)"] = len(rows) - len(staged)
    left_out["the paragraph repeats the headline"] = len(kept) - len(bare)
    return build_drawn(map(_enter, draw(bare, limit, lambda row: row.id)), split, left_out)


def repeats_headline(title: str, lead: str) -> bool:
    """Whether the paragraph holds the beginning of its own headline."""
    return " ".join(fold(title)[:_FIRST_WORDS]) in " ".join(fold(lead))


def strongest_stage(stages: Collection[Stage]) -> Stage:
    """The stage that stands for a text in which these are stated; ``undetermined`` where none of them tells."""
    return next((stage for stage in STRENGTH if stage in stages), Stage.UNDETERMINED)


def measure_releases(folder: Path, asked: Asked) -> Measured:
    """Run the paragraphs, and hold the drafted events against what the headline tells."""
    drawn = draw_releases(folder, asked.split, asked.limit)
    told = run_drawn(drawn, asked)
    named = [one for one in told if Offence.OTHER not in one.score.offences[0]]
    chained = [one for one in told if _gold(one) in STAGE_CHAIN]
    commonest = Counter(map(_gold, told)).most_common(1)[0][0] if told else Stage.UNDETERMINED
    figures = [
        *ratios(NAME, "stage exact", [(_gold(one), float(_drafted(one) == _gold(one)), 1.0, _by(one)) for one in told]),
        *_share("stage overstated", chained, lambda one: one.failed or _lead(one) > 0, bad=True),
        *_share("stage understated", chained, lambda one: one.failed or _lead(one) < 0),
        *_share("stage undetermined, no event, or failed", told, lambda one: _drafted(one) not in STRENGTH),
        *_share(f"always {commonest} (majority): stage exact", told, lambda one: _gold(one) is commonest),
        *measure_scores(NAME, "offences of the headline named", named, "offence_recall"),
        *_score_offences(named),
        *measure_scores(NAME, "failed", told, "failed", bad=True),
    ]
    return Measured(
        NAME,
        asked.split,
        len(told),
        "releases",
        count_failed(told),
        drawn.left_out,
        figures,
        [cross("stage of the headline, and the strongest drafted", [(_gold(one), _drafted(one)) for one in told])],
        {
            "overstated": list_ids(chained, lambda one: _lead(one) > 0),
            "understated": list_ids(chained, lambda one: _lead(one) < 0),
        },
        [
            "Over- and understated: of the releases whose headline's stage is on the chain from allegation to "
            "conviction; a draft without such a stage is neither. Against somebody without a name a draft states none.",
            f"Releases whose headline names no offence, in no figure of offences: {len(told) - len(named)}.",
        ],
    )


def _enter(row: ReleaseRow) -> dict[str, Any]:
    offences = list(dict.fromkeys(_OFFENCES[word][0] for word in row.offence_kw))
    instead = {one for word in row.offence_kw for one in _OFFENCES[word][1]} - set(offences)
    lead = row.lead.strip()
    event = {
        "id": "E1",
        "offences": offences or [Offence.OTHER],
        "also_acceptable": sorted(instead) if offences else [],
        "stages": [STAGES[row.stage]],
        "evidence": [lead],
    }
    return make_entry(row.id, row.id, {"text": lead, "language": "en"}, {"events": [event]}, published=row.date)


def _by(one: Told) -> str:
    return one.case.subject


def _gold(one: Told) -> Stage:
    return (one.case.gold.events or ())[0].stages[0]


def _drafted(one: Told) -> str:
    """The strongest drafted stage, or why there is none."""
    if not isinstance(one.outcome, TriageRecord):
        return "failed"
    events = one.outcome.summary.events
    return str(strongest_stage({event.stage for event in events})) if events else "no event"


def _lead(one: Told) -> int:
    """How many steps of the chain the draft is ahead of the headline; 0 where it gives no stage of the chain."""
    ranks = {str(stage): rank for stage, rank in STAGE_CHAIN.items()}
    gold = ranks[_gold(one)]
    return ranks.get(_drafted(one), gold) - gold


def _share(what: str, told: Sequence[Told], found: Callable[[Told], bool], *, bad: bool = False) -> list[ProbeFigure]:
    return ratio(NAME, what, [(float(found(one)), 1.0, _by(one)) for one in told], bad=bad)


def _score_offences(told: Sequence[Told]) -> list[ProbeFigure]:
    """Of the releases whose headline tells an offence, the share whose draft names it, or what may stand for it."""
    figures: list[ProbeFigure] = []
    golds = [(one, (one.case.gold.events or ())[0]) for one in told]
    for offence in sorted({offence for _, event in golds for offence in event.offences}):
        counted = [
            (float(bool({offence, *event.also_acceptable} & one.score.offences[1])), 1.0, one.case.subject)
            for one, event in golds
            if offence in event.offences
        ]
        figures += ratio(NAME, "offences of the headline named, or their like", counted, part=offence)
    return figures
