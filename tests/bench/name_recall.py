"""Who is found by name among a million: ``python -m tests.bench.name_recall [--names N] [--seed S] [--split held]``.

TRIAGE_DATA_DIR names the folder with the lists. Their profiles and seeded distractors (tests.bench.distractors) are
indexed; the queries (tests.bench.name_cases) are held out of the index. One query has one right answer, so that a
second list's profile of the same person counts as wrong. ``unlike`` are aliases that share no word with any indexed
name, not even nearly: nobody finds those by name, and they are counted with the others and apart.

Beside the name index, in the same run: BM25 over raw words (tantivy, the same documents), rapidfuzz token_sort_ratio
over every name (on a sample of the queries), and the embedder with exact search. Embedding a million names takes hours,
so that last comparison is made on a set 20 times smaller, with the name index built over that same set beside it.

dev   the half of the queries (by hash) on which variants were chosen;  held  the other half, reported by default
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import tantivy
from rapidfuzz import fuzz, process

from agent.domain.reference import Profile, ReferenceChange
from retrieval.embedding.minilm import MiniLmEmbedder
from retrieval.names.build import update_names
from retrieval.names.index import NameIndex
from retrieval.names.tokens import fold_tokens
from tests.bench.distractors import draw_profiles, read_vocabulary
from tests.bench.figures import data_dir, in_brackets, print_table, proportion_interval
from tests.bench.name_cases import GROUPS, NEAR_GROUPS, REACHABLE_GROUPS, NameCase, make_cases, read_lists

NEAR: Final = "Latin, Cyrillic, Greek"
LIMIT: Final = 50
MISSED: Final = LIMIT + 1
SAMPLE: Final = 40
"""Queries a group that rapidfuzz answers: each costs it a pass over all names."""
DENSE_SHARE: Final = 20
"""The dense comparison's set is this many times smaller."""
SEGMENT_BYTES: Final = 64_000_000
_T = TypeVar("_T")
Named = tuple[str, str]
Finder = Callable[[str], list[str]]
HEADER: Final = ("group", "queries", "R@1", "R@10", "R@50", "R@10, 95 %", "p50 ms", "p95 ms")


@dataclass(frozen=True, slots=True)
class Answer:
    """At which place the right profile came (from 1, MISSED if it did not), and how long the look-up took."""

    group: str
    place: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Cost:
    """What a build took in a process of its own."""

    cpu_s: float
    peak_mb: float
    disk_mb: float
    names: int


def all_profiles(folder: Path, names: int, seed: int) -> Iterator[Profile]:
    """The lists' profiles, then distractors up to ``names`` names in all."""
    lists = read_lists(folder)
    profiles, _ = make_cases(folder, lists, seed)
    yield from profiles
    listed = sum(1 + len(profile.aliases) for profile in profiles)
    vocabulary = read_vocabulary(folder / "yente_negatives_global.csv", lists["ofac"])
    yield from draw_profiles(vocabulary, max(0, names - listed), seed)


def all_names(profiles: Iterable[Profile]) -> Iterator[Named]:
    """Every name with the id of its profile."""
    return ((profile.profile_id, name) for profile in profiles for name in (profile.name, *profile.aliases))


def build_name_index(root: Path, folder: Path, names: int, seed: int) -> Cost:
    """Build the name index of the benchmark; to be called in a new process."""
    profiles = all_profiles(folder, names, seed)
    begun, drawing = time.process_time(), 0.0

    def changes() -> Iterator[ReferenceChange[Profile]]:
        nonlocal drawing
        stream = iter(profiles)
        while True:
            before = time.thread_time()
            profile = next(stream, None)
            drawing += time.thread_time() - before
            if profile is None:
                return
            yield ReferenceChange(profile.profile_id, 1, profile)

    report = update_names(root, changes(), 1)
    cpu = time.process_time() - begun - drawing
    disk = sum(path.stat().st_size for path in root.rglob("*") if path.is_file()) / 1e6
    return Cost(cpu, _status("VmHWM"), disk, report.names)


def ask_name_index(root: Path, cases: Sequence[NameCase]) -> tuple[list[Answer], float]:
    """Every query once, in a process of its own, and the memory in MB that it came to hold."""
    before = _status("VmRSS")
    index = NameIndex.open(root)
    if index is None:
        raise SystemExit(f"No name index at {root}.")
    with index:
        answers = ask(lambda name: [found.profile_id for found in index.find(name, LIMIT)], cases)
        return answers, _status("VmRSS") - before


def ask(find: Finder, cases: Sequence[NameCase]) -> list[Answer]:
    answers = []
    for case in cases:
        begun = time.perf_counter()
        found = find(case.name)
        seconds = time.perf_counter() - begun
        place = found.index(case.target) + 1 if case.target in found else MISSED
        answers.append(Answer(case.group, place, seconds))
    return answers


def raw_words_finder(folder: Path, names: Iterable[Named]) -> Finder:
    """Plain BM25: lower-cased words, one document a name."""
    schema = (
        tantivy.SchemaBuilder().add_text_field("id", stored=True, tokenizer_name="raw").add_text_field("name").build()
    )
    index = tantivy.Index(schema, str(folder))
    writer = index.writer(SEGMENT_BYTES, 1)
    for profile_id, name in names:
        writer.add_document(tantivy.Document(id=profile_id, name=name))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def find(name: str) -> list[str]:
        query, _ = index.parse_query_lenient(" ".join(fold_tokens(name)), ["name"])
        found = searcher.search(query, 3 * LIMIT, count=False).hits
        return _distinct(str(searcher.doc(address).get_first("id")) for _, address in found)

    return find


