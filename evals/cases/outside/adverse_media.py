"""News articles labelled adverse or not by people: where the alert goes, against the label.

Only labels that a second person checked are scored. Precision and recall are those of escalating; what goes to a person
undecided is neither an escalation nor a finding of nothing. The labels are one team's, and a bag of words nearly
reproduces them: they say little of subject, role, stage and evidence, which other sets and the cases measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal

from agent.domain.record import TriageRecord
from agent.domain.taxonomy import PartyKind
from evals.cases.case import Split
from evals.cases.gold import Truth
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
from evals.cases.outside.rows import Drawn, Row, build_drawn, draw, make_entry, part_rows, read_rows, subject_key
from evals.probes.figures import ProbeFigure
from evals.scoring.measure import Ending

NAME: Final = "adverse_media"
FILE: Final = "adverse_media_articles.jsonl"
SCORED: Final = frozenset({"clean_train", "public_test"})
"""Bases of the labels that a second person checked."""
BAG_OF_WORDS: Final = "precision 89.8 %, recall 94.3 %, F1 92.0 % (513 articles, 2026-11-22)."
"""What ``python -m tests.bench.reader_quality --part adverse --split heldout`` prints for it."""
_NOTHING, _UNDECIDED = "nothing found", "undecided"
_TRUTHS: Final = {"adverse": Truth.ESCALATE, "non_adverse": Truth.CLOSE}
_KINDS: Final = {
    "Person": PartyKind.PERSON,
    "Company": PartyKind.ORGANISATION,
    "Organization": PartyKind.ORGANISATION,
    "PublicBody": PartyKind.ORGANISATION,
}


class ArticleRow(Row):
    """One labelled article."""

    text: str
    label: Literal["adverse", "non_adverse", "doubtful"]
    label_basis: str
    title: str | None = None
    entity_name: str | None = None
    entity_type: str | None = None
    lang: str | None = None
    published: str | None = None
    domain: str | None = None

    @property
    def key(self) -> str:
        """The subject, or the row itself where nobody is named."""
        return subject_key(self.entity_name) if self.entity_name else self.id


def draw_articles(folder: Path, split: Split, limit: int | None) -> Drawn:
    """The scored articles of a part as cases. Raises OutsideInvalid."""
    rows = read_rows(folder / FILE, ArticleRow)
    scored = [row for row in rows if row.label_basis in SCORED and row.label in _TRUTHS]
    kept, left_out = part_rows(scored, split, lambda row: row.key, lambda row: row.text)
    left_out["label not checked by a second person, or doubtful (both parts)"] = len(rows) - len(scored)
    return build_drawn(map(_enter, draw(kept, limit, lambda row: row.id)), split, left_out)


def measure_articles(folder: Path, asked: Asked) -> Measured:
    """Run the articles, and hold their ends against the labels."""
    drawn = draw_articles(folder, asked.split, asked.limit)
    told = run_drawn(drawn, asked)
    adverse = [one for one in told if _is_adverse(one)]
    rest = [one for one in told if not _is_adverse(one)]
    figures = [
        *measure_scores(NAME, "adverse: closed or failed (missed)", adverse, "miss", bad=True),
        *_share("adverse: closed, failed, or said to hold nothing", adverse, _says_nothing, bad=True),
        *_share("adverse: escalated", adverse, _is_escalated),
        *measure_scores(NAME, "not adverse: escalated or failed", rest, "false_escalation", bad=True),
        *_share("not adverse: closed, or said to hold nothing", rest, lambda one: _answer(one) == _NOTHING),
        *measure_scores(NAME, "left to a person", told, "reviewed"),
        *measure_scores(NAME, "not assessed (abstained or failed)", told, "abstained", bad=True),
        *measure_scores(NAME, "failed", told, "failed", bad=True),
        *_score_calls("escalating", told, _is_escalated),
        *_score_calls(
            "escalating, where it answered", [one for one in told if _answer(one) != _UNDECIDED], _is_escalated
        ),
        *_score_calls("everything adverse", told, lambda _: True),
    ]
    endings = [(_label(one), _answer(one)) for one in told]
    return Measured(
        NAME,
        asked.split,
        len(told),
        "articles",
        count_failed(told),
        drawn.left_out,
        figures,
        [cross("label and where the alert went", endings, (Ending.ESCALATE, _NOTHING, _UNDECIDED))],
        {
            "missed": list_ids(adverse, lambda one: bool(one.score.measures["miss"].amount)),
            "adverse, said to hold nothing": list_ids(adverse, _says_nothing),
            "escalated in vain": list_ids(rest, _is_escalated),
        },
        [
            "Beside it, from tests/bench/reader_adverse.py, TF-IDF with logistic regression on the whole holdout: "
            f"{BAG_OF_WORDS}",
            "Nothing found: closed, or in the lane for alerts without adverse cue. Undecided: any other that goes to a "
            "person.",
        ],
    )


def _enter(row: ArticleRow) -> dict[str, object]:
    kind = _KINDS.get(row.entity_type or "", PartyKind.UNKNOWN)
    named = {"name": row.entity_name[:300], "kind": kind} if row.entity_name else None
    article = {"text": row.text, "title": row.title, "language": row.lang, "source": row.domain}
    return make_entry(row.id, row.key, article, {}, truth=_TRUTHS[row.label], named=named, published=row.published)


def _is_adverse(one: Told) -> bool:
    return one.case.truth is Truth.ESCALATE


def _is_escalated(one: Told) -> bool:
    return one.score.ending is Ending.ESCALATE


def _says_nothing(one: Told) -> bool:
    """Whether a person would take it that there is nothing: closed, in the lane without adverse cue, or failed."""
    outcome = one.outcome
    if not isinstance(outcome, TriageRecord):
        return True
    return one.score.ending is Ending.CLOSE or "no_adverse_cue" in outcome.recommendation.reasons


def _label(one: Told) -> str:
    return "adverse" if _is_adverse(one) else "not adverse"


def _answer(one: Told) -> str:
    if one.failed or _is_escalated(one):
        return str(one.score.ending)
    return _NOTHING if _says_nothing(one) else _UNDECIDED


def _share(what: str, told: Sequence[Told], found: Callable[[Told], bool], *, bad: bool = False) -> list[ProbeFigure]:
    """The share for which ``found`` holds, by header and over all."""
    counted = [
        ("blank header" if one.case.alert.subject is None else "name given", float(found(one)), 1.0, one.case.subject)
        for one in told
    ]
    return ratios(NAME, what, counted, bad=bad)


def _score_calls(what: str, told: Sequence[Told], called: Callable[[Told], bool]) -> list[ProbeFigure]:
    """Precision, recall and F1 of calling an article adverse; a failure is a wrong call, whatever the label."""
    precision, recall, f1 = [], [], []
    for one in told:
        wrong = one.failed and called is _is_escalated
        call, subject = called(one) or wrong, one.case.subject
        right = float(call and _is_adverse(one) and not wrong)
        precision.append((right, float(call), subject))
        recall.append((right, float(_is_adverse(one)), subject))
        # F1 = right / (right + half of the wrong calls and of the missed): a ratio of sums as well.
        f1.append((right, (call + _is_adverse(one)) / 2, subject))
    return [
        *ratio(NAME, f"{what}: precision", precision),
        *ratio(NAME, f"{what}: recall", recall),
        *ratio(NAME, f"{what}: F1", f1),
    ]
