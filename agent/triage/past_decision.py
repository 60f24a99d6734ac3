"""From a decision that two people made to a precedent, and which precedents the decisions of the store amount to.

- Only a final decision is a precedent: approved, by somebody else than its author. No draft or recommendation ever is.
- It is known from the moment it became final, so that no earlier alert is ever shown it.
- Its case is told by the proven claims about the subject, never by the rationale: how it ended must not be found in
  what it is found by. Words aimed at software do not enter it, wherever they came from.
- On one text the last word counts: a later final decision takes the earlier one's place, a later decision that makes
  no precedent withdraws it, and so does a new text of the alert.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, islice
from typing import TYPE_CHECKING, Final, Protocol

from agent.domain.alert import Alert
from agent.domain.fingerprint import content_hash
from agent.domain.record import Approval, Decision, TriageRecord
from agent.domain.reference import Precedent
from agent.domain.summary import CounterEvidence, Event, Party, RiskSummary
from agent.domain.taxonomy import PRECEDENT_OUTCOMES, Role
from agent.reading.marks import find_marks
from agent.triage.names import name_tokens
from agent.triage.recommend import PLANTED
from retrieval.documents import without_outcome

if TYPE_CHECKING:
    from agent.store.decisions import DecisionLine, FinalDecision
    from agent.store.references import SavedReferences

DECIDED_HERE: Final = "decision:"
"""How the id of every precedent begins that was decided in this store; no imported one may bear it."""

_LONGEST_ID: Final = 128
_LONGEST_SUMMARY: Final = 1_500
_BATCH: Final = 500
_LEAD: Final = 400
"""Characters of the article that tell its case where nothing was claimed about the subject."""


class DecisionStore(Protocol):
    """Where decisions are kept and precedents are saved; ``agent.store.store.Store`` is one."""

    def iter_standing_decisions(self) -> Iterator[DecisionLine]:
        """The decisions on every alert's current text, alert by alert and in order."""

    def load_final_decision(self, decision_id: str) -> FinalDecision | None:
        """A decision with all that belongs to it, or None."""

    def iter_precedents(self) -> Iterator[Precedent]:
        """All precedents."""

    def save_precedents(self, precedents: Iterable[Precedent], /) -> SavedReferences:
        """Insert or update precedents."""

    def delete_precedents(self, ids: Iterable[str], /) -> int:
        """Delete precedents."""


def refresh_precedents(store: DecisionStore) -> SavedReferences:
    """Make the store's precedents what its decisions amount to, and count what that changed.

    Imported precedents stay as they are. Withdrawn ones leave first, so that no interruption can leave both an opinion
    and its reversal. Raises StoreError.
    """
    new, stale = collect_precedents(store)
    deleted = store.delete_precedents(stale) if stale else 0
    # Gathered first: whoever saves holds the store's write lock, and making a precedent reads the store.
    total = store.save_precedents(list(islice(new, _BATCH)))
    while batch := list(islice(new, _BATCH)):
        saved = store.save_precedents(batch)
        total = replace(
            total,
            inserted=total.inserted + saved.inserted,
            updated=total.updated + saved.updated,
            unchanged=total.unchanged + saved.unchanged,
        )
    return replace(total, deleted=total.deleted + deleted)


def collect_precedents(store: DecisionStore) -> tuple[Iterator[Precedent], tuple[str, ...]]:
    """The precedents of final decisions that are not saved yet, made one at a time, and the ids of withdrawn ones."""
    standing = dict(_standing_ids(store.iter_standing_decisions()))
    known = {precedent.precedent_id for precedent in store.iter_precedents() if is_decided_here(precedent)}
    missing = [decision_id for precedent_id, decision_id in standing.items() if precedent_id not in known]
    finals = (store.load_final_decision(decision_id) for decision_id in missing)
    made = (
        precedent_from_decision(final.alert, final.record, final.decision, final.approval)
        for final in finals
        if final is not None
    )
    stale = tuple(sorted(known - standing.keys()))
    return (precedent for precedent in made if precedent is not None), stale


def is_decided_here(precedent: Precedent) -> bool:
    """Whether a precedent was made of a decision of this store."""
    return not precedent.imported and precedent.precedent_id.startswith(DECIDED_HERE)


