"""Another policy on stored records: what it would change, and which records can no longer be judged as they were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.domain.alert import Alert, Subject
from agent.domain.fingerprint import content_hash
from agent.domain.record import Approval, Decision, Recommendation, TriageRecord
from agent.domain.reference import ProfileMatch
from agent.domain.taxonomy import Disposition, Offence, RecommendationValue, SourceKind
from agent.store.store import Store
from agent.triage.llm_draft import Drafter
from agent.triage.policy import Policy
from agent.triage.summary_merge import INCOMPLETE
from agent.triage.what_if import Basis, WhatIf, find_policy_changes, reapply_policy
from tests.contract.store_examples import NOON, url_of
from tests.spine.parts import make_alert, make_llm_drafter, make_pipeline, policy, reader, triage
from tests.spine.past_cases import MemorySource

FRAUD = (
    "A Lisbon court convicted the broker Ilda Moravec of fraud on Friday and sentenced her to four years in prison.\n\n"
    "Moravec, 52, denied the charges, her lawyer said."
)
SUSPECTED = "Police in Porto are investigating the trader Ilda Moravec over forgery, a spokesman said on Monday."
VICTIM = "Ilda Moravec, 52, a Portuguese baker, was robbed on Monday. Police arrested Bo Tarn on suspicion of robbery."
CLOSING_DRAFT: dict[str, Any] = {
    "parties": [
        {
            "id": "P1",
            "name": "Ilda Moravec",
            "kind": "person",
            "role": "victim",
            "aliases": [],
            "identifiers": [],
            "quotes": [{"text": "Ilda Moravec, 52, a Portuguese baker, was robbed on Monday.", "sentence": "p1.s1"}],
        }
    ],
    "subject_party": "P1",
    "events": [],
    "counter_evidence": [],
    "source_assessment": {"kind": "news_report", "attributed_to": [], "note": ""},
    "narrative": "",
    "missing_information": [],
    "next_steps": [],
    "precedents": [],
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url_of(tmp_path / "triage.db")) as opened:
        yield opened


def changed_policy(**changes: Any) -> Policy:
    """The shipped policy with values changed; ``severity={Offence.FRAUD: 1}`` changes one row."""
    values = policy().model_dump()
    for name, value in changes.items():
        values[name] = {**values[name], **value} if isinstance(value, dict) else value
    return Policy.model_validate(values)


def keep(store: Store, alert: Alert, drafter: Drafter | None = None, **parts: Any) -> TriageRecord:
    """Triage an alert and store what came of it."""
    return keep_record(store, alert, triage(make_pipeline(drafter, **parts), alert))


def keep_record(store: Store, alert: Alert, record: TriageRecord) -> TriageRecord:
    store.save_record(record, store.save_alert(alert).revision)
    return record


def decide(store: Store, alert_id: str, disposition: Disposition, *, approved: bool = True, number: int = 1) -> None:
    decision = Decision(
        decision_id=f"D-{alert_id}-{number}",
        alert_id=alert_id,
        author="Rosa Quint",
        disposition=disposition,
        reason_code="checked",
        rationale="Looked at article and customer file.",
        decided_at=NOON,
    )
    store.add_decision(decision)
    if approved:
        store.add_approval(Approval(decision=decision, by="Piet Halloran", approved_at=NOON))


def try_policy(store: Store, other: Policy, **options: Any) -> WhatIf:
    return reapply_policy(store, reader(), policy(), other, **options)


def test_the_same_policy_changes_nothing_and_reproduces_every_record(store: Store) -> None:
    for number, text in enumerate((FRAUD, SUSPECTED, VICTIM)):
        keep(store, make_alert(text, "Ilda Moravec", alert_id=f"A-{number}"))
    found = try_policy(store, policy())
    assert [one.basis for one in found.records] == [Basis.STORED] * 3
    assert found.changes == found.other_reasons == ()
    assert [one.stored for one in found.records] == [one.after for one in found.records]


def test_a_higher_bar_moves_what_no_longer_reaches_it(store: Store) -> None:
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-1"))
    keep(store, make_alert(SUSPECTED, "Ilda Moravec", alert_id="A-2"))
    found = try_policy(store, changed_policy(escalate_at=9.0, severity={Offence.FRAUD: 2}))
    (moved,) = found.changes
    assert moved.alert_id == "A-1"
    assert (moved.before.value, moved.after.value) == (RecommendationValue.ESCALATE, RecommendationValue.REVIEW)
    assert "convicted:fraud" in moved.before.reasons
    assert found.count_moves() == {(RecommendationValue.ESCALATE, RecommendationValue.REVIEW): 1}


def closable_alert(alert_id: str = "A-1") -> Alert:
    """An alert whose subject the article calls a victim, and is surely."""
    alert = make_alert(VICTIM, alert_id=alert_id, published_at="2026-03-01", language="en")
    subject = Subject(name="Ilda Moravec", birth_date="1974-02-03", nationalities=("PT",), occupation="baker")
    return alert.model_copy(update={"subject": subject, "received_at": NOON})


def test_a_model_draft_that_was_closed_is_closed_no_more(store: Store) -> None:
    record = keep(store, closable_alert(), make_llm_drafter(CLOSING_DRAFT)[0])
    assert record.recommendation.value is RecommendationValue.CLOSE_NOT_MATERIAL, record.recommendation
    closing = {**policy().closing.model_dump(), "not_material": False}
    (moved,) = try_policy(store, changed_policy(closing=closing)).changes
    assert moved.basis is Basis.STORED
    assert moved.after == Recommendation(value=RecommendationValue.REVIEW, reasons=("closing_off",))


def test_a_material_alert_that_is_closed_is_missed(store: Store) -> None:
    keep(store, closable_alert(), make_llm_drafter(CLOSING_DRAFT)[0])
    decide(store, "A-1", Disposition.TRUE_MATCH_MATERIAL)
    closing = {**policy().closing.model_dump(), "not_material": False}
    found = try_policy(store, changed_policy(closing=closing))
    assert found.fare(after=False).missed == ("A-1",)
    assert found.fare(after=True).missed == ()


def test_decisions_are_held_against_both_policies(store: Store) -> None:
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-noise"))
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-right"))
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-alone"))
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-open"))
    decide(store, "A-noise", Disposition.FALSE_POSITIVE)
    decide(store, "A-right", Disposition.TRUE_MATCH_MATERIAL)
    decide(store, "A-alone", Disposition.FALSE_POSITIVE, approved=False)
    decide(store, "A-open", Disposition.FALSE_POSITIVE)
    decide(store, "A-open", Disposition.NEEDS_INFORMATION, approved=False, number=2)
    found = try_policy(store, changed_policy(severity={Offence.FRAUD: 1}))
    before, after = found.fare(after=False), found.fare(after=True)
    assert (before.harmless, before.needless, after.needless) == (1, ("A-noise",), ())
    assert (before.material, before.missed, after.missed) == (1, (), ())


def test_a_record_that_no_longer_comes_out_is_named_and_compared_anew(store: Store) -> None:
    alert = make_alert(FRAUD, "Ilda Moravec")
    record = triage(make_pipeline(), alert)
    stale = record.model_copy(
        update={"recommendation": Recommendation(value=RecommendationValue.REVIEW, reasons=("no_adverse_cue",))}
    )
    keep_record(store, alert, stale)
    found = try_policy(store, policy())
    (one,) = found.on(Basis.READER_CHANGED)
    assert one.changed_parts == ("recommendation",)
    assert one.stored.value is RecommendationValue.REVIEW
    assert one.before == record.recommendation
    assert found.changes == ()


@pytest.mark.parametrize("part", ["omissions", "marks", "language", "subject"])
def test_a_reading_that_differs_is_seen_even_where_the_recommendation_is_the_same(store: Store, part: str) -> None:
    alert = make_alert(FRAUD + "\n\nDina Orr was charged with forgery.", "Ilda Moravec")
    record = triage(make_pipeline(), alert)
    provenance = record.provenance
    changes: dict[str, Any] = {
        "omissions": {"omissions": (*record.omissions, *_an_omission())},
        "marks": {"marks": _a_mark()},
        "language": {"provenance": provenance.model_copy(update={"language": "fi"})},
        "subject": {"provenance": provenance.model_copy(update={"subject_basis": "inferred"})},
    }
    keep_record(store, alert, record.model_copy(update=changes[part]))
    (one,) = try_policy(store, policy()).on(Basis.READER_CHANGED)
    assert one.changed_parts == (part,)


def _an_omission() -> tuple[Any, ...]:
    from agent.domain.record import Omission

    return (Omission(sentence="p9.s9", text="Nobody wrote this."),)


def _a_mark() -> tuple[Any, ...]:
    from agent.domain.reading import InjectionMark, MarkKind

    return (InjectionMark(kind=MarkKind.INSTRUCTION, start=0, end=4, text="A Li"),)


def test_a_record_of_a_third_policy_is_named_and_compared_with_the_current_one(store: Store) -> None:
    alert = make_alert(FRAUD, "Ilda Moravec")
    record = triage(make_pipeline(policy=changed_policy(escalate_at=9.0, severity={Offence.FRAUD: 1})), alert)
    assert record.recommendation.value is RecommendationValue.REVIEW
    keep_record(store, alert, record)
    found = try_policy(store, policy())
    (one,) = found.on(Basis.OTHER_POLICY)
    assert one.before.value is one.after.value is RecommendationValue.ESCALATE
    assert one.stored.value is RecommendationValue.REVIEW


def test_erased_records_are_counted_and_nothing_of_them_is_computed(store: Store) -> None:
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-1"))
    keep(store, make_alert(SUSPECTED.replace("Ilda Moravec", "Bo Tarn"), "Bo Tarn", alert_id="A-2"))
    store.save_alert(make_alert(VICTIM, "Ilda Moravec", alert_id="A-new"))
    store.erase_subject("name:ilda moravec", by="Rosa Quint")
    found = try_policy(store, changed_policy(escalate_at=1.0))
    assert found.erased == ("A-1",)
    assert [one.alert_id for one in found.records] == ["A-2"]


def test_a_record_of_an_older_text_counts_only_once_the_new_one_is_triaged(store: Store) -> None:
    alert = make_alert(FRAUD, "Ilda Moravec")
    record = keep(store, alert)
    store.save_alert(make_alert(VICTIM, "Ilda Moravec"))
    assert try_policy(store, policy()).records == ()
    newer = triage(make_pipeline(), make_alert(VICTIM, "Ilda Moravec"))
    store.save_record(newer, 2)
    assert [one.stored for one in try_policy(store, policy()).records] == [newer.recommendation]
    store.save_record(record, 1)
    found = try_policy(store, policy())
    assert found.records == ()
    assert found.outdated == ("A-1",)


def test_only_records_since_a_day(store: Store) -> None:
    for number, day in enumerate((1, 2, 3), start=1):
        moment = datetime(2026, 5, day, 23, 30, tzinfo=UTC)
        keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id=f"A-{number}"), clock=lambda moment=moment: moment)
    found = try_policy(store, policy(), since=date(2026, 5, 2))
    assert [one.alert_id for one in found.records] == ["A-2", "A-3"]


def test_an_alert_without_a_date_is_judged_from_the_day_it_was_triaged(store: Store) -> None:
    old = "In 2018 the regulator fined the trader Ilda Moravec over late filings."
    early, late = datetime(2019, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
    for name, moment in (("A-early", early), ("A-late", late)):
        keep(store, make_alert(old, "Ilda Moravec", alert_id=name), clock=lambda moment=moment: moment)
    found = try_policy(store, policy())
    assert [one.basis for one in found.records] == [Basis.STORED, Basis.STORED]


class KnowsBoth(MemorySource):
    """A source whose one profile bears the subject's name in both alphabets."""

    def find_profiles(self, names: Any, limit: int) -> list[ProfileMatch]:
        from agent.domain.reference import Profile

        profile = Profile(profile_id="K-1", name="Ivan Korovnev", aliases=("Иван Коровнев",))
        return [
            ProfileMatch(profile=profile, mention=name, matched_name=name, score=1.0, route="name")
            for name in names
            if name in (profile.name, *profile.aliases)
        ]


