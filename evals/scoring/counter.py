"""Counter-evidence: what speaks for the other side, found, missed or invented.

A drafted entry is a gold one where both rest on the same words, or, on other words, where it is of the same kind and
either from the same speaker or a fact that needs none (an acquittal, a correction). Found means that its kind is
acceptable too. An entry that is none of the gold's is invented.
"""

from __future__ import annotations

from collections.abc import Sequence

from agent.domain.summary import CounterEvidence
from agent.domain.taxonomy import CONTESTING_KINDS
from agent.triage.names import name_tokens
from evals.cases.gold import GoldCounterEvidence
from evals.scoring.assignment import assign_pairs
from evals.scoring.matched import Matched
from evals.scoring.spans import locate, quote_spans, share_common
from evals.scoring.tally import Tally, shorten


def score_counter_evidence(matched: Matched, tally: Tally) -> None:
    """Recall, precision and invention; none where counter-evidence was not labelled."""
    gold, drafted = matched.gold.counter_evidence, matched.summary.counter_evidence
    if gold is None:
        return
    common = _common_words(matched, gold, drafted)
    fits = [
        [_fit(entry, other, common[row][column]) for column, other in enumerate(drafted)]
        for row, entry in enumerate(gold)
    ]
    found = {row for row, _ in assign_pairs(fits)}
    tally.count("counter_evidence_recall", len(found), len(gold))
    for row, entry in enumerate(gold):
        if row not in found:
            tally.fault("counter_evidence_recall", _explain_missed(entry, drafted, common[row]))
    right = invented = 0
    for column, other in enumerate(drafted):
        right += any(row[column] is not None for row in fits)
        stranger = all(common[row][column] == 0 and not _same_matter(entry, other) for row, entry in enumerate(gold))
        invented += stranger
        if stranger:
            words = shorten(other.quotes[0].text if other.quotes else other.claim)
            tally.fault("counter_evidence_invented", f"{other.id} ({other.kind} by {other.by}) meets nothing: {words}.")
    tally.count("counter_evidence_precision", right, len(drafted))
    tally.count("counter_evidence_invented", invented > 0)


def _common_words(
    matched: Matched, gold: Sequence[GoldCounterEvidence], drafted: Sequence[CounterEvidence]
) -> list[list[float]]:
    quotes = [quote_spans(entry.quotes, matched.text) for entry in drafted]
    return [[share_common(locate(matched.text, entry.evidence), spans) for spans in quotes] for entry in gold]


def _fit(entry: GoldCounterEvidence, drafted: CounterEvidence, common: float) -> float | None:
    if drafted.kind not in entry.kinds or not (common > 0 or _same_matter(entry, drafted)):
        return None
    return common + 0.1 * (drafted.kind is entry.kinds[0])


def _same_matter(entry: GoldCounterEvidence, drafted: CounterEvidence) -> bool:
    """The same thing told on other words: an acceptable kind, and the same speaker where it is only somebody's word."""
    if drafted.kind not in entry.kinds:
        return False
    if drafted.kind not in CONTESTING_KINDS:
        return True
    one, other = set(name_tokens(entry.by)), set(name_tokens(drafted.by.removesuffix(" (interested party)")))
    unnamed = set(name_tokens("not stated"))
    return bool(one and other) and unnamed not in (one, other) and (one <= other or other <= one)


def _explain_missed(entry: GoldCounterEvidence, drafted: Sequence[CounterEvidence], common: Sequence[float]) -> str:
    wanted = f"{entry.id} ({' or '.join(entry.kinds)} by {entry.by})"
    other = next((one for one, share in zip(drafted, common, strict=True) if share > 0), None)
    if other is not None and other.kind not in entry.kinds:
        return f"The draft's {other.id} calls {wanted} {other.kind}: {shorten(entry.evidence[0])}."
    return f"The draft has nothing for {wanted}: {shorten(entry.evidence[0])}."
