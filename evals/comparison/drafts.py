"""Drafts as text: claims with stage, quotes and counter-evidence, in lines that can be set side by side."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher, unified_diff
from itertools import zip_longest
from unicodedata import combining, east_asian_width

from agent.domain.record import TriageFailure, TriageRecord
from agent.domain.summary import Quotes
from agent.errors import InputError
from evals.running.runs import Run

Outcome = TriageRecord | TriageFailure
_GUTTER = 3


class DraftUnavailable(InputError):
    """A draft that was asked for and cannot be shown."""


def write_draft(outcome: Outcome) -> list[str]:
    """One outcome as lines: recommendation with reasons, identity, parties, events, counter-evidence, narrative."""
    if isinstance(outcome, TriageFailure):
        failure = outcome.failure
        return [f"failed at {failure.stage}: {failure.error}", f"  {failure.message}"]
    summary = outcome.summary
    lines = [
        f"recommendation: {outcome.recommendation.value}",
        *(f"  reason {reason}" for reason in sorted(outcome.recommendation.reasons)),
        f"identity: {summary.identity.verdict}",
    ]
    names = {party.id: party.name for party in summary.parties}
    for party in summary.parties:
        mark = " (subject)" if party.id == summary.subject_party else ""
        lines += [f"party {party.name}: {party.role}{mark}", *_quotes(party.quotes)]
    for event in summary.events:
        flags = [flag for flag, on in (("in absentia", event.in_absentia), ("final", event.final)) if on]
        lines.append(f"event {event.stage}: {', '.join(event.offences)}{''.join(f'; {flag}' for flag in flags)}")
        lines.append(f"  against {', '.join(names.get(party, party) for party in event.parties) or 'nobody named'}")
        lines += [f"  {event.claim}", *_quotes(event.quotes)]
    for entry in summary.counter_evidence:
        lines += [f"counter-evidence {entry.kind} by {entry.by}", f"  {entry.claim}", *_quotes(entry.quotes)]
    lines += ["narrative", f"  {summary.narrative}"] if summary.narrative else []
    lines += [f"not covered {omission.sentence}: {omission.text}" for omission in outcome.omissions]
    lines += [f"not found in the article: {entry.text}" for entry in outcome.grounding.ungrounded]
    lines += [f"set back: {line}" for line in outcome.grounding.lowered]
    return [_flatten(line) for line in lines]


def pair_outcomes(
    base: Run, new: Run, case_ids: Collection[str], epoch: int, *, hidden: Collection[str]
) -> list[tuple[str, Outcome, Outcome]]:
    """Both outcomes of each case in one epoch: of the cases named, else of all that both runs hold.

    hidden: ids that are not to be shown. Raises DraftUnavailable for a named case that is hidden or not in both runs.
    """
    before, after = _of_epoch(base, epoch), _of_epoch(new, epoch)
    for case_id in case_ids:
        if case_id in hidden:
            raise DraftUnavailable(f"Case {case_id!r} is held out: only figures of it are shown.")
        if case_id not in before or case_id not in after:
            raise DraftUnavailable(f"Case {case_id!r} does not stand in both runs in epoch {epoch}.")
    chosen = case_ids or sorted((set(before) & set(after)) - set(hidden))
    return [(case_id, before[case_id], after[case_id]) for case_id in chosen]


def diff_changes(base: Run, new: Run, case_id: str) -> list[str]:
    """The lines in which two runs' drafts of a case differ, the epochs one after another, each difference once."""
    after = {sample.epoch: sample.outcome for sample in new.samples if sample.case_id == case_id}
    lines = (
        line
        for sample in base.samples
        if sample.case_id == case_id and sample.epoch in after
        for line in diff_drafts(sample.outcome, after[sample.epoch])
        if not line.startswith(" ")
    )
    return list(dict.fromkeys(lines))


def _of_epoch(run: Run, epoch: int) -> dict[str, Outcome]:
    return {sample.case_id: sample.outcome for sample in run.samples if sample.epoch == epoch}


def diff_drafts(base: Outcome, new: Outcome) -> list[str]:
    """A unified diff of two outcomes, both whole; nothing where they say the same."""
    before, after = write_draft(base), write_draft(new)
    lines = list(unified_diff(before, after, n=len(before) + len(after), lineterm=""))
    return lines[3:]


def place_side_by_side(base: Outcome, new: Outcome, width: int = 160) -> Iterator[str]:
    """Two outcomes in columns; between them ``|`` changed, ``<`` in the first alone, ``>`` in the second alone."""
    column = max((width - _GUTTER) // 2, 20)
    before, after = write_draft(base), write_draft(new)
    for tag, i1, i2, j1, j2 in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        for left, right in zip_longest(before[i1:i2], after[j1:j2]):
            sign = " " if tag == "equal" else "<" if right is None else ">" if left is None else "|"
            yield from _columns(left or "", right or "", sign, column)


def _flatten(line: str) -> str:
    """One line, its indent kept and its other white space single."""
    return line[: len(line) - len(line.lstrip(" "))] + " ".join(line.split())


def _columns(left: str, right: str, sign: str, column: int) -> Iterator[str]:
    for one, other in zip_longest(_fold(left, column), _fold(right, column), fillvalue=""):
        yield f"{one}{' ' * (column - _cells(one))} {sign} {other}".rstrip()


def _cells(text: str) -> int:
    """Columns a terminal gives to a text: wide letters take two."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def _fold(line: str, column: int) -> Sequence[str]:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.wrap(line, column, subsequent_indent=indent + "  ") or [""]


def _quotes(quotes: Quotes) -> list[str]:
    return [
        f"    “{' '.join(quote.text.split())}” [{'not found' if quote.start is None else quote.sentence or 'found'}]"
        for quote in quotes
    ]
