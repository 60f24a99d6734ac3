"""How well two names are told to be one: ``python -m tests.bench.name_pairs [DATA] [--errors N] [--half dev|heldout]``.

people           name_pairs.csv: official aliases and original-script names (same), near-names of others (different)
given_to_others  the same original-script names, each beside somebody else's: what transliteration must not make one
near_name_across a near-name of somebody else, written in its original script
organisations    firms of profiles_ofac.ftm.jsonl: a name and its alias (same), and the firm most alike (different)

Pairs are split by the hash of their two entity ids. Thresholds of the baselines and all choices of ours were made on
the half with an even hash (``dev``); the other (``heldout``) is printed. Baselines are rapidfuzz's ratios over the
folded names, and token_sort_ratio over the names in Latin letters; three pairs in four are the same, so the threshold
of best F1 may call everything the same, and each baseline is shown as well where it is as careful as ours. Many
official aliases are *noms de guerre* that share nothing with the name: a recall of 1 is out of reach.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rapidfuzz import fuzz

from agent.domain.taxonomy import FeatureVerdict, PartyKind
from evals.cases.outside.name_pairs import stands_in_dev_half
from retrieval.names.comparison import SAME_NAME, compare_names, explain_parts
from retrieval.names.parts import read_words
from tests.bench.figures import data_dir, fold, in_brackets, interval, positive_scores, print_table

_ORGANISATIONS: Final = {"Organization", "Company", "LegalEntity", "PublicBody"}
_MOST_FIRMS: Final = 600
_SOMETHING_SHARED: Final = 0.2


@dataclass(frozen=True, slots=True)
class Pair:
    left: str
    right: str
    same: bool
    kind: str
    ids: tuple[str, str]
    party: PartyKind = PartyKind.PERSON

    @property
    def dev(self) -> bool:
        return stands_in_dev_half(self.ids)


Scorer = Callable[[Pair], float]


def read_pairs(folder: Path) -> list[Pair]:
    with (folder / "name_pairs.csv").open(encoding="utf-8") as rows:
        return [
            Pair(row["left"], row["right"], row["label"] == "1", row["kind"], (row["entity_left"], row["entity_right"]))
            for row in csv.DictReader(rows)
        ]


def give_to_others(pairs: Sequence[Pair]) -> list[Pair]:
    """Each original-script name beside the next entity's name: pairs of different people across scripts."""
    across = sorted((pair for pair in pairs if pair.kind == "cross_script"), key=lambda pair: (pair.ids, pair.right))
    step = max(1, len(across) // 3)
    turned = zip(across, across[step:] + across[:step], strict=True)
    return [
        Pair(one.left, other.right, False, "given_to_others", (one.ids[0], other.ids[0]))
        for one, other in turned
        if one.ids[0] != other.ids[0]
    ]


def write_across(pairs: Sequence[Pair]) -> list[Pair]:
    """Near-names of two people, the second in a script of its own: what transliteration must keep apart."""
    originals: dict[str, str] = {}
    for pair in sorted(pairs, key=lambda pair: pair.right):
        if pair.kind == "cross_script":
            originals.setdefault(pair.ids[1], pair.right)
    turned = ((pair, one, other) for pair in pairs if pair.kind == "near_name" for one, other in ((0, 1), (1, 0)))
    return [
        Pair((pair.left, pair.right)[one], originals[pair.ids[other]], False, "near_name_across", pair.ids)
        for pair, one, other in turned
        if pair.ids[other] in originals
    ]


def read_firms(folder: Path) -> list[Pair]:
    """A firm's name and its first alias; a firm's name and the other firm that shares most of its words."""
    firms: list[tuple[str, str, str | None]] = []
    with (folder / "profiles_ofac.ftm.jsonl").open(encoding="utf-8") as lines:
        for entity in map(json.loads, lines):
            if entity["schema"] in _ORGANISATIONS and entity["properties"].get("name"):
                aliases = entity["properties"].get("alias", [])
                firms.append((entity["id"], entity["properties"]["name"][0], aliases[0] if aliases else None))
    firms.sort(key=lambda firm: hashlib.sha256(firm[0].encode()).hexdigest())
    words = [frozenset(fold(name)) for _, name, _ in firms]
    pairs: list[Pair] = []
    for place, (firm, name, alias) in enumerate(firms[:_MOST_FIRMS]):
        if alias:
            pairs.append(Pair(name, alias, True, "firm_alias", (firm, firm), PartyKind.ORGANISATION))
        near = max(
            (other for other in range(len(firms)) if other != place and words[other] != words[place]),
            key=lambda other: (len(words[place] & words[other]) / len(words[place] | words[other] or {""}), -other),
        )
        pairs.append(Pair(name, firms[near][1], False, "near_firm", (firm, firms[near][0]), PartyKind.ORGANISATION))
    return pairs


def score_ours(pair: Pair) -> float:
    return compare_names(pair.left, pair.right, pair.party).score


def _folded(name: str) -> str:
    return " ".join(fold(name))


def _latin(name: str) -> str:
    return " ".join(part.latin for part in read_words(name).parts)


SCORERS: Final[dict[str, Scorer]] = {
    "ours": score_ours,
    "token_sort_ratio": lambda pair: fuzz.token_sort_ratio(_folded(pair.left), _folded(pair.right)) / 100,
    "token_set_ratio": lambda pair: fuzz.token_set_ratio(_folded(pair.left), _folded(pair.right)) / 100,
    "token_sort_ratio, Latin": lambda pair: fuzz.token_sort_ratio(_latin(pair.left), _latin(pair.right)) / 100,
}


def area_under_curve(same: np.ndarray, scores: np.ndarray) -> float:
    """The chance that a same pair scores above a different one, ties half."""
    order = np.sort(scores)
    ranks = (np.searchsorted(order, scores, "left") + np.searchsorted(order, scores, "right") + 1) / 2
    positives = int(same.sum())
    if not 0 < positives < len(same):
        return 0.0
    return float((ranks[same].sum() - positives * (positives + 1) / 2) / (positives * (len(same) - positives)))


def average_precision(same: np.ndarray, scores: np.ndarray) -> float:
    """Mean precision at each step of recall, equal scores taken together."""
    found = reached = 0.0
    total = 0.0
    for score in np.unique(scores)[::-1]:
        chosen = scores == score
        gained = float(same[chosen].sum())
        found += gained
        reached += float(chosen.sum())
        total += gained * found / reached
    return total / max(1.0, float(same.sum()))


def best_threshold(pairs: Sequence[Pair], scores: np.ndarray) -> float:
    """Where F1 is highest."""
    same = [pair.same for pair in pairs]
    steps = [step / 100 for step in range(101)]
    return max(steps, key=lambda step: (positive_scores(same, (scores >= step).tolist()).f1, step))


def _figures(pairs: Sequence[Pair], scores: np.ndarray, threshold: float) -> list[object]:
    same = np.array([pair.same for pair in pairs])
    at = positive_scores(same.tolist(), (scores >= threshold).tolist())
    wrong = float((scores[~same] >= threshold).mean()) if (~same).any() else 0.0
    bounds = interval(lambda rows: area_under_curve(same[rows], scores[rows]), len(same))
    area = area_under_curve(same, scores)
    return [
        threshold,
        at.precision,
        at.recall,
        at.f1,
        wrong,
        area,
        in_brackets(bounds),
        average_precision(same, scores),
    ]


def print_methods(title: str, dev: Sequence[Pair], shown: Sequence[Pair]) -> None:
    rows: list[list[object]] = []
    for name, scorer in SCORERS.items():
        scores = np.array([scorer(pair) for pair in shown])
        best = SAME_NAME if name == "ours" else best_threshold(dev, np.array([scorer(pair) for pair in dev]))
        rows.append([name, *_figures(shown, scores, best)])
        if name != "ours":
            careful = _careful_threshold(dev, scorer)
            rows.append([f"{name}, as careful", *_figures(shown, scores, careful)])
    header = ["method", "from", "precision", "recall", "F1", "different called same", "AUC", "95 %", "AP"]
    print_table(f"{title}: {len(shown)} pairs, {sum(pair.same for pair in shown)} same", header, rows)


def _careful_threshold(dev: Sequence[Pair], scorer: Scorer) -> float:
    """The lowest threshold at which a baseline calls no more different pairs same than ours does."""
    different = [pair for pair in dev if not pair.same]
    allowed = sum(score_ours(pair) >= SAME_NAME for pair in different)
    scores = np.array([scorer(pair) for pair in different])
    return next(step / 100 for step in range(102) if (scores >= step / 100).sum() <= allowed)


def print_kinds(pairs: Sequence[Pair]) -> None:
    rows: list[list[object]] = []
    for kind in sorted({pair.kind for pair in pairs}):
        chosen = [pair for pair in pairs if pair.kind == kind]
        found = [compare_names(pair.left, pair.right, pair.party) for pair in chosen]
        verdicts = Counter(comparison.verdict.value for comparison in found)
        called = sum(comparison.score >= SAME_NAME for comparison in found) / len(chosen)
        right = called if chosen[0].same else 1 - called
        rows.append([kind, len(chosen), called, right, *(verdicts[verdict.value] for verdict in FeatureVerdict)])
    header = ["kind", "pairs", "called same", "right", *(verdict.value for verdict in FeatureVerdict)]
    print_table("Ours by kind", header, rows)


def print_errors(pairs: Sequence[Pair], count: int) -> None:
    """The pairs furthest on the wrong side of the threshold, each with what was found.

    Half are different people called same; aliases that share next to nothing with the name are counted, not printed.
    """
    scored = [(pair, score_ours(pair)) for pair in pairs]
    wrong = [(pair, score) for pair, score in scored if (score >= SAME_NAME) != pair.same]
    wrong.sort(key=lambda error: (-abs(error[1] - SAME_NAME), error[0].left, error[0].right))
    accepted = [error for error in wrong if not error[0].same]
    missed = [error for error in wrong if error[0].same and error[1] >= _SOMETHING_SHARED]
    strangers = sum(pair.same for pair, _ in wrong) - len(missed)
    shown = accepted[: count // 2]
    shown += missed[: count - len(shown)]
    print(f"\n{len(wrong)} errors, {strangers} of them aliases that share next to nothing with the name.")
    print(f"The worst {len(shown)} others:")
    for pair, score in shown:
        parts = compare_names(pair.left, pair.right, pair.party).parts
        truth = "same" if pair.same else "different"
        print(f"  {score:.3f} {truth:<9} {pair.kind:<14} {pair.left} | {pair.right}")
        print(f"        {explain_parts(parts, pair.party)}")


def print_speed(pairs: Sequence[Pair]) -> None:
    """CPU time a pair: words never met before, then words that were (the pairs being new either way)."""
    fresh = [Pair(pair.left, f"{pair.right} ", pair.same, pair.kind, pair.ids, pair.party) for pair in pairs]
    rows = []
    for name, chosen, scorer in (
        ("ours, words new", pairs, score_ours),
        ("ours, words known", fresh, score_ours),
        ("token_sort_ratio", pairs, SCORERS["token_sort_ratio"]),
    ):
        begun = time.process_time()
        for pair in chosen:
            scorer(pair)
        rows.append([name, f"{1e6 * (time.process_time() - begun) / len(chosen):.0f}"])
    print_table("CPU time a pair", ["", "µs"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="folder of the evaluation data; default TRIAGE_DATA_DIR")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="print the worst N errors")
    parser.add_argument("--half", choices=("dev", "heldout"), default="heldout", help="which half to print")
    options = parser.parse_args()
    folder = data_dir(options.data)
    pairs, firms = read_pairs(folder), read_firms(folder)
    print_speed(pairs)
    dev = [pair for pair in pairs if pair.dev]
    shown = [pair for pair in pairs if pair.dev == (options.half == "dev")]
    across = [pair for pair in (*give_to_others(pairs), *write_across(pairs)) if pair.dev == (options.half == "dev")]
    shown_firms = [pair for pair in firms if pair.dev == (options.half == "dev")]
    print_methods(f"People ({options.half})", dev, shown)
    print_methods(f"Organisations ({options.half})", [pair for pair in firms if pair.dev], shown_firms)
    print_kinds([*shown, *across, *shown_firms])
    if options.errors:
        print_errors(shown, options.errors)


if __name__ == "__main__":
    main()