def fuzzy_finder(names: Iterable[Named]) -> Finder:
    """rapidfuzz over every name; words sorted beforehand, as token_sort_ratio would each time."""
    ids, sorted_names = [], []
    for profile_id, name in names:
        ids.append(profile_id)
        sorted_names.append(_sorted(name))

    def find(name: str) -> list[str]:
        best = process.extract(_sorted(name), sorted_names, scorer=fuzz.ratio, limit=3 * LIMIT)
        return _distinct(ids[place] for _, _, place in best)

    return find


def dense_finder(names: Iterable[Named]) -> Finder:
    """Bare names embedded, all compared with the query's vector."""
    embedder = MiniLmEmbedder()
    ids, texts = zip(*names, strict=True)
    vectors = np.asarray(embedder.embed(list(texts)))

    def find(name: str) -> list[str]:
        nearness = vectors @ np.asarray(embedder.embed([name]))[0]
        best = np.argpartition(-nearness, 3 * LIMIT)[: 3 * LIMIT]
        return _distinct(ids[place] for place in best[np.argsort(-nearness[best], kind="stable")])

    return find


def table_rows(answers: Sequence[Answer]) -> Iterator[tuple[object, ...]]:
    """A row a group, then sums."""
    sums = ((NEAR, NEAR_GROUPS), (f"{NEAR}, without unlike", REACHABLE_GROUPS), ("across scripts", ("script",)))
    for title, groups in [*((group, (group,)) for group in GROUPS), *sums]:
        chosen = [answer for answer in answers if answer.group in groups]
        if not chosen:
            continue
        reached = [sum(answer.place <= depth for answer in chosen) for depth in (1, 10, LIMIT)]
        p50, p95 = np.percentile([answer.seconds * 1000 for answer in chosen], [50, 95])
        bounds = in_brackets(proportion_interval(reached[1], len(chosen)))
        shares = [part / len(chosen) for part in reached]
        yield title, len(chosen), *shares, bounds, f"{p50:.1f}", f"{p95:.1f}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", help="the folder of the evaluation data")
    parser.add_argument("--names", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--split", choices=("held", "dev", "all"), default="held")
    parser.add_argument("--only-index", action="store_true", help="without the methods it is compared with")
    options = parser.parse_args(arguments)
    folder = data_dir(options.data)
    _, cases = make_cases(folder, read_lists(folder), options.seed)
    chosen = [case for case in cases if options.split == "all" or case.dev == (options.split == "dev")]
    print(f"{len(chosen)} of {len(cases)} queries ({options.split}), {options.names:,} names, seed {options.seed}")
    with tempfile.TemporaryDirectory() as scratch:
        _report_index(Path(scratch) / "names", folder, options.names, options.seed, chosen)
        if not options.only_index:
            _report_others(Path(scratch), folder, options.names, options.seed, chosen)


def _report_index(root: Path, folder: Path, names: int, seed: int, cases: Sequence[NameCase]) -> None:
    cost = _in_child(build_name_index, root, folder, names, seed)
    answers, held = _in_child(ask_name_index, root, cases)
    print_table(f"name index, {cost.names:,} names", HEADER, table_rows(answers))
    print(
        f"  build {cost.cpu_s:.0f} s CPU, {cost.peak_mb:.0f} MB at its peak; {cost.disk_mb:.0f} MB on disk; "
        f"a reader holds {held:.0f} MB after {len(answers)} look-ups (pages of the index included)"
    )


def _report_others(scratch: Path, folder: Path, names: int, seed: int, cases: Sequence[NameCase]) -> None:
    named = list(all_names(all_profiles(folder, names, seed)))
    words = scratch / "words"
    words.mkdir()
    print_table("BM25 over raw words", HEADER, table_rows(ask(raw_words_finder(words, named), cases)))
    dice = random.Random(seed)
    by_group = ([case for case in cases if case.group == group] for group in GROUPS)
    sample = [case for group in by_group for case in dice.sample(group, min(SAMPLE, len(group)))]
    print_table("rapidfuzz token_sort_ratio, sample", HEADER, table_rows(ask(fuzzy_finder(named), sample)))
    named.clear()
    fewer = names // DENSE_SHARE
    small = list(all_names(all_profiles(folder, fewer, seed)))
    print_table(f"MiniLM on {len(small):,} bare names", HEADER, table_rows(ask(dense_finder(small), cases)))
    _report_index(scratch / "fewer", folder, fewer, seed, cases)


def _in_child(task: Callable[..., _T], *arguments: object) -> _T:
    """Run a task in a new process, so that its memory and CPU are its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(task, arguments)


def _status(key: str) -> float:
    """A figure of this process in MB, as the kernel has it."""
    return int(Path("/proc/self/status").read_text(encoding="ascii").partition(f"{key}:")[2].split()[0]) / 1024


def _sorted(name: str) -> str:
    return " ".join(sorted(fold_tokens(name)))


def _distinct(ids: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(ids))[:LIMIT]


if __name__ == "__main__":
    main()
