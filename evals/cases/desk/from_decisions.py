"""Draft cases from what two people decided: the disposition is gold, what only the machine drafted is not.

Everything is pseudonymised (see ``pseudonyms``), which is not anonymised: a person must read a case before it leaves
the bank. A case in which an original name, number or birth date is left is refused, never written.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from itertools import groupby
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from agent.domain.alert import Alert
from agent.domain.reading import Reading
from agent.domain.record import Recommendation
from agent.domain.reference import Precedent, Profile
from agent.domain.taxonomy import Disposition, IdentityVerdict, RecommendationValue
from agent.errors import InputError
from agent.triage.names import name_tokens
from agent.triage.past_decision import find_standing
from agent.triage.pipeline import ArticleReader
from agent.triage.recommend import LLM_DRAFTER
from evals.cases.case import Case, Shape, Split
from evals.cases.check import check_cases
from evals.cases.desk.draft import DeskDraft, NamedAlert
from evals.cases.desk.invented_names import draw_number
from evals.cases.desk.pseudonyms import NotPseudonymised
from evals.cases.files import read_case
from evals.cases.gold import Truth
from retrieval.names.tokens import fold_tokens

if TYPE_CHECKING:
    from agent.store.decisions import DecisionLine, FinalDecision

_TRUTHS: Final = MappingProxyType(
    {
        Disposition.TRUE_MATCH_MATERIAL: Truth.ESCALATE,
        Disposition.TRUE_MATCH_NOT_MATERIAL: Truth.CLOSE,
        Disposition.NOT_ADVERSE: Truth.CLOSE,
        Disposition.FALSE_POSITIVE: Truth.CLOSE,
        Disposition.NEEDS_INFORMATION: Truth.OPEN,
    }
)
"""What a disposition proves should become of the alert; a duplicate proves nothing about its text."""
_ACCEPTED: Final = MappingProxyType(
    {
        Disposition.TRUE_MATCH_MATERIAL: (RecommendationValue.ESCALATE, RecommendationValue.REVIEW),
        Disposition.TRUE_MATCH_NOT_MATERIAL: (RecommendationValue.CLOSE_NOT_MATERIAL, RecommendationValue.REVIEW),
        Disposition.NOT_ADVERSE: (RecommendationValue.CLOSE_NOT_MATERIAL, RecommendationValue.REVIEW),
        Disposition.FALSE_POSITIVE: (RecommendationValue.CLOSE_FALSE_POSITIVE, RecommendationValue.REVIEW),
        Disposition.NEEDS_INFORMATION: (RecommendationValue.REVIEW,),
    }
)
_MATCH: Final = (IdentityVerdict.CONFIRMED, IdentityVerdict.PROBABLE, IdentityVerdict.POSSIBLE)
_NO_MATCH: Final = (IdentityVerdict.MISMATCH, IdentityVerdict.POSSIBLE, IdentityVerdict.UNKNOWN_SUBJECT)
_VERDICTS: Final = MappingProxyType(
    {
        Disposition.TRUE_MATCH_MATERIAL: _MATCH,
        Disposition.TRUE_MATCH_NOT_MATERIAL: _MATCH,
        Disposition.FALSE_POSITIVE: _NO_MATCH,
    }
)
"""Verdicts that the disposition does not contradict; how sure the text alone makes one is the reviewer's to say."""
_CONTRADICTED: Final = MappingProxyType(
    {
        RecommendationValue.ESCALATE: frozenset(
            {Disposition.FALSE_POSITIVE, Disposition.NOT_ADVERSE, Disposition.TRUE_MATCH_NOT_MATERIAL}
        ),
        RecommendationValue.CLOSE_NOT_MATERIAL: frozenset(
            {Disposition.TRUE_MATCH_MATERIAL, Disposition.FALSE_POSITIVE, Disposition.NEEDS_INFORMATION}
        ),
        RecommendationValue.CLOSE_FALSE_POSITIVE: frozenset(_TRUTHS) - {Disposition.FALSE_POSITIVE},
    }
)
_SHARES: Final = ((60, Split.DEV), (80, Split.CALIBRATION), (100, Split.HOLDOUT))


class DecidedStore(Protocol):
    """Where decisions and references are kept; ``agent.store.store.Store`` is one."""

    def iter_standing_decisions(self) -> Iterator[DecisionLine]:
        """The decisions on every alert's current text, alert by alert and in order."""

    def load_final_decision(self, decision_id: str, /) -> FinalDecision | None:
        """A decision of two people with alert, record and approval, or None."""

    def load_profiles(self, ids: Sequence[str], /) -> dict[str, Profile]:
        """Profiles by id."""

    def load_precedents(self, ids: Sequence[str], /) -> dict[str, Precedent]:
        """Precedents by id."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which decisions become cases."""

    since: date | None = None
    """Approved on this day (UTC) or later."""
    reason_code: str | None = None
    """Decided for this reason."""
    every: bool = False
    """Those too that do not contradict the machine's recommendation."""


