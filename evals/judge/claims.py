"""Claim: one statement of a record with the words of the article it cites and the sentences around them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Final

from agent.domain.alert import Sentence
from agent.domain.base import Frozen, Id
from agent.domain.fingerprint import alert_fingerprint, content_hash
from agent.domain.record import TriageFailure, TriageRecord
from agent.domain.summary import CounterEvidence, Event, Quote, RiskSummary
from agent.domain.taxonomy import Role, Stage
from agent.reading.segments import segment_text
from evals.cases.case import Case, Split
from evals.running.runs import Run, RunInvalid
from evals.scoring.spans import Span, quote_spans

CONTEXT_SENTENCES: Final = 2
"""Sentences before and after a quote that are shown with it."""

_NO_CLAIM: Final = frozenset({Role.MENTIONED, Role.UNDETERMINED})
_NOTHING_FOUND: Final = "No adverse information"
"""How a narrative says that it reports nothing: a statement about the whole text, which no quote can carry."""
_BRACKETED: Final = re.compile(r"\(([^()]{1,200})\)")
_BETWEEN_IDS: Final = re.compile(r"[\s,;]+")


class ClaimKind(StrEnum):
    """Which part of a summary a claim comes from."""

    EVENT = "event"
    COUNTER_EVIDENCE = "counter_evidence"
    ROLE = "role"
    IDENTIFIER = "identifier"
    NARRATIVE = "narrative"


class Evidence(Frozen):
    """Quotes of the article that stand near each other, and the sentences from before the first to after the last."""

    quotes: tuple[str, ...]
    sentences: tuple[str, ...]


class Claim(Frozen):
    """One statement of one sample's record. Every text is one line."""

    case_id: Id
    epoch: int
    claim_id: str
    """The summary's own id (E1, C1, I1), ``P1.role``, or ``N1`` for a sentence of the narrative."""
    kind: ClaimKind
    subject: str
    """The cluster."""
    shape: str
    split: Split
    statement: tuple[str, ...]
    """The claim itself, then its particulars, a line each."""
    evidence: tuple[Evidence, ...]
    """Empty where none of the claim's quotes stands in the article."""

    @cached_property
    def hash(self) -> str:
        """What a label and a verdict hold on to: the statement and its evidence, wherever they come from."""
        return content_hash([self.kind, self.statement, self.evidence])


class RunClaims(Frozen):
    """All claims of a run, and the alerts that have none because they failed."""

    claims: tuple[Claim, ...]
    failed: tuple[tuple[str, int, str], ...]
    """Case, epoch and cluster of each sample without a record."""


def collect_claims(cases: Mapping[str, Case], run: Run) -> RunClaims:
    """Every claim of every record of a run, in the order of its samples.

    Raises RunInvalid where a case is not given or its text is not the one the run was made on.
    """
    claims: list[Claim] = []
    failed: list[tuple[str, int, str]] = []
    for sample in run.samples:
        case = cases.get(sample.case_id)
        if case is None:
            raise RunInvalid(f"Run {run.manifest.run_id} holds case {sample.case_id}, which is not among those given.")
        if isinstance(sample.outcome, TriageFailure):
            failed.append((case.id, sample.epoch, case.subject))
            continue
        if sample.outcome.provenance.alert_fingerprint != alert_fingerprint(case.alert):
            raise RunInvalid(
                f"Run {run.manifest.run_id} was made on another text than case {case.id} has now. Run it again."
            )
        claims += read_claims(case, sample.outcome, sample.epoch)
    return RunClaims(claims=tuple(claims), failed=tuple(failed))


def read_claims(case: Case, record: TriageRecord, epoch: int = 1) -> Iterator[Claim]:
    """The claims of one record: events, counter-evidence, roles and identifiers with a value, narrative sentences.

    A narrative sentence rests on the quotes of the entries it names in brackets.
    """
    text = case.alert.article.text
    sentences = [sentence for passage in segment_text(text) for sentence in passage.sentences]
    for claim_id, kind, statement, quotes in _statements(record.summary):
        yield Claim(
            case_id=case.id,
            epoch=epoch,
            claim_id=claim_id,
            kind=kind,
            subject=case.subject,
            shape=case.entry.shape,
            split=case.split,
            statement=tuple(_one_line(line) for line in statement),
            evidence=tuple(_gather(text, sentences, quote_spans(quotes, text))),
        )


