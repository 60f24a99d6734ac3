"""How far in law: the stage of a press release's first paragraph, the headline withheld."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from agent.domain.taxonomy import STAGE_CHAIN, Stage
from evals.cases.outside.press_releases import STAGES as GOLD
from evals.cases.outside.press_releases import STRENGTH, repeats_headline
from tests.bench.figures import (
    Split,
    accuracy,
    draw,
    in_brackets,
    interval,
    load_rows,
    macro_f1,
    print_table,
    proportion_interval,
    split_of,
)
from tests.bench.reader_adapter import strongest_stage

KEYWORDS: Final = {
    Stage.CONVICTED: r"plead(?:ed|s)? guilty|pled guilty|guilty plea|sentenced|convict(?:ed|s)|found guilty",
    Stage.CHARGED: r"charged|charges|indict(?:ed|ment)|criminal complaint",
    Stage.ARRESTED: r"arrest(?:ed|s)?|taken into custody",
    Stage.SETTLED: r"settle(?:d|ment)?|agree(?:d|s) to pay|resolve",
    Stage.ASSET_SEIZURE: r"forfeit\w*|seiz(?:ed|ure)",
}
_NAMED: Final = re.compile("|".join(f"(?P<{stage.value}>{words})" for stage, words in KEYWORDS.items()), re.IGNORECASE)
Labels = dict[str, str]


def run(folder: Path, split: Split, limit: int | None, labels: Path | None) -> dict[str, Any]:
    """Print and return the figures of one split, and against hand labels where a file of them is given."""
    rows = draw(_scored_rows(folder, split), limit)
    predictions = {row["id"]: strongest_stage(row["lead"]).value for row in rows}
    gold = {row["id"]: GOLD[row["stage"]].value for row in rows}
    bare = [row for row in rows if not _holds_headline(row)]
    print(
        f"\n{len(rows)} leads of {split}; in {len(rows) - len(bare)} the lead itself repeats the headline: apart below."
    )
    figures = {"split": split, "headline withheld": _report("Stage, headline withheld", bare, gold, predictions)}
    if len(bare) < len(rows):
        repeated = [row for row in rows if _holds_headline(row)]
        figures["headline in the lead"] = _report("Stage, headline in the lead", repeated, gold, predictions)
    if labels:
        by_hand: Labels = json.loads(labels.read_text(encoding="utf-8"))
        known = [row for row in rows if row["id"] in by_hand]
        _print_agreement(known, gold, by_hand)
        figures["hand labels"] = _report(f"Stage against {len(known)} hand labels", known, by_hand, predictions)
    return figures


def sample_for_hand_check(
    folder: Path, split: Split = "heldout", size: int = 100, seed: int = 20
) -> list[dict[str, Any]]:
    """The seeded sample that is read by hand."""
    return random.Random(seed).sample(_scored_rows(folder, split), size)


def _scored_rows(folder: Path, split: Split) -> list[dict[str, Any]]:
    rows = load_rows(folder / "doj_opa_fraud_leads.jsonl")
    return [row for row in rows if row["stage"] in GOLD and split_of(row["id"]) == split]


def _holds_headline(row: dict[str, Any]) -> bool:
    return repeats_headline(row["title"], row["lead"])


def _first_keyword(lead: str) -> str:
    match = _NAMED.search(lead)
    return str(match.lastgroup) if match else Stage.UNDETERMINED.value


def _strongest_keyword(lead: str) -> str:
    stages = {str(match.lastgroup) for match in _NAMED.finditer(lead)}
    return next((stage.value for stage in STRENGTH if stage.value in stages), Stage.UNDETERMINED.value)


def _report(title: str, rows: list[dict[str, Any]], gold: Labels, predictions: Labels) -> dict[str, Any]:
    truth = [gold[row["id"]] for row in rows]
    systems: dict[str, list[str]] = {
        "reader": [predictions[row["id"]] for row in rows],
        "first keyword": [_first_keyword(row["lead"]) for row in rows],
        "strongest keyword": [_strongest_keyword(row["lead"]) for row in rows],
        "always convicted": [Stage.CONVICTED.value] * len(rows),
    }
    lines = {name: _line(truth, guesses) for name, guesses in systems.items()}
    print_table(
        f"{title}: {len(rows)} leads",
        ["", "answered", "accuracy*", "95 %", "all rows", "macro-F1", "95 %", "over", "95 %", "under"],
        [[name, *line.values()] for name, line in lines.items()],
    )
    print("  *accuracy, over and under among answered rows; all rows and macro-F1 count an abstention as wrong")
    _print_confusion(truth, systems["reader"])
    _print_errors(rows, truth, systems["reader"])
    return {"rows": len(rows), **lines}


def _line(truth: Sequence[str], guesses: Sequence[str]) -> dict[str, Any]:
    answered = [i for i, guess in enumerate(guesses) if guess != Stage.UNDETERMINED.value]
    pairs = [(truth[i], guesses[i]) for i in answered]
    over = sum(_rank(guess) > _rank(real) > 0 for real, guess in pairs)
    under = sum(0 < _rank(guess) < _rank(real) for real, guess in pairs)
    right = sum(real == guess for real, guess in pairs)

    def drawn(measure: Callable[[Sequence[str], Sequence[str]], float]) -> Callable[[Sequence[int]], float]:
        return lambda rows: measure([truth[i] for i in rows], [guesses[i] for i in rows])

    return {
        "answered": len(answered),
        "accuracy": right / max(1, len(answered)),
        "accuracy_95": in_brackets(proportion_interval(right, len(answered))),
        "all_rows": accuracy(truth, guesses),
        "macro_f1": macro_f1(truth, guesses),
        "macro_f1_95": in_brackets(interval(drawn(macro_f1), len(truth))),
        "over": over / max(1, len(answered)),
        "over_95": in_brackets(proportion_interval(over, len(answered))),
        "under": under / max(1, len(answered)),
    }


def _rank(stage: str) -> int:
    return STAGE_CHAIN.get(Stage(stage), 0)


def _print_confusion(truth: Sequence[str], guesses: Sequence[str]) -> None:
    counts = Counter(zip(truth, guesses, strict=True))
    columns = sorted(set(guesses), key=lambda stage: (-_rank(stage), stage))
    rows = sorted(set(truth), key=lambda stage: (-_rank(stage), stage))
    print_table(
        "Reader's confusion (rows: truth)", ["", *columns], [[r, *(counts[r, c] for c in columns)] for r in rows]
    )


def _print_errors(rows: list[dict[str, Any]], truth: Sequence[str], guesses: Sequence[str], each: int = 5) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for row, real, guess in zip(rows, truth, guesses, strict=True):
        if real != guess and seen[real, guess] < each:
            seen[real, guess] += 1
            print(f"  - {real} read as {guess}: {row['title']} | {' '.join(row['lead'].split())[:200]}")


def _print_agreement(rows: list[dict[str, Any]], derived: Labels, by_hand: Labels) -> None:
    same = sum(derived[row["id"]] == by_hand[row["id"]] for row in rows)
    bounds = in_brackets(proportion_interval(same, len(rows)))
    print(f"\nHeadline-derived label equals the hand label in {same} of {len(rows)} leads {bounds}.")
    kinds = Counter(
        (derived[row["id"]], by_hand[row["id"]]) for row in rows if derived[row["id"]] != by_hand[row["id"]]
    )
    print_table(
        "Kinds of disagreement", ["headline", "by hand", "leads"], [[a, b, n] for (a, b), n in kinds.most_common()]
    )