@dataclass(frozen=True, slots=True)
class DraftCase:
    """A sound case to be reviewed, what the machine drafted beside it, and the profiles that it was held against."""

    case: Case
    row: Mapping[str, object]
    """The case as its file has it."""
    drafted: Mapping[str, object]
    """Parties, events and counter-evidence as the machine drafted them, in the form of gold; labelled by nobody."""
    remarks: tuple[str, ...]
    profiles: tuple[Profile, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A decision that became no case."""

    decision_id: str
    why: str


def contradicts(disposition: Disposition, recommendation: Recommendation) -> bool:
    """Whether people decided otherwise than the machine recommended; a recommended review leaves them the choice."""
    return disposition in _CONTRADICTED.get(recommendation.value, frozenset())


def draft_cases(
    store: DecidedStore, reader: ArticleReader, secret: bytes, selection: Selection
) -> Iterator[DraftCase | Refusal]:
    """A draft case or a refusal for every chosen decision that two people stand behind, in the order of the alerts.

    The same ``secret`` gives the same cases again, and the same person the same name. Raises StoreError.
    """
    for line in _standing(store):
        final = store.load_final_decision(line.decision_id)
        if final is None:
            yield Refusal(line.decision_id, "it was made without a record, or its texts were erased")
        elif _is_chosen(final, selection):
            try:
                yield _draft_case(final, store, reader, secret)
            except InputError as error:
                yield Refusal(line.decision_id, str(error))


def choose_split(secret: bytes, subject: str) -> Split:
    """The split of a subject's cases, by a keyed hash of the name: dev 60, calibration 20, holdout 20 of 100."""
    drawn = draw_number(secret, "split\n" + " ".join(sorted(fold_tokens(subject))), 100)
    return next(split for share, split in _SHARES if drawn < share)


def _standing(store: DecidedStore) -> Iterator[DecisionLine]:
    """The last word of two people on each alert's current text, unless the matter was opened again."""
    for _, lines in groupby(store.iter_standing_decisions(), key=lambda line: line.alert_id):
        decided = list(lines)
        last = decided[-1]
        opened = last if last.approved and last.disposition is Disposition.NEEDS_INFORMATION else None
        standing = find_standing(decided) or opened
        if standing is not None:
            yield standing


def _is_chosen(final: FinalDecision, selection: Selection) -> bool:
    decision, approval = final.decision, final.approval
    one_person = sorted(name_tokens(decision.author)) == sorted(name_tokens(approval.by))
    if one_person or decision.disposition not in _TRUTHS:
        return False
    if selection.since is not None and approval.approved_at.date() < selection.since:
        return False
    if selection.reason_code is not None and decision.reason_code != selection.reason_code:
        return False
    return selection.every or contradicts(decision.disposition, final.record.recommendation)


def _draft_case(final: FinalDecision, store: DecidedStore, reader: ArticleReader, secret: bytes) -> DraftCase:
    provenance = final.record.provenance
    profiles = tuple(store.load_profiles(list(provenance.profiles)).values())
    precedents = tuple(store.load_precedents(list(provenance.precedents)).values())
    reading = reader.read(final.alert.article, final.alert.subject)
    named_by_model = final.record.drafter == LLM_DRAFTER and final.record.summary.parties
    if not reading.readable and not named_by_model:
        raise NotPseudonymised(
            f"the people of the article are not known: {reading.unreadable_reason or 'it cannot be read'}"
        )
    names_secret = hmac.digest(secret, b"names", sha256)
    case_secret = hmac.digest(secret, f"case\n{final.decision.decision_id}".encode(), sha256)
    named = NamedAlert(final, reading, profiles, precedents)
    desk = DeskDraft(named, names_secret, case_secret)
    subject = named.subject_name
    case_id = f"desk-{draw_number(case_secret, 'id', 16**10):010x}"
    split = choose_split(secret, subject or final.alert.alert_id)
    decision, disposition = final.decision, final.decision.disposition
    row: dict[str, object] = {
        "id": case_id,
        "shape": Shape.DECIDED.value,
        "also": [Shape.NON_ENGLISH.value] if reading.language not in {"en", "und"} else [],
        "subject": desk.rename(subject) if subject else f"Unnamed {case_id}",
        "truth": _TRUTHS[disposition].value,
        "note": desk.rewrite(
            f"Two people decided {disposition} ({decision.reason_code}); "
            f"the machine had recommended {final.record.recommendation.value.value}."
        )[:600],
        "alert": desk.alert(),
        "gold": _gold(final.alert, disposition),
    }
    case = read_case(row, split, f"decision {decision.decision_id}")
    drafted, profiles_written = desk.drafted_gold(), desk.profiles()
    remarks = (*desk.remarks(), *_compare_readings(reader, case.alert, reading))
    desk.refuse_survivors([row, drafted, remarks, [one.model_dump(mode="json") for one in profiles_written]])
    problems = check_cases([case], {profile.profile_id for profile in profiles_written}, ())
    if problems:
        raise NotPseudonymised(" ".join(problems))
    return DraftCase(case, row, drafted, remarks, profiles_written)


def _gold(alert: Alert, disposition: Disposition) -> dict[str, object]:
    """What the disposition proves, and nothing else."""
    gold: dict[str, object] = {"recommendations": [value.value for value in _ACCEPTED[disposition]]}
    if alert.subject is not None and disposition in _VERDICTS:
        gold["identity"] = {"verdicts": [verdict.value for verdict in _VERDICTS[disposition]]}
    return gold


def _compare_readings(reader: ArticleReader, new: Alert, first: Reading) -> Iterable[str]:
    """What the reader makes of the new text otherwise than of the old one: the difficulty may have changed."""
    second = reader.read(new.article, new.subject)
    told = {
        "language": (first.language, second.language),
        "source": (first.source_kind.value, second.source_kind.value),
        "subject": (first.subject_basis.value, second.subject_basis.value),
        "findings": (len(first.findings), len(second.findings)),
        "counter-evidence": (len(first.counter_findings), len(second.counter_findings)),
    }
    for what, (one, other) in told.items():
        if one != other:
            yield f"The reader reads the new text otherwise: {what} {one} before, {other} now."
