"""The recommendation: a table of cases, and what must hold for any input."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.reading import CounterFinding, Finding, InjectionMark, MarkKind, ReadDate, Reading, SubjectBasis
from agent.domain.record import Grounding, Omission, Recommendation, Ungrounded
from agent.domain.summary import Event, EventDate, Identity, Party, Quote
from agent.domain.taxonomy import (
    CounterEvidenceKind,
    FeatureName,
    IdentityVerdict,
    Offence,
    RecommendationValue,
    Role,
    SourceKind,
    Stage,
)
from agent.triage.policy import Policy, load_policy
from agent.triage.recommend import PLANTED, recommend
from agent.triage.severity import AdverseClaim, Level, escalation_level
from tests.unit.triage_cases import identity, make_event, make_party, make_reading, make_summary, placed

POLICY = load_policy()
AS_OF = date(2025, 6, 1)
ESCALATE, REVIEW = RecommendationValue.ESCALATE, RecommendationValue.REVIEW
CANNOT = RecommendationValue.CANNOT_ASSESS
NOT_MATERIAL, FALSE_POSITIVE = RecommendationValue.CLOSE_NOT_MATERIAL, RecommendationValue.CLOSE_FALSE_POSITIVE
CLOSES = {NOT_MATERIAL, FALSE_POSITIVE}
_CAUTION = [NOT_MATERIAL, FALSE_POSITIVE, CANNOT, REVIEW, ESCALATE]


def party(role: Role = Role.OFFENDER, name: str = "Ana Sel", party_id: str = "P1") -> Party:
    return make_party(party_id, name, role).model_copy(update={"quotes": placed("Ana Sel was convicted")})


def event(stage: Stage = Stage.CONVICTED, *offences: Offence, iso: str | None = None, **fields: Any) -> Event:
    when = EventDate(text="then", iso=iso) if iso else None
    quotes = fields.pop("quotes", placed("Ana Sel was convicted of fraud"))
    return make_event(stage, offences=offences or (Offence.FRAUD,), date=when, quotes=quotes, **fields)


def finding(stage: Stage = Stage.CONVICTED, *offences: Offence, iso: str | None = None, **fields: Any) -> Finding:
    dates = (ReadDate(text="then", start=0, end=4, iso=iso),) if iso else ()
    fields = {"parties": ("R1",), "sentence": "p1.s1", "dates": dates, **fields}
    return Finding(stage=stage, offences=offences, **fields)


def overturned(sentence: str) -> CounterFinding:
    return CounterFinding(kind=CounterEvidenceKind.OVERTURNED, sentence=sentence, by="a court", parties=("R1",))


def mark(kind: MarkKind) -> InjectionMark:
    return InjectionMark(kind=kind, start=0, end=3, text="Ana")


def omission(sentence: str = "p1.s1") -> Omission:
    return Omission(sentence=sentence, text="…", cues=("cue",))


SOUND = Grounding(quotes=3, found=3)
UNFOUND = Grounding(quotes=3, found=2, ungrounded=(Ungrounded(claim="E1", text="x", reason="nowhere"),))


@dataclass(frozen=True)
class Case:
    """A sound alert by default: an LLM draft, header subject, proven identity, nothing adverse, harmless role."""

    role: Role = Role.VICTIM
    events: tuple[Event, ...] = ()
    identity: Identity = field(default_factory=lambda: identity(IdentityVerdict.PROBABLE))
    grounding: Grounding = SOUND
    omissions: tuple[Omission, ...] = ()
    drafter: str = "llm"
    parties: tuple[Party, ...] | None = None
    subject_party: str | None = "P1"
    findings: tuple[Finding, ...] = ()
    counter_findings: tuple[CounterFinding, ...] = ()
    marks: tuple[InjectionMark, ...] = ()
    subject: str | None = "R1"
    basis: SubjectBasis = SubjectBasis.HEADER
    source: SourceKind = SourceKind.NEWS_REPORT
    complete: bool = True
    readable: bool = True
    language: str = "en"
    risk: tuple[str, ...] = ()
    read_role: Role = Role.UNDETERMINED
    policy: Policy = POLICY

    def reading(self) -> Reading:
        return make_reading(
            findings=self.findings,
            counter_findings=self.counter_findings,
            marks=self.marks,
            subject=self.subject,
            basis=self.basis,
            source_kind=self.source,
            complete=self.complete,
            readable=self.readable,
            language=self.language,
            risk=self.risk,
            roles={"R1": self.read_role},
        )

    def run(self) -> Recommendation:
        parties = (party(self.role),) if self.parties is None else self.parties
        summary = make_summary(parties, self.events, self.subject_party, identity=self.identity)
        return recommend(summary, self.grounding, self.omissions, self.reading(), self.drafter, AS_OF, self.policy)


def quiet(**changes: Any) -> Case:
    return replace(Case(), **changes)


def accused(*events: Event, **changes: Any) -> Case:
    return replace(Case(role=Role.ACCUSED, events=events), **changes)


def guilty(**changes: Any) -> Case:
    return replace(Case(role=Role.OFFENDER, events=(event(),)), **changes)


def mismatched(**changes: Any) -> Case:
    conflict = identity(IdentityVerdict.MISMATCH, FeatureName.BIRTH_YEAR)
    return guilty(**{"identity": conflict, **changes})


TABLE: list[tuple[str, Case, RecommendationValue, tuple[str, ...]]] = [
    # adverse events about the subject
    ("convicted of fraud", guilty(), ESCALATE, ("convicted:fraud",)),
    ("extractive, convicted", guilty(drafter="extractive"), ESCALATE, ("convicted:fraud",)),
    ("investigated, grave", accused(event(Stage.INVESTIGATION)), ESCALATE, ("investigation:fraud",)),
    ("investigated, serious", accused(event(Stage.INVESTIGATION, Offence.FORGERY)), REVIEW, ("investigation:forgery",)),
    ("charged, serious", accused(event(Stage.CHARGED, Offence.FORGERY)), ESCALATE, ("charged:forgery",)),
    ("fined, minor", accused(event(Stage.PENALTY, Offence.REGULATORY_BREACH)), REVIEW, ("penalty:regulatory_breach",)),
    ("alleged, grave", accused(event(Stage.ALLEGATION)), REVIEW, ("allegation:fraud",)),
    ("no stage, grave", accused(event(Stage.UNDETERMINED)), REVIEW, ("undetermined:fraud",)),
    (
        "gravest offence counts",
        accused(event(Stage.CHARGED, Offence.OTHER, Offence.TERRORISM)),
        ESCALATE,
        ("charged:terrorism",),
    ),
    ("associate", quiet(role=Role.ASSOCIATE, events=(event(Stage.CHARGED),)), ESCALATE, ("charged:fraud",)),
    ("suspect", quiet(role=Role.SUSPECT, events=(event(Stage.WANTED),)), ESCALATE, ("wanted:fraud",)),
    ("role unproven", quiet(role=Role.UNDETERMINED, events=(event(),)), REVIEW, ("undetermined:fraud",)),
    ("unproven event", accused(event(quotes=(Quote(text="nowhere"),))), REVIEW, ("ungrounded", "role_unproven")),
    ("identity only possible", guilty(identity=identity(IdentityVerdict.POSSIBLE)), ESCALATE, ("convicted:fraud",)),
    (
        "blank header",
        guilty(identity=identity(IdentityVerdict.UNKNOWN_SUBJECT), basis=SubjectBasis.INFERRED),
        ESCALATE,
        ("convicted:fraud", "subject_inferred"),
    ),
    # in the subject's favour
    ("acquitted", quiet(role=Role.EXONERATED, events=(event(Stage.ACQUITTED),)), REVIEW, ("acquitted:fraud",)),
    (
        "charged, then acquitted",
        accused(event(Stage.CHARGED), event(Stage.ACQUITTED, id="E2")),
        REVIEW,
        ("cleared:charged:fraud", "acquitted:fraud"),
    ),
    (
        "convicted, acquitted of part",
        accused(event(), event(Stage.ACQUITTED, id="E2")),
        ESCALATE,
        ("convicted:fraud", "acquitted:fraud"),
    ),
    (
        "convicted, overturned",
        accused(event(), event(Stage.OVERTURNED, id="E2")),
        REVIEW,
        ("cleared:convicted:fraud", "overturned:fraud"),
    ),
    (
        "acquitted of another offence",
        accused(event(Stage.CHARGED), event(Stage.ACQUITTED, Offence.FORGERY, id="E2")),
        ESCALATE,
        ("charged:fraud", "acquitted:forgery"),
    ),
    (
        "old and serious",
        accused(event(Stage.CONVICTED, Offence.FORGERY, iso="2009")),
        NOT_MATERIAL,
        ("stale:convicted:forgery",),
    ),
    ("grave is never old", accused(event(iso="1990")), ESCALATE, ("convicted:fraud",)),
    (
        "not yet old",
        accused(event(Stage.CONVICTED, Offence.FORGERY, iso="2010-06-01")),
        ESCALATE,
        ("convicted:forgery",),
    ),
    (
        "old, extractive",
        accused(event(Stage.CONVICTED, Offence.FORGERY, iso="2009"), drafter="extractive"),
        REVIEW,
        ("stale:convicted:forgery",),
    ),
    # sources
    ("satire", guilty(source=SourceKind.SATIRE), REVIEW, ("convicted:fraud", "source:satire")),
    ("opinion, convicted", guilty(source=SourceKind.OPINION), ESCALATE, ("convicted:fraud",)),
    (
        "social media, charged",
        accused(event(Stage.CHARGED), source=SourceKind.SOCIAL_MEDIA),
        REVIEW,
        ("charged:fraud",),
    ),
    ("not a report", quiet(source=SourceKind.NOT_A_REPORT), REVIEW, ("source:not_a_report",)),
    # nothing adverse
    ("victim", quiet(), NOT_MATERIAL, ("role:victim",)),
    ("lawyer", quiet(role=Role.LAWYER), NOT_MATERIAL, ("role:lawyer",)),
    ("namesake", quiet(role=Role.NAMESAKE), REVIEW, ("role_unproven",)),
    ("role open", quiet(role=Role.UNDETERMINED), REVIEW, ("role_unproven",)),
    (
        "event about others",
        quiet(role=Role.MENTIONED, events=(event(parties=["P2"]),)),
        NOT_MATERIAL,
        ("role:mentioned",),
    ),
    ("role without a quote", quiet(parties=(make_party(role=Role.VICTIM),)), REVIEW, ("role_unproven",)),
    ("name only", quiet(identity=identity(IdentityVerdict.POSSIBLE)), REVIEW, ("identity:possible",)),
    ("extractive, quiet", quiet(drafter="extractive"), REVIEW, ("no_adverse_cue",)),
    (
        "extractive, quiet, blank header",
        quiet(drafter="extractive", basis=SubjectBasis.INFERRED),
        REVIEW,
        ("no_adverse_cue", "subject_inferred"),
    ),
    ("extractive, partial", quiet(drafter="extractive", complete=False), REVIEW, ("incomplete_reading",)),
    ("extractive, cue unplaced", quiet(drafter="extractive", risk=("p1.s1",)), REVIEW, ("adverse_cue_unplaced",)),
    (
        "extractive, no subject",
        quiet(drafter="extractive", subject=None, basis=SubjectBasis.UNDETERMINED),
        REVIEW,
        ("subject_undetermined",),
    ),
    # doubts that forbid a close
    ("omission", quiet(omissions=(omission(),)), REVIEW, ("omission:p1.s1",)),
    ("ungrounded", quiet(grounding=UNFOUND), REVIEW, ("ungrounded",)),
    ("no quote at all", quiet(grounding=Grounding(quotes=0, found=0)), REVIEW, ("no_evidence",)),
    ("unsupported", quiet(grounding=Grounding(quotes=1, found=1, unsupported=("1999",))), REVIEW, ("unsupported",)),
    ("lowered", quiet(grounding=Grounding(quotes=1, found=1, lowered=("E1: …",))), REVIEW, ("lowered",)),
    ("partial", quiet(complete=False), REVIEW, ("incomplete_reading",)),
    ("mixed scripts", quiet(marks=(mark(MarkKind.MIXED_SCRIPTS),)), REVIEW, ("mark:mixed_scripts",)),
    ("instruction", quiet(marks=(mark(MarkKind.INSTRUCTION),)), REVIEW, ("mark:instruction",)),
    ("inferred subject", quiet(basis=SubjectBasis.INFERRED), REVIEW, ("subject_inferred",)),
    ("subject not in text", quiet(subject=None, basis=SubjectBasis.NOT_IN_TEXT), REVIEW, ("subject_not_in_text",)),
    ("draft without subject", quiet(subject_party=None), REVIEW, ("subject_undetermined",)),
    (
        "draft with another subject",
        quiet(parties=(party(), party(Role.VICTIM, "Bo Tarn", "P2")), subject_party="P2"),
        REVIEW,
        ("subject_disagreement", "role_unproven"),
    ),
    (
        "closing off",
        quiet(policy=POLICY.model_copy(update={"closing": POLICY.closing.model_copy(update={"not_material": False})})),
        REVIEW,
        ("closing_off",),
    ),
    # another person
    ("mismatch", mismatched(), FALSE_POSITIVE, ("identity:mismatch", "conflict:birth_year")),
    (
        "mismatch, extractive",
        mismatched(drafter="extractive"),
        REVIEW,
        ("identity:mismatch", "conflict:birth_year", "convicted:fraud"),
    ),
    (
        "mismatch by name",
        guilty(identity=identity(IdentityVerdict.MISMATCH, FeatureName.NAME)),
        REVIEW,
        ("identity:mismatch", "convicted:fraud"),
    ),
    (
        "mismatch, omission",
        mismatched(omissions=(omission(),)),
        REVIEW,
        ("identity:mismatch", "conflict:birth_year", "convicted:fraud", "omission:p1.s1"),
    ),
    (
        "mismatch, planted text",
        mismatched(marks=(mark(MarkKind.FAKE_ANSWER),)),
        ESCALATE,
        ("convicted:fraud", "mark:fake_answer"),
    ),
    # the reader's floor
    (
        "draft omits what the reader found",
        quiet(findings=(finding(Stage.CONVICTED, Offence.FRAUD),)),
        ESCALATE,
        ("reader:convicted:fraud",),
    ),
    (
        "…with a planted instruction",
        quiet(findings=(finding(Stage.CONVICTED, Offence.FRAUD),), marks=(mark(MarkKind.INSTRUCTION),)),
        ESCALATE,
        ("reader:convicted:fraud", "mark:instruction"),
    ),
    (
        "…with an omission",
        quiet(findings=(finding(Stage.CONVICTED, Offence.FRAUD),), omissions=(omission(),)),
        ESCALATE,
        ("reader:convicted:fraud", "omission:p1.s1"),
    ),
    (
        "…which an appeal undid in the same breath as it acquitted",
        quiet(
            role=Role.EXONERATED,
            events=(event(Stage.ACQUITTED),),
            findings=(finding(Stage.CONVICTED, Offence.FRAUD), finding(Stage.ACQUITTED, Offence.FRAUD)),
            counter_findings=(overturned("p1.s1"),),
        ),
        REVIEW,
        ("acquitted:fraud",),
    ),
    (
        "…which an acquittal of another offence left standing",
        quiet(
            role=Role.EXONERATED,
            events=(event(Stage.ACQUITTED, Offence.FORGERY),),
            findings=(finding(Stage.CONVICTED, Offence.FRAUD), finding(Stage.ACQUITTED, Offence.FORGERY)),
            counter_findings=(overturned("p9.s9"),),
        ),
        ESCALATE,
        ("acquitted:forgery", "reader:convicted:fraud", "reader:acquitted:forgery"),
    ),
    (
        "negated finding",
        quiet(findings=(finding(Stage.CONVICTED, Offence.FRAUD, negated=True),)),
        NOT_MATERIAL,
        ("role:victim",),
    ),
    (
        "finding about another",
        quiet(findings=(finding(Stage.CONVICTED, Offence.FRAUD, parties=("R3",)),)),
        NOT_MATERIAL,
        ("role:victim",),
    ),
    (
        "finding against nobody",
        quiet(findings=(finding(Stage.CHARGED, Offence.FRAUD, parties=()),)),
        REVIEW,
        ("unplaced:p1.s1",),
    ),
    (
        "finding against nobody, with a victim",
        quiet(findings=(finding(Stage.CHARGED, Offence.FRAUD, parties=(), victims=("R1",)),)),
        NOT_MATERIAL,
        ("role:victim",),
    ),
    (
        "finding against nobody, which a proven event holds to another",
        quiet(
            findings=(finding(Stage.CHARGED, Offence.FRAUD, parties=()),),
            events=(event(Stage.CHARGED, parties=["P2"], quotes=(Quote(text="x", start=0, end=1, sentence="p1.s1"),)),),
        ),
        NOT_MATERIAL,
        ("role:victim",),
    ),
    (
        "finding against nobody, extractive",
        quiet(drafter="extractive", findings=(finding(Stage.CHARGED, Offence.FRAUD, parties=()),)),
        REVIEW,
        ("no_adverse_cue",),
    ),
    ("an appeal of nobody knows what", quiet(findings=(finding(Stage.APPEAL),)), NOT_MATERIAL, ("role:victim",)),
    ("reader's role", quiet(read_role=Role.SUSPECT), REVIEW, ("reader:role:suspect", "role_disagreement")),
    (
        "planted text: cleared counts for nothing",
        accused(event(Stage.CHARGED), event(Stage.ACQUITTED, id="E2"), marks=(mark(MarkKind.ENCODED),)),
        ESCALATE,
        ("charged:fraud", "acquitted:fraud", "mark:encoded"),
    ),
    (
        "planted text: satire counts for nothing",
        guilty(source=SourceKind.SATIRE, marks=(mark(MarkKind.ROLE_TAG),)),
        ESCALATE,
        ("convicted:fraud", "mark:role_tag", "source:satire"),
    ),
    # unreadable
    ("unread language", quiet(readable=False, language="und"), CANNOT, ("unread_language",)),
    ("unread language, proven claim", guilty(readable=False, language="ar"), REVIEW, ("unread_language",)),
    (
        "unread language, extractive",
        guilty(drafter="extractive", readable=False, language="ar"),
        CANNOT,
        ("unread_language",),
    ),
    ("too little text", quiet(readable=False), CANNOT, ("no_usable_text",)),
    (
        "unread, planted text",
        quiet(readable=False, language="ar", marks=(mark(MarkKind.INSTRUCTION),)),
        CANNOT,
        ("unread_language", "mark:instruction"),
    ),
]


@pytest.mark.parametrize(("case", "value", "reasons"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_the_table(case: Case, value: RecommendationValue, reasons: tuple[str, ...]) -> None:
    result = case.run()
    assert (result.value, result.reasons) == (value, reasons)


@pytest.mark.parametrize("kind", sorted(MarkKind))
def test_no_kind_of_mark_is_ever_closed_over(kind: MarkKind) -> None:
    for case in (Case(), mismatched()):
        assert case.run().value in CLOSES
        assert replace(case, marks=(mark(kind),)).run().value not in CLOSES


def test_an_obedient_model_cannot_talk_the_recommendation_down() -> None:
    found = (finding(Stage.CONVICTED, Offence.FRAUD), finding(Stage.WANTED, Offence.EMBEZZLEMENT))
    honest = guilty(findings=found).run()
    assert honest.value is ESCALATE
    obedient: list[dict[str, Any]] = [
        {"events": ()},
        {"role": Role.VICTIM, "events": ()},
        {"role": Role.UNDETERMINED, "events": (event(Stage.ALLEGATION, Offence.OTHER),)},
        {"parties": (), "events": (), "subject_party": None},
        {"parties": (party(Role.VICTIM, "Bo Tarn", "P2"),), "events": (), "subject_party": "P2"},
        {"identity": identity(IdentityVerdict.MISMATCH, FeatureName.BIRTH_YEAR)},
        {"role": Role.EXONERATED, "events": (event(Stage.ACQUITTED),)},
    ]
    for kind in PLANTED:
        for change in obedient:
            assert replace(Case(findings=found, marks=(mark(kind),)), **change).run().value is ESCALATE
    for change in (*obedient[:5], obedient[6]):
        assert replace(Case(findings=found), **change).run().value is ESCALATE


def test_the_order_of_events_does_not_change_the_answer() -> None:
    events = (
        event(),
        event(Stage.WANTED, Offence.FORGERY, id="E2"),
        event(Stage.ALLEGATION, Offence.CORRUPTION, id="E3"),
    )
    answers = {Case(role=Role.OFFENDER, events=order).run() for order in permutations(events)}
    assert [answer.reasons for answer in answers] == [("convicted:fraud", "wanted:forgery", "allegation:corruption")]


def test_reasons_are_bounded() -> None:
    result = Case(omissions=tuple(omission(f"p{n}.s1") for n in range(300))).run()
    assert result.value is REVIEW
    assert len(result.reasons) <= 40


cases = st.builds(
    Case,
    role=st.sampled_from(list(Role)),
    events=st.lists(
        st.builds(
            event,
            st.sampled_from(list(Stage)),
            st.sampled_from(list(Offence)),
            iso=st.sampled_from([None, "1999", "2024-02"]),
            parties=st.sampled_from([(), ("P1",), ("P2",)]),
            quotes=st.sampled_from([placed("Ana Sel was convicted"), (Quote(text="nowhere"),), ()]),
        ),
        max_size=3,
    ).map(tuple),
    identity=st.builds(identity, st.sampled_from(list(IdentityVerdict)), st.sampled_from(list(FeatureName))),
    grounding=st.sampled_from([SOUND, UNFOUND, Grounding(quotes=0, found=0)]),
    omissions=st.sampled_from([(), (omission(),)]),
    drafter=st.sampled_from(["llm", "extractive"]),
    subject_party=st.sampled_from([None, "P1", "P2"]),
    findings=st.lists(
        st.builds(
            finding,
            st.sampled_from(list(Stage)),
            st.sampled_from(list(Offence)),
            parties=st.sampled_from([(), ("R1",), ("R2",)]),
            negated=st.booleans(),
        ),
        max_size=3,
    ).map(tuple),
    marks=st.lists(st.sampled_from(list(MarkKind)).map(mark), max_size=1).map(tuple),
    subject=st.sampled_from([None, "R1", "R2"]),
    basis=st.sampled_from(list(SubjectBasis)),
    source=st.sampled_from(list(SourceKind)),
    complete=st.booleans(),
    readable=st.booleans(),
    language=st.sampled_from(["en", "ar"]),
    read_role=st.sampled_from(list(Role)),
)


@settings(deadline=None)
@given(case=cases)
def test_extractive_drafts_are_never_closed(case: Case) -> None:
    assert replace(case, drafter="extractive").run().value not in CLOSES


@settings(deadline=None)
@given(case=cases, kind=st.sampled_from(list(MarkKind)))
def test_no_doubt_ever_moves_towards_a_close(case: Case, kind: MarkKind) -> None:
    before = case.run()
    worse = [
        replace(case, omissions=(*case.omissions, omission("p3.s1"))),
        replace(case, marks=(*case.marks, mark(kind))),
        replace(case, grounding=UNFOUND),
        replace(case, grounding=case.grounding.model_copy(update={"unsupported": ("1999",)})),
        replace(case, complete=False),
    ]
    for changed in worse:
        after = changed.run()
        assert _CAUTION.index(after.value) >= _CAUTION.index(before.value)
        assert after.value not in CLOSES


@settings(deadline=None)
@given(case=cases)
def test_a_close_leaves_no_doubt_behind(case: Case) -> None:
    result = case.run()
    assert case.run() == result
    assert result.reasons
    if result.value in CLOSES:
        assert case.drafter == "llm"
        assert (case.marks, case.omissions, case.grounding.ungrounded) == ((), (), ())
        assert (case.readable, case.complete, case.basis) == (True, True, SubjectBasis.HEADER)
    if result.value is NOT_MATERIAL:
        against = [
            f for f in case.findings if case.subject in f.parties and not f.negated and f.stage is Stage.CONVICTED
        ]
        assert not against
    if case.readable:
        assert result.value is not CANNOT


@settings(deadline=None)
@given(
    claims=st.lists(
        st.builds(
            AdverseClaim,
            st.lists(st.sampled_from(list(Offence)), max_size=2).map(tuple),
            st.sampled_from(list(Stage)),
            st.sampled_from([None, "1990", "2024-03"]),
        ),
        max_size=4,
    ),
    credibility=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_leniency_never_raises_the_level(claims: list[AdverseClaim], credibility: float) -> None:
    lenient = escalation_level(claims, POLICY, credibility, AS_OF)
    strict = escalation_level(claims, POLICY, credibility, AS_OF, lenient=False)
    assert lenient.level <= strict.level
    assert (lenient.level is Level.NONE) == (not claims)