def _statements(summary: RiskSummary) -> Iterator[tuple[str, ClaimKind, Sequence[str], Sequence[Quote]]]:
    names = {party.id: party.name for party in summary.parties}
    for event in summary.events:
        yield event.id, ClaimKind.EVENT, [event.claim, *_event_particulars(event, names)], event.quotes
    for entry in summary.counter_evidence:
        yield entry.id, ClaimKind.COUNTER_EVIDENCE, [entry.claim, *_counter_particulars(entry)], entry.quotes
    for party in summary.parties:
        if party.role not in _NO_CLAIM:
            yield f"{party.id}.role", ClaimKind.ROLE, [f"{party.name}: role in the article: {party.role}"], party.quotes
        for one in party.identifiers:
            yield one.id, ClaimKind.IDENTIFIER, [f"{party.name}: {one.name}: {one.value}"], one.quotes
    quotes = {party.id: party.quotes for party in summary.parties}
    quotes |= {event.id: event.quotes for event in summary.events}
    quotes |= {entry.id: entry.quotes for entry in summary.counter_evidence}
    for number, (line, cited) in enumerate(_narrative(summary.narrative, frozenset(quotes)), start=1):
        yield f"N{number}", ClaimKind.NARRATIVE, [line], [quote for one in cited for quote in quotes[one]]


def _event_particulars(event: Event, names: Mapping[str, str]) -> Iterator[str]:
    if event.parties:
        yield f"held against: {'; '.join(names.get(one, one) for one in event.parties)}"
    yield f"offences: {', '.join(event.offences)}"
    if event.stage is not Stage.UNDETERMINED:
        yield f"legal stage: {event.stage}"
    if event.in_absentia:
        yield "in absentia"
    if event.final:
        yield "final: no appeal is open"
    if event.date is not None:
        yield f"date: {event.date.text}" + (f" ({event.date.iso})" if event.date.iso else "")
    if event.authority:
        yield f"authority: {event.authority}"
    if event.amounts:
        yield f"amounts: {'; '.join(amount.text for amount in event.amounts)}"


def _counter_particulars(entry: CounterEvidence) -> Iterator[str]:
    yield f"kind: {entry.kind}"
    yield f"said by: {entry.by}"


def _narrative(narrative: str, known: frozenset[str]) -> Iterator[tuple[str, list[str]]]:
    """Each sentence with the ids it names, a sentence that reports nothing left out."""
    for passage in segment_text(narrative) if narrative.strip() else ():
        for sentence in passage.sentences:
            line = narrative[sentence.start : sentence.end]
            named = [one for group in _BRACKETED.findall(line) for one in _BETWEEN_IDS.split(group) if one in known]
            if named or not line.startswith(_NOTHING_FOUND):
                yield line, named


def _gather(text: str, sentences: Sequence[Sentence], spans: Iterable[Span]) -> Iterator[Evidence]:
    """The spans with the sentences around them; spans whose surroundings touch are one piece of evidence."""
    windows: list[tuple[int, int, list[str]]] = []
    for start, end in sorted(set(spans)):
        inside = [place for place, one in enumerate(sentences) if one.start < end and start < one.end]
        first = max(inside[0] - CONTEXT_SENTENCES, 0) if inside else 0
        last = min(inside[-1] + CONTEXT_SENTENCES, len(sentences) - 1) if inside else -1
        quote = _one_line(text[start:end])
        if windows and first <= windows[-1][1] + 1:
            before, until, quotes = windows.pop()
            windows.append((before, max(until, last), [*quotes, quote]))
        else:
            windows.append((first, last, [quote]))
    for first, last, quotes in windows:
        shown = (_one_line(text[one.start : one.end]) for one in sentences[first : last + 1])
        yield Evidence(quotes=tuple(quotes), sentences=tuple(shown))


def _one_line(text: str) -> str:
    return " ".join(text.split())
