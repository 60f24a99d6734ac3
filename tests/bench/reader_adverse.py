"""Adverse against non-adverse on articles set aside, beside TF-IDF with logistic regression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from tests.bench.figures import (
    Split,
    draw,
    fold,
    in_brackets,
    interval,
    load_rows,
    positive_scores,
    print_table,
    split_of,
    subject_key,
)
from tests.bench.reader_adapter import Verdict, judge

SCORED: Final = frozenset({"clean_train", "public_test"})
"""Labels that a second person checked."""
ANSWERS: Final = ("adverse", "non_adverse", "abstain")
COLUMNS: Final = ("", "rows", "precision", "p 95 %", "recall", "r 95 %", "F1", "F1 95 %")


def run(folder: Path, split: Split, limit: int | None) -> dict[str, Any]:
    """Print and return the figures of one split; nothing of the articles is kept."""
    rows = [row for row in load_rows(folder / "adverse_media_articles.jsonl") if row["label"] != "doubtful"]
    scored = draw([row for row in rows if row["label_basis"] in SCORED and _split(row) == split], limit)
    gold = [row["label"] == "adverse" for row in scored]
    verdicts = [judge(row["text"], row["title"], row["entity_name"]) for row in scored]
    guessed = _baseline(rows, scored, split)
    answered = [index for index, verdict in enumerate(verdicts) if verdict.label != "abstain"]
    adverse = [verdict.label == "adverse" for verdict in verdicts]
    careful = [verdict.label != "non_adverse" for verdict in verdicts]

    everything = range(len(scored))
    lines = [
        _line("reader, where it answered", gold, adverse, answered),
        _line("reader, abstention read as not adverse", gold, adverse, everything),
        _line("reader, abstention read as adverse", gold, careful, everything),
        _line("TF-IDF + LR, same rows as answered", gold, guessed, answered),
        _line("TF-IDF + LR, all rows", gold, guessed, everything),
        _line("everything adverse", gold, [True] * len(gold), everything),
    ]
    counts = Counter((row["label"], verdict.label) for row, verdict in zip(scored, verdicts, strict=True))
    print_table(
        f"Adverse against non-adverse, {split}: {len(scored)} articles, {sum(gold)} adverse",
        COLUMNS,
        lines,
    )
    print_table(
        "Reader's answers",
        ["label", *ANSWERS],
        [[label, *(counts[label, answer] for answer in ANSWERS)] for label in ANSWERS[:2]],
    )
    with_name = [index for index in everything if scored[index]["entity_name"]]
    without = [index for index in everything if not scored[index]["entity_name"]]
    print_table(
        "By header (abstention read as not adverse)",
        COLUMNS,
        [_line("name given", gold, adverse, with_name), _line("name blank", gold, adverse, without)],
    )
    _print_abstentions(scored, verdicts)
    _print_errors(scored, verdicts)
    return {
        "split": split,
        "rows": len(scored),
        "adverse": sum(gold),
        "abstained": len(scored) - len(answered),
        "table": [dict(zip(COLUMNS, line, strict=True)) for line in lines],
    }


def _split(row: dict[str, Any]) -> Split:
    return split_of(subject_key(row["entity_name"]) if row["entity_name"] else row["id"])


def _line(name: str, gold: Sequence[bool], guessed: Sequence[bool], rows: Sequence[int]) -> list[Any]:
    def over(drawn: Sequence[int], which: str) -> float:
        picked = [rows[place] for place in drawn]
        return float(getattr(positive_scores([gold[i] for i in picked], [guessed[i] for i in picked]), which))

    line: list[Any] = [name, len(rows)]
    for which in ("precision", "recall", "f1"):
        bounds = interval(lambda drawn, which=which: over(drawn, which), len(rows))  # type: ignore[misc]
        line += [over(range(len(rows)), which), in_brackets(bounds)]
    return line


def _baseline(rows: list[dict[str, Any]], scored: list[dict[str, Any]], split: Split) -> list[bool]:
    """A bag of words trained on the other split and on unchecked rows, without any subject or text that is scored."""
    subjects = {subject_key(row["entity_name"]) for row in scored if row["entity_name"]}
    texts = {" ".join(fold(row["text"])[:80]) for row in scored}
    training = [
        row
        for row in rows
        if (row["label_basis"] not in SCORED or _split(row) != split)
        and (not row["entity_name"] or subject_key(row["entity_name"]) not in subjects)
        and " ".join(fold(row["text"])[:80]) not in texts
    ]
    model = make_pipeline(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), min_df=2, max_features=60_000),
        LogisticRegression(C=10, class_weight="balanced", max_iter=1_000),
    )
    model.fit([_words(row) for row in training], [row["label"] == "adverse" for row in training])
    print(f"TF-IDF + LR trained on {len(training)} articles.")
    return [bool(guess) for guess in model.predict([_words(row) for row in scored])]


def _words(row: dict[str, Any]) -> str:
    return f"{row['title'] or ''}\n{row['text']}"


def _print_abstentions(scored: list[dict[str, Any]], verdicts: list[Verdict]) -> None:
    reasons = Counter(verdict.why for verdict in verdicts if verdict.label == "abstain")
    print_table("Why it abstained", ["reason", "rows"], reasons.most_common(8))


def _print_errors(scored: list[dict[str, Any]], verdicts: list[Verdict], each: int = 12) -> None:
    for label, answer, name in (
        ("adverse", "non_adverse", "Missed: adverse articles in which it found nothing against the subject"),
        ("non_adverse", "adverse", "Raised: articles labelled not adverse"),
    ):
        wrong = [
            (row, verdict)
            for row, verdict in zip(scored, verdicts, strict=True)
            if row["label"] == label and verdict.label == answer
        ]
        print(f"\n{name} ({len(wrong)})")
        for row, verdict in sorted(wrong, key=lambda pair: -len(pair[0]["text"]))[:each]:
            print(f"  - {row['title']} [{row['entity_name'] or 'blank'}] {' '.join(verdict.why.split())[:220]}")