def find_standing(decisions: Sequence[DecisionLine]) -> DecisionLine | None:
    """Which of the decisions on one text is its precedent: the last word of two people, if nothing withdrew it since.

    A decision that awaits its approval changes nothing, unless it is one that makes no precedent: then the matter is
    open again.
    """
    standing: DecisionLine | None = None
    for line in decisions:
        if line.disposition not in PRECEDENT_OUTCOMES:
            standing = None
        elif line.approved:
            standing = line
    return standing


def precedent_from_decision(
    alert: Alert, record: TriageRecord, decision: Decision, approval: Approval
) -> Precedent | None:
    """The precedent that a final decision makes, described by the record that was decided on.

    None when the disposition makes none, the two people may be one, or nobody can be named as the subject. Raises
    ValueError when the four do not belong together.
    """
    if approval.decision != decision or {alert.alert_id, record.alert_id} != {decision.alert_id}:
        raise ValueError(f"decision {decision.decision_id!r}, its approval, its alert and its record do not match")
    outcome = PRECEDENT_OUTCOMES.get(decision.disposition)
    party = _find_subject(record.summary)
    name = alert.subject.name if alert.subject is not None else party.name if party is not None else None
    if outcome is None or name is None or _may_be_one_person(decision.author, approval.by):
        return None
    about = _events_about(record.summary, party)
    return Precedent(
        precedent_id=make_precedent_id(decision.decision_id),
        alert_id=alert.alert_id,
        subject_name=name,
        offences=tuple(dict.fromkeys(offence for event in about for offence in event.offences)),
        stages=tuple(dict.fromkeys(event.stage for event in about)),
        role=party.role if party is not None else Role.UNDETERMINED,
        jurisdiction=next((event.jurisdiction for event in about if event.jurisdiction), None),
        source_kind=record.summary.source_assessment.kind,
        summary=_tell_case(alert, record.summary, about),
        outcome=outcome,
        reason_code=decision.reason_code,
        rationale=decision.rationale,
        decided_by=decision.author,
        approved_by=approval.by,
        decided_at=max(decision.decided_at, approval.approved_at),
    )


def make_precedent_id(decision_id: str) -> str:
    """The precedent's id: the decision's behind a prefix, its hash where that would be too long."""
    plain = f"{DECIDED_HERE}{decision_id}"
    return plain if len(plain) <= _LONGEST_ID else f"{DECIDED_HERE}{content_hash(decision_id)}"


def _standing_ids(lines: Iterable[DecisionLine]) -> Iterator[tuple[str, str]]:
    """For each alert with a standing decision the precedent's id and the decision's."""
    for _, of_alert in groupby(lines, key=lambda line: line.alert_id):
        standing = find_standing(list(of_alert))
        if standing is not None:
            yield make_precedent_id(standing.decision_id), standing.decision_id


def _may_be_one_person(author: str, approver: str) -> bool:
    """Names without their order, accents and case: a person who signs twice in two ways is still one."""
    return sorted(name_tokens(author)) == sorted(name_tokens(approver))


def _find_subject(summary: RiskSummary) -> Party | None:
    return next((party for party in summary.parties if party.id == summary.subject_party), None)


def _events_about(summary: RiskSummary, party: Party | None) -> list[Event]:
    """The proven events held against the subject; where there are none, those held against nobody in particular."""
    proven = [event for event in summary.events if _is_proven(event)]
    if party is None:
        return proven
    own = [event for event in proven if party.id in event.parties]
    return own or [event for event in proven if not event.parties]


def _is_proven(claim: Event | CounterEvidence) -> bool:
    return any(quote.start is not None for quote in claim.quotes)


def _tell_case(alert: Alert, summary: RiskSummary, about: Sequence[Event]) -> str:
    """What the case was about, in the proven claims' own words, without how the alert ended."""
    lines = [event.claim for event in about]
    lines += [entry.claim for entry in summary.counter_evidence if lines and _is_proven(entry)]
    if not lines:
        lines = [alert.article.title or "", " ".join(alert.article.text[: 2 * _LEAD].split())[:_LEAD]]
    told = (without_outcome(" ".join(line.split())) for line in lines)
    return _join_within(line for line in dict.fromkeys(told) if line and not _is_planted(line))


def _is_planted(line: str) -> bool:
    return any(mark.kind in PLANTED for mark in find_marks(line))


def _join_within(lines: Iterable[str]) -> str:
    """As many of the lines as fit, as sentences."""
    text = ""
    for line in lines:
        sentence = line if line[-1] in ".!?…" else f"{line}."
        if len(text) + 1 + len(sentence) > _LONGEST_SUMMARY:
            break
        text = f"{text} {sentence}".strip()
    return text
