"""Precedents found again: ``python -m tests.bench.precedents [FOLDER] [--all] [--split dev]``.

Labelled news articles stand for past decisions (see ``precedent_cases``). Constants were chosen on the dev half of the
queries' subjects; the other half is reported.

facts      relevant is what shares an offence's FATF category, more so with a shared stage and role; the reader's
           findings are part of what is searched, so this measures the search, not the reader
assessors  relevant is what the assessors named the same wrong in; nothing that is searched knows their words
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery
from agent.domain.taxonomy import PrecedentOutcome, Role, Stage
from agent.store.store import Store
from retrieval.documents import describe_precedent, describe_query
from retrieval.embedding.minilm import MiniLmEmbedder
from retrieval.precedents.lexical import LexicalIndex
from retrieval.precedents.ranking import Vector, fuse_ranks, is_admissible, rank_precedents
from tests.bench.figures import (
    data_dir,
    in_brackets,
    print_table,
    proportion_interval,
)
from tests.bench.precedent_cases import MATERIAL, NOT_MATERIAL, NOW, Case, load_cases

OUTCOMES: Final = (MATERIAL, NOT_MATERIAL)
SHOWN: Final = 5
SHOWN_IN_A_DOSSIER: Final = 6
MANY: Final = 10_000
Method = Callable[["Case", PrecedentOutcome], list[str]]
Gain = Callable[["Case", "Case"], int]


@dataclass
class Shelf:
    """Precedents with their vectors and words, searched exactly; and how long each step took."""

    cases: Mapping[str, Case]
    vectors: Mapping[str, Vector]
    folder: Path
    load: Callable[[Sequence[str]], Mapping[str, Precedent]] | None = None
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        entries = [(one.id, describe_precedent(one.precedent), one.precedent.outcome) for one in self.cases.values()]
        LexicalIndex.build(self.folder, entries)
        self.words = LexicalIndex.open(self.folder)
        self._ids = {outcome: [one for one, _, ended in entries if ended is outcome] for outcome in PrecedentOutcome}
        self._rows = {outcome: np.array([self.vectors[one] for one in ids]) for outcome, ids in self._ids.items()}

    def dense(self, vector: Vector, outcome: PrecedentOutcome, depth: int) -> list[tuple[str, float, Vector]]:
        begun = time.perf_counter()
        ids, rows = self._ids[outcome], self._rows[outcome]
        near = rows @ vector if ids else np.zeros(0)
        found = [(ids[row], float(near[row]), rows[row]) for row in np.argsort(-near, kind="stable")[:depth]]
        self.times["dense"].append(time.perf_counter() - begun)
        return found

    def lexical(self, text: str, outcome: PrecedentOutcome, depth: int) -> list[tuple[str, float]]:
        begun = time.perf_counter()
        found = self.words.search(text, outcome, depth)
        self.times["lexical"].append(time.perf_counter() - begun)
        return found

    def fetch(self, ids: Sequence[str]) -> Mapping[str, Precedent]:
        begun = time.perf_counter()
        found = self.load(ids) if self.load else {one: self.cases[one].precedent for one in ids}
        self.times["load"].append(time.perf_counter() - begun)
        return found

    def rank(self, query: PrecedentQuery, vector: Vector, limit: int) -> list[PrecedentMatch]:
        text = describe_query(query)
        return rank_precedents(
            query,
            limit,
            dense=lambda outcome, depth: self.dense(vector, outcome, depth),
            lexical=lambda outcome, depth: self.lexical(text, outcome, depth),
            load=self.fetch,
            vectors=lambda _, ids: {one: self.vectors[one] for one in ids},
            query_vector=vector,
        )


def share_facts(one: Case, other: Case) -> int:
    if not one.categories & other.categories:
        return 0
    stages = set(one.query.stages) & set(other.query.stages) - {Stage.UNDETERMINED}
    return 1 + bool(stages) + (one.query.role is other.query.role is not Role.UNDETERMINED)


def share_wrongs(one: Case, other: Case) -> int:
    return int(bool(one.wrongs & other.wrongs))


def score_lists(
    name: str,
    method: Method,
    queries: Iterable[Case],
    pool: Sequence[Case],
    gain: Gain,
    outcomes: Sequence[PrecedentOutcome],
) -> list[object]:
    """hit@5, nDCG@5 and precision over all lists, one a query and outcome, for which something relevant exists."""
    by_id = {one.id: one for one in pool}
    hits, ndcgs, right, shown = [], [], 0, 0
    for query in queries:
        for outcome in outcomes:
            ideal = sorted((gain(query, one) for one in pool if one.precedent.outcome is outcome), reverse=True)
            if not ideal or not ideal[0]:
                continue
            gains = [gain(query, by_id[one]) for one in method(query, outcome)[:SHOWN]]
            hits.append(any(gains))
            ndcgs.append(_discount(gains) / _discount(ideal[:SHOWN]))
            right, shown = right + sum(map(bool, gains)), shown + len(gains)
    interval = in_brackets(proportion_interval(sum(hits), len(hits)))
    return [
        name,
        len(hits),
        sum(hits) / len(hits),
        interval,
        statistics.mean(ndcgs),
        right / max(1, shown),
        shown / len(hits),
    ]


def measure_relevance(
    queries: Sequence[Case], pool: Sequence[Case], vectors: Mapping[str, Vector], folder: Path
) -> None:
    """The methods beside each other, over lists of five an outcome."""
    judged = [one for one in pool if one.wrongs]
    asked = [one for one in queries if one.wrongs]
    for title, cases, these, gain, outcomes in (
        ("Relevance by facts", pool, queries, share_facts, OUTCOMES),
        ("Relevance by the assessors' words", judged, asked, share_wrongs, (MATERIAL,)),
    ):
        shelf = Shelf({one.id: one for one in cases}, vectors, folder / f"words-{len(cases)}")
        columns = ["", "lists", "hit@5", "95 %", "nDCG@5", "precision", "shown"]
        rows = [score_lists(name, method, these, cases, gain, outcomes) for name, method in _methods(shelf).items()]
        print_table(f"{title}: {len(these)} queries, {len(cases)} precedents", columns, rows)


def _methods(shelf: Shelf) -> dict[str, Method]:
    draw = random.Random(7)

    def dense(query: Case, outcome: PrecedentOutcome) -> list[str]:
        found = shelf.dense(shelf.vectors[query.id], outcome, 4 * SHOWN)
        return [one for one, _, _ in found if is_admissible(shelf.cases[one].precedent, query.query)]

    def lexical(query: Case, outcome: PrecedentOutcome) -> list[str]:
        found = shelf.lexical(describe_query(query.query), outcome, 4 * SHOWN)
        return [one for one, _ in found if is_admissible(shelf.cases[one].precedent, query.query)]

    def fused(query: Case, outcome: PrecedentOutcome) -> list[str]:
        scores = fuse_ranks([dense(query, outcome), lexical(query, outcome)])
        return sorted(scores, key=lambda one: (-scores[one], one))

    def product(query: Case, outcome: PrecedentOutcome) -> list[str]:
        shown = shelf.rank(query.query, shelf.vectors[query.id], SHOWN * len(PrecedentOutcome))
        nearest = sorted(shown, key=lambda match: -match.similarity)
        return [one.precedent.precedent_id for one in nearest if one.precedent.outcome is outcome]

    def anything(query: Case, outcome: PrecedentOutcome) -> list[str]:
        ids = [one.id for one in shelf.cases.values() if one.precedent.outcome is outcome]
        return draw.sample(ids, min(SHOWN, len(ids)))

    return {"random": anything, "dense only": dense, "BM25 only": lexical, "RRF": fused, "product": product}


def measure_leaks(queries: Sequence[Case], pool: Sequence[Case], vectors: Mapping[str, Vector], folder: Path) -> None:
    """Plant for every query what must not come back, and the same once more as it may."""
    planted: dict[str, Case] = {}
    near = dict(vectors)
    for case in queries:
        words = case.precedent.summary.split()
        copy = "(Agencies) " + " ".join(words[: max(8, len(words) * 4 // 5)])
        traps: dict[str, dict[str, Any]] = {
            "own": {"alert_id": case.query.exclude_alert_id.upper()},
            "copy": {"alert_id": f"copy-{case.id}", "summary": copy},
            "a day later": {"decided_at": NOW + timedelta(days=1), "subject_name": "Zyx Qwv"},
            "at that moment": {"decided_at": NOW, "subject_name": "Zyx Qwv"},
            "control": {"subject_name": "Zyx Qwv", "decided_at": NOW - timedelta(seconds=1)},
        }
        for kind, changes in traps.items():
            fields = {
                "precedent_id": f"{kind}:{case.id}",
                "alert_id": f"other-{case.id}",
                "decided_at": NOW - timedelta(1),
            }
            planted[f"{kind}:{case.id}"] = replace(case, precedent=case.precedent.model_copy(update=fields | changes))
            near[f"{kind}:{case.id}"] = vectors[case.id]
    shelf = Shelf({one.id: one for one in pool} | planted, near, folder / "traps")
    back: Counter[str] = Counter()
    for case in queries:
        for match in shelf.rank(case.query, vectors[case.id], 60):
            kind, _, whose = match.precedent.precedent_id.partition(":")
            back[kind] += whose == case.id
            back["later in any way"] += match.precedent.decided_at >= case.query.before
    kinds = ("own", "copy", "a day later", "at that moment", "later in any way", "control")
    rows = [[kind, len(queries), back[kind], back[kind] / len(queries)] for kind in kinds]
    print_table("Leaks, of one trap of each kind a query (must be 0; the control shows that a trap can come back)",
                ["", "planted", "came back", "rate"], rows)  # fmt: skip


def measure_balance(queries: Sequence[Case], shelf: Shelf, vectors: Mapping[str, Vector]) -> None:
    """How many of each outcome are shown, and what a place tells of the outcome."""
    lists = [shelf.rank(case.query, vectors[case.id], SHOWN_IN_A_DOSSIER) for case in queries]
    numbers = Counter(
        tuple(sum(one.precedent.outcome is outcome for one in shown) for outcome in OUTCOMES) for shown in lists
    )
    print_table(
        "Shown in a dossier (material, not material)", ["", "queries"], [[str(k), v] for k, v in numbers.most_common()]
    )
    full = [shown for shown in lists if len(shown) == max(map(len, lists))]
    nearest = [sorted(shown, key=lambda match: -match.similarity) for shown in full]
    rows = [
        [
            name,
            len(full),
            *(_share(shown[place].precedent.outcome is MATERIAL for shown in these) for place in range(len(full[0]))),
        ]
        for name, these in (("as shown", full), ("were it nearest first", nearest))
    ]
    print_table(
        "Share of material outcomes by place", ["", "queries", *(f"place {n + 1}" for n in range(len(full[0])))], rows
    )


def measure_votes(queries: Sequence[Case], shelf: Shelf, vectors: Mapping[str, Vector]) -> None:
    """Whether the outcome of what is near tells the outcome of the case, beside what needs no precedents."""
    truth = [case.precedent.outcome for case in queries]
    majority = Counter(one.precedent.outcome for one in shelf.cases.values()).most_common(1)[0][0]
    endings = [one.precedent.outcome for one in shelf.cases.values()]
    random.Random(7).shuffle(endings)
    shuffled = dict(zip(shelf.cases, endings, strict=True))
    real = {one.id: one.precedent.outcome for one in shelf.cases.values()}
    nearest = [
        sorted(
            (row for outcome in OUTCOMES for row in shelf.dense(vectors[case.id], outcome, SHOWN)),
            key=lambda row: -row[1],
        )[:SHOWN]
        for case in queries
    ]
    shown = [shelf.rank(case.query, vectors[case.id], SHOWN_IN_A_DOSSIER) for case in queries]

    def vote(rows: Sequence[tuple[str, float]], ends: Mapping[str, PrecedentOutcome]) -> PrecedentOutcome:
        weights = {outcome: [near for one, near in rows if ends[one] is outcome] for outcome in OUTCOMES}
        means = {outcome: statistics.mean(all_) if all_ else 0.0 for outcome, all_ in weights.items()}
        return majority if means[MATERIAL] == means[NOT_MATERIAL] else max(OUTCOMES, key=lambda one: means[one])

    pairs = [[(one.precedent.precedent_id, one.similarity) for one in these] for these in shown]
    crowd = [[shuffled[row[0]] for row in rows] for rows in nearest]
    guesses = {
        "majority class": [majority] * len(truth),
        "the reader found an offence": [MATERIAL if case.query.offences else NOT_MATERIAL for case in queries],
        "nearer outcome of those shown": [vote(rows, real) for rows in pairs],
        "the same, outcomes shuffled": [vote(rows, shuffled) for rows in pairs],
        "most of the five nearest, unbalanced": [_most([real[row[0]] for row in rows]) for rows in nearest],
        "the same, outcomes shuffled ": [_most(ends) for ends in crowd],
    }
    rows = []
    for name, guess in guesses.items():
        right = sum(one is other for one, other in zip(truth, guess, strict=True))
        rows.append([name, len(truth), right / len(truth), in_brackets(proportion_interval(right, len(truth)))])
    print_table("Outcome of the case told by", ["", "queries", "accuracy", "95 %"], rows)


def measure_latency(queries: Sequence[Case], pool: Sequence[Case], vectors: Mapping[str, Vector], folder: Path) -> None:
    """Milliseconds a query over many precedents, loaded from SQLite: each mixes two cases, so that none is a copy."""
    draw = random.Random(11)
    many: dict[str, Case] = {}
    near = dict(vectors)
    for number in range(MANY):
        one, other = draw.sample(pool, 2)
        words = [*one.precedent.summary.split(), *other.precedent.summary.split()]
        draw.shuffle(words)
        fields = {
            "precedent_id": f"M-{number}",
            "alert_id": f"MA-{number}",
            "summary": " ".join(words[: len(words) // 2]),
        }
        many[f"M-{number}"] = replace(one, precedent=one.precedent.model_copy(update=fields))
        mixed = 0.8 * vectors[one.id] + 0.2 * vectors[other.id]
        near[f"M-{number}"] = mixed / np.linalg.norm(mixed)
    store = Store.open(f"sqlite:///{folder / 'precedents.sqlite3'}")
    store.save_precedents(one.precedent for one in many.values())
    shelf = Shelf(many, near, folder / "many", store.load_precedents)
    whole: dict[str, list[float]] = defaultdict(list)
    for case in queries[:100]:
        shelf.times.clear()
        begun = time.perf_counter()
        shelf.rank(case.query, vectors[case.id], SHOWN_IN_A_DOSSIER)
        total = time.perf_counter() - begun
        steps = {step: sum(shelf.times[step]) for step in ("dense", "lexical", "load")}
        steps["ranking and comparing"] = total - sum(steps.values())
        steps["all but dense"] = total - steps["dense"]
        for step, seconds in steps.items():
            whole[step].append(seconds * 1000)
    store.close()
    names = {
        "dense": "dense, exact in numpy (Chroma in the product)",
        "lexical": "lexical, tantivy",
        "load": "load, SQLite",
    }
    rows = [
        [names.get(step, step), *(float(np.percentile(ms, at)) for at in (50, 95)), max(ms)]
        for step, ms in whole.items()
    ]
    print_table(f"Milliseconds a query, {MANY:,} precedents, {SHOWN_IN_A_DOSSIER} shown (goal: all but dense ≤ 5)",
                ["", "p50", "p95", "max"], rows)  # fmt: skip


def _discount(gains: Sequence[int]) -> float:
    return sum(((1 << gain) - 1) / math.log2(place + 2) for place, gain in enumerate(gains))


def _most(ends: Sequence[PrecedentOutcome]) -> PrecedentOutcome:
    return MATERIAL if sum(one is MATERIAL for one in ends) * 2 > len(ends) else NOT_MATERIAL


def _share(these: Iterable[bool]) -> float:
    return statistics.mean(map(float, these))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.precedents", description=__doc__)
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--all", action="store_true", help="every precedent and query, not 500 and 150")
    parser.add_argument("--split", choices=("dev", "heldout"), default="heldout", help="whose queries are scored")
    given = parser.parse_args()
    numbers = (None, None) if given.all else (500, 150)
    pool, queries = load_cases(data_dir(given.folder), given.split, *numbers)
    ends = Counter(one.precedent.outcome.value for one in pool)
    print(f"{given.split}: {len(queries)} queries, {len(pool)} precedents ({dict(ends)})")
    cases = [*pool, *queries]
    begun = time.perf_counter()
    rows = MiniLmEmbedder().embed([describe_precedent(one.precedent) for one in cases])
    print(f"embedded in {(time.perf_counter() - begun) / len(cases) * 1000:.1f} ms a text")
    vectors = {one.id: row for one, row in zip(cases, rows, strict=True)}
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as name:
        folder = Path(name)
        shelf = Shelf({one.id: one for one in pool}, vectors, folder / "pool")
        measure_relevance(queries, pool, vectors, folder)
        measure_leaks(queries, pool, vectors, folder)
        measure_balance(queries, shelf, vectors)
        measure_votes(queries, shelf, vectors)
        measure_latency(queries, pool, vectors, folder)


if __name__ == "__main__":
    main()
