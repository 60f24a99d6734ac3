"""Perpetrator against victim on news reports with annotated roles."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from agent.domain.reading import ReadParty
from agent.domain.taxonomy import Role
from evals.cases.outside.muc4 import NamedParty, Side, capitalise, count_common_words, name_parties
from tests.bench.figures import Split, draw, fold, in_brackets, load_rows, print_table, proportion_interval, split_of
from tests.bench.reader_adapter import read

Answer = Literal["perpetrator", "victim", "abstain", "not_found"]

ANSWERS: Final[dict[Role, Side]] = {
    Role.OFFENDER: "perpetrator",
    Role.ACCUSED: "perpetrator",
    Role.SUSPECT: "perpetrator",
    Role.VICTIM: "victim",
}


@dataclass(frozen=True, slots=True)
class Judged:
    named: NamedParty
    answer: Answer
    row_id: str


def run(folder: Path, split: Split, limit: int | None) -> dict[str, Any]:
    """Print and return the figures of one split, as the texts are and with the annotated names in capitals."""
    common = _common_words(folder)
    rows = [row for row in load_rows(folder / "muc4_roles.jsonl") if split_of(row["id"]) == split]
    named = draw([(row, names) for row in rows if (names := name_parties(row["roles"], common))], limit)
    groups = {
        "cased as published": [(row["id"], row["text"], names) for row, names in named if row["cased"]],
        "lower case as published": [(row["id"], row["text"], names) for row, names in named if not row["cased"]],
        "lower case, annotated names capitalised": [
            (row["id"], capitalise(row["text"], names), names) for row, names in named if not row["cased"]
        ],
    }
    figures = {}
    for title, texts in groups.items():
        judged = [
            Judged(one, answer, row_id)
            for row_id, text, names in texts
            for one, answer in zip(names, _answers(text, names), strict=True)
        ]
        if judged:
            figures[title] = _report(f"Roles, {split}, {title}: {len(texts)} reports", judged)
        else:
            print(f"\nRoles, {split}, {title}: no such report in the data.")
    return {"split": split, **figures}


def _common_words(folder: Path) -> frozenset[str]:
    fields = {"adverse_media_articles": "text", "doj_opa_fraud_leads": "lead", "doj_opa_2009_full": "body"}
    return count_common_words(
        row[field] for name, field in fields.items() for row in load_rows(folder / f"{name}.jsonl")
    )


def _answers(text: str, names: list[NamedParty]) -> list[Answer]:
    parties = read(text).parties
    answers: list[Answer] = []
    for named in names:
        party = _match(named, parties)
        answers.append("not_found" if party is None else ANSWERS.get(party.role, "abstain"))
    return answers


def _match(named: NamedParty, parties: tuple[ReadParty, ...]) -> ReadParty | None:
    """The party that shares most tokens with the name; one shared token is enough only if it is a last one."""
    best, best_score = None, 0.0
    for party in parties:
        for spelled in (party.name, *party.aliases):
            tokens = fold(spelled)
            for variant in named.variants:
                wanted = fold(variant)
                shared = set(tokens) & set(wanted)
                if not shared or (len(shared) < 2 and wanted[-1] not in shared and tokens[-1] not in shared):
                    continue
                score = len(shared) / len(set(tokens) | set(wanted))
                if score > best_score:
                    best, best_score = party, score
    return best


def _report(title: str, judged: list[Judged]) -> dict[str, Any]:
    counts = Counter((one.named.side, one.answer) for one in judged)
    columns: tuple[Answer, ...] = ("perpetrator", "victim", "abstain", "not_found")
    sides: tuple[Side, ...] = ("perpetrator", "victim")
    print_table(
        title, ["annotated as", *columns], [[side, *(counts[side, answer] for answer in columns)] for side in sides]
    )
    figures: dict[str, Any] = {"names": len(judged)}
    lines: list[list[object]] = []
    for side in sides:
        other: Side = "victim" if side == "perpetrator" else "perpetrator"
        right, claimed = counts[side, side], counts[side, side] + counts[other, side]
        annotated = sum(counts[side, answer] for answer in columns)
        inverted = counts[side, other]
        figures[side] = {
            "precision": right / max(1, claimed),
            "recall": right / max(1, annotated),
            "inverted": inverted / max(1, right + inverted),
        }
        lines.append(
            [side, claimed, right / max(1, claimed), in_brackets(proportion_interval(right, claimed)),
             right / max(1, annotated), inverted / max(1, right + inverted),
             in_brackets(proportion_interval(inverted, right + inverted))]
        )  # fmt: skip
    print_table(
        "Per side (inverted: called the other side, of those answered)",
        ["", "answers", "precision", "95 %", "recall", "inverted", "95 %"],
        lines,
    )
    found = sum(one.answer != "not_found" for one in judged)
    answered = sum(one.answer in sides for one in judged)
    figures |= {"found": found / len(judged), "coverage": answered / len(judged)}
    print(f"  found {found} of {len(judged)} names ({found / len(judged):.3f})")
    print(f"  answered {answered} ({answered / len(judged):.3f})")
    wrong = [one for one in judged if one.answer in sides and one.answer != one.named.side]
    for one in wrong[:10]:
        print(f"  - inverted in {one.row_id}: {one.named.variants[0]!r} is {one.named.side}, called {one.answer}")
    return figures