def test_a_subject_found_by_another_name_is_read_by_that_name_again(store: Store) -> None:
    text = (
        "Суд в Москве приговорил Ивана Коровнева к пяти годам лишения свободы за мошенничество. "
        "Иван Коровнев вину не признал."
    )
    alert = make_alert(text, "Ivan Korovnev", language="ru")
    record = keep(store, alert, source=KnowsBoth())
    assert any("stands in the article as" in note for note in record.notes)
    (one,) = try_policy(store, policy()).records
    assert one.basis is Basis.STORED


def test_an_incomplete_draft_stays_incomplete(store: Store) -> None:
    alert = make_alert(FRAUD, "Ilda Moravec")
    record = triage(make_pipeline(), alert)
    reasons = (*record.recommendation.reasons, "incomplete_reading")
    incomplete = record.model_copy(
        update={
            "notes": (*record.notes, f"{INCOMPLETE} part 2 was not read by the model"),
            "recommendation": record.recommendation.model_copy(update={"reasons": reasons}),
        }
    )
    keep_record(store, alert, incomplete)
    (one,) = try_policy(store, policy()).records
    assert "incomplete_reading" in one.after.reasons


def test_policies_are_compared_value_by_value() -> None:
    other = changed_policy(escalate_at=4.0, credibility={SourceKind.OPINION: 0.2})
    assert list(find_policy_changes(policy(), other)) == [
        ("escalate_at", 6.0, 4.0),
        ("credibility.opinion", 0.7, 0.2),
    ]
    assert content_hash(policy()) != content_hash(other)


def test_whoever_waits_hears_how_far_it_is(store: Store) -> None:
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-1"))
    keep(store, make_alert(FRAUD, "Ilda Moravec", alert_id="A-2"))
    heard: list[int] = []
    try_policy(store, policy(), on_read=heard.append)
    assert heard == [1, 2]
