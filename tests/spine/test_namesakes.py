"""Namesakes: one name, two people. What contradicts is seen, what is not known proves nothing. All are invented."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cli.present import print_record
from agent.domain.alert import Alert, Article, Subject
from agent.domain.candidate import ProfileCandidate, SubjectCandidate
from agent.domain.reading import ReadParty, StatedAttribute
from agent.domain.record import TriageRecord
from agent.domain.reference import Profile, ProfileMatch
from agent.domain.summary import Identity
from agent.domain.taxonomy import FeatureName, FeatureVerdict, IdentityVerdict, RecommendationValue
from agent.triage.identity import VERDICTS_RISING, compare_identity
from retrieval.build import build_references
from retrieval.index import open_index
from tests.contract.retrieval_examples import MemoryStore, embedder
from tests.spine.parts import make_pipeline, triage
from tests.unit.known_people import KnownPeople

V = IdentityVerdict
UNSURE = {V.POSSIBLE, V.MISMATCH}
POSSIBLE, PROBABLE, CONFIRMED, MISMATCH, UNKNOWN = (
    {one} for one in (V.POSSIBLE, V.PROBABLE, V.CONFIRMED, V.MISMATCH, V.UNKNOWN_SUBJECT)
)
MORE = "\n\nThe judges said that the case had begun with an audit of the accounts of the harbour in 2021."


def convicted(who: str, more: str = "") -> str:
    return f"LISBON – A Lisbon court on Monday convicted {who}, of fraud and sentenced him to five years.{MORE}{more}"


def charged(who: str, more: str = "") -> str:
    return f"LISBON – Prosecutors in Lisbon on Monday charged {who} with fraud, the office said.{MORE}{more}"


class Case(NamedTuple):
    id: str
    header: dict[str, Any] | str | None
    text: str
    profiles: tuple[dict[str, Any], ...]
    verdicts: set[IdentityVerdict]
    held: Mapping[str, set[IdentityVerdict]] = MappingProxyType({})
    """Profile id → acceptable verdicts of that profile against the first candidate that it is held against."""


def born(profile_id: str, name: str, year: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"profile_id": profile_id, "name": name, "birth_date": year, **fields}


TAVELO_41 = convicted("the shipbroker Rui Tavelo, 41")
CASES = [
    # the alert names somebody and gives attributes
    Case("age fits", {"name": "Rui Tavelo", "birth_date": "1984"}, TAVELO_41, (), PROBABLE),
    Case("age conflicts", {"name": "Rui Tavelo", "birth_date": "1961"}, TAVELO_41, (), MISMATCH),
    Case("age two years off", {"name": "Rui Tavelo", "birth_date": "1982"}, TAVELO_41, (), POSSIBLE),
    Case(
        "birth year conflicts",
        {"name": "Rui Tavelo", "birth_date": "1961-04-02"},
        convicted("Rui Tavelo, born in 1985"),
        (),
        MISMATCH,
    ),
    Case("no attribute at all", "Rui Tavelo", convicted("the shipbroker Rui Tavelo"), (), POSSIBLE),
    Case(
        "birth year conflicts, employer agrees",
        {"name": "Rui Tavelo", "birth_date": "1961", "employer": "Pask Holdings"},
        convicted("Rui Tavelo, 41, a director of Pask Holdings"),
        (),
        UNSURE,
    ),
    Case(
        "nationality conflicts",
        {"name": "Rui Tavelo", "birth_date": "1984", "nationalities": ["PE"]},
        convicted("Rui Tavelo, 41", " Tavelo is a Lebanese citizen."),
        (),
        POSSIBLE,
    ),
    Case("another person of the surname", "Emil Tavelo", TAVELO_41, (), MISMATCH),
    Case(
        "a sibling stands beside",
        "Emil Tavelo",
        charged("Rui Tavelo", " Rui Tavelo is 41. Tavelo denied it."),
        (),
        MISMATCH,
    ),
    Case("the name is not there", "Ilka Bramwyn", TAVELO_41, (), MISMATCH),
    Case("nickname", "Robert Kelvane", convicted("the shipbroker Bob Kelvane"), (), POSSIBLE),
    Case(
        "nickname and age",
        {"name": "Robert Kelvane", "birth_date": "1984"},
        convicted("Bob Kelvane, 41"),
        (),
        PROBABLE | POSSIBLE,
    ),
    Case(
        "nickname, other age",
        {"name": "Robert Kelvane", "birth_date": "1951"},
        convicted("Bob Kelvane, 41"),
        (),
        MISMATCH,
    ),
    Case("initial", "R. Kelvane", convicted("the shipbroker Robert Kelvane"), (), POSSIBLE),
    Case(
        "initial and age", {"name": "R. Kelvane", "birth_date": "1984"}, convicted("Robert Kelvane, 41"), (), POSSIBLE
    ),
    Case("surname alone in the text", "Robert Kelvane", convicted("Kelvane, 41"), (), POSSIBLE),
    Case("spelling", "Mukhtar Zalesov", convicted("the banker Muhtar Zalesov"), (), POSSIBLE),
    Case("Arabic header, Latin article", "سمير حدادي", convicted("the shipbroker Samir Haddadi"), (), POSSIBLE),
    Case(
        "Arabic header, age fits",
        {"name": "سمير حدادي", "birth_date": "1984"},
        convicted("Samir Haddadi, 41"),
        (),
        PROBABLE,
    ),
    Case(
        "Arabic header, other age",
        {"name": "سمير حدادي", "birth_date": "1950"},
        convicted("Samir Haddadi, 41"),
        (),
        MISMATCH,
    ),
    Case("Arabic header, brother", "خالد حدادي", convicted("the shipbroker Samir Haddadi"), (), MISMATCH),
    Case("Hebrew header, Latin article", "דוד כהנוביץ", convicted("the shipbroker David Cohanovitz"), (), POSSIBLE),
    Case("Chinese header, Latin article", "王建国", convicted("the shipbroker Wang Jianguo"), (), POSSIBLE),
    Case(
        "Latin header, inflected Cyrillic article",
        "Igor Lazutsky",
        "МОСКВА – Суд в Москве в понедельник приговорил предпринимателя Игоря Лазутского к пяти годам лишения свободы "
        "за мошенничество.\n\nСудьи сообщили, что дело Лазутского началось с проверки счетов порта.",
        (),
        POSSIBLE,
    ),
    Case(
        "a look-alike letter", {"name": "Аna Selmer", "birth_date": "1984"}, convicted("Ana Selmer, 41"), (), POSSIBLE
    ),
    Case(
        "a firm, not its director",
        {"name": "Pask Holdings", "kind": "organisation"},
        convicted("Igor Pask, 41"),
        (),
        UNSURE,
    ),
    Case(
        "a director, not his firm",
        {"name": "Igor Pask", "kind": "person"},
        f"LISBON – A regulator in Lisbon on Monday fined Pask Holdings two million euros for fraud.{MORE}",
        (),
        MISMATCH,
    ),
    # father and son
    Case(
        "father and son in one article",
        "Rui Tavelo",
        f"LISBON – A court in Lisbon on Monday convicted Rui Tavelo, 29, of fraud. His father, also called Rui Tavelo, "
        f"60, runs a shipyard.{MORE}",
        (),
        POSSIBLE,
    ),
    Case(
        "the father is the subject, the son convicted",
        {"name": "Rui Tavelo", "birth_date": "1965"},
        convicted("Rui Tavelo Jr, 29"),
        (),
        UNSURE,
    ),
    # the alert names somebody, profiles tell the rest
    Case(
        "one profile, age fits",
        "Rui Tavelo",
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1984"),),
        PROBABLE,
        {"T1": PROBABLE},
    ),
    Case(
        "one profile, age conflicts",
        "Rui Tavelo",
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1961"),),
        UNSURE,
        {"T1": MISMATCH},
    ),
    Case(
        "one profile tied to the subject, age conflicts",
        {"name": "Rui Tavelo", "nationalities": ["PT"]},
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1961", nationalities=["PT"]),),
        MISMATCH,
        {"T1": MISMATCH},
    ),
    Case(
        "two profiles of one name",
        "Rui Tavelo",
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1984"), born("T2", "Rui Tavelo", "1961")),
        POSSIBLE,
        {"T1": PROBABLE, "T2": MISMATCH},
    ),
    Case(
        "two profiles, the subject is the one",
        {"name": "Rui Tavelo", "birth_date": "1984-02-01"},
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1984-02-01"), born("T2", "Rui Tavelo", "1961")),
        PROBABLE,
        {"T1": PROBABLE, "T2": MISMATCH},
    ),
    Case(
        "two profiles, the subject is the other",
        {"name": "Rui Tavelo", "birth_date": "1961"},
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1984"), born("T2", "Rui Tavelo", "1961")),
        MISMATCH,
        {"T1": PROBABLE, "T2": MISMATCH},
    ),
    Case(
        "two profiles, two nationalities",
        "Rui Tavelo",
        convicted("Rui Tavelo, 41", " Tavelo is a Lebanese citizen."),
        (born("T1", "Rui Tavelo", nationalities=["LB"]), born("T2", "Rui Tavelo", nationalities=["PE"])),
        POSSIBLE,
        {"T1": POSSIBLE, "T2": POSSIBLE},
    ),
    Case(
        "one has the year, the other the employer: no third person is made of them",
        "Rui Tavelo",
        convicted("Rui Tavelo, 41, a director of Pask Holdings"),
        (born("T1", "Rui Tavelo", "1961", employer="Pask Holdings"), born("T2", "Rui Tavelo", nationalities=["PE"])),
        UNSURE,
        {"T1": UNSURE, "T2": POSSIBLE},
    ),
    Case(
        "transliterated profile, year conflicts",
        "Samir Haddadi",
        convicted("Samir Haddadi, 41"),
        (born("H1", "سمير حدادي", "1950"),),
        UNSURE,
        {"H1": MISMATCH},
    ),
    Case(
        "transliterated profile, year fits",
        None,
        convicted("Samir Haddadi, 41"),
        (born("H1", "سمير حدادي", "1984"),),
        PROBABLE,
        {"H1": PROBABLE},
    ),
    Case(
        "weak alias, year fits",
        None,
        convicted("Barracuda Tavelo, 41"),
        (born("T1", "Rui Gonsal", "1984", weak_aliases=["Barracuda Tavelo"]),),
        POSSIBLE,
        {"T1": POSSIBLE},
    ),
    Case(
        "weak alias, year conflicts",
        None,
        convicted("Barracuda Tavelo, 41"),
        (born("T1", "Rui Gonsal", "1950", weak_aliases=["Barracuda Tavelo"]),),
        UNKNOWN,
        {"T1": MISMATCH},
    ),
    Case(
        "an alias that only the profile knows",
        {"name": "Rui Gonsal", "birth_date": "1984"},
        convicted("Darko Vintner, 41"),
        (born("T1", "Rui Gonsal", "1984", aliases=["Darko Vintner"]),),
        PROBABLE,
        {"T1": PROBABLE},
    ),
    Case(
        "an alias that only the profile knows, year conflicts",
        "Rui Gonsal",
        convicted("Darko Vintner, 41"),
        (born("T1", "Rui Gonsal", "1950", aliases=["Darko Vintner"]),),
        UNSURE,
        {"T1": MISMATCH},
    ),
    Case(
        "the profile's death",
        None,
        convicted("Rui Tavelo, 41"),
        (born("T1", "Rui Tavelo", "1984", death_date="2019"),),
        POSSIBLE,
        {"T1": POSSIBLE},
    ),
    Case(
        "a firm of the person's name",
        "Igor Pask",
        convicted("Igor Pask, 41"),
        (born("K1", "Igor Pask", kind="organisation"),),
        POSSIBLE,
        {"K1": POSSIBLE},
    ),
    # a blank header
    Case("blank, no profile", None, TAVELO_41, (), UNKNOWN),
    Case("blank, profile fits", None, TAVELO_41, (born("T1", "Rui Tavelo", "1984"),), PROBABLE, {"T1": PROBABLE}),
    Case("blank, profile without a year", None, TAVELO_41, (born("T1", "Rui Tavelo"),), POSSIBLE, {"T1": POSSIBLE}),
    Case(
        "blank, only profile contradicts",
        None,
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1961"),),
        UNKNOWN,
        {"T1": MISMATCH},
    ),
    Case(
        "blank, two of the name, one fits",
        None,
        TAVELO_41,
        (born("T1", "Rui Tavelo", "1984"), born("T2", "Rui Tavelo", "1961")),
        PROBABLE,
        {"T1": PROBABLE, "T2": MISMATCH},
    ),
    Case(
        "blank, two of the name, neither told apart",
        None,
        convicted("the shipbroker Rui Tavelo"),
        (born("T1", "Rui Tavelo", "1984"), born("T2", "Rui Tavelo", "1961")),
        POSSIBLE,
        {"T1": POSSIBLE, "T2": POSSIBLE},
    ),
    Case("blank, a profile of the brother", None, TAVELO_41, (born("T1", "Emil Tavelo", "1984"),), UNKNOWN),
    Case(
        "blank, full birth date",
        None,
        convicted("Rui Tavelo, born on 2 May 1984"),
        (born("T1", "Rui Tavelo", "1984-05-02"),),
        CONFIRMED | PROBABLE | POSSIBLE,
    ),
]


def read_case(case: Case) -> tuple[Alert, tuple[Profile, ...]]:
    header = {"name": case.header} if isinstance(case.header, str) else case.header
    subject = Subject.model_validate(header) if header is not None else None
    alert = Alert(alert_id="A-9", subject=subject, article=Article(text=case.text, published_at="2025-06-02"))
    return alert, tuple(Profile.model_validate(one) for one in case.profiles)


def triage_case(case: Case) -> TriageRecord:
    alert, profiles = read_case(case)
    return triage(make_pipeline(source=KnownPeople(profiles)), alert)


def test_the_table_is_of_many_cases() -> None:
    assert len(CASES) == len({case.id for case in CASES}) >= 45


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_namesake_is_seen(case: Case) -> None:
    record = triage_case(case)
    assert record.summary.identity.verdict in case.verdicts, record.summary.identity
    held = {one.profile_id: one for candidate in record.candidates[::-1] for one in candidate.profiles}
    for profile_id, verdicts in case.held.items():
        assert held[profile_id].verdict in verdicts, held[profile_id]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_a_conflicting_birth_is_never_probable(case: Case) -> None:
    record = triage_case(case)
    compared: list[Identity | ProfileCandidate] = [record.summary.identity]
    compared += [one for candidate in record.candidates for one in candidate.profiles]
    for one in compared:
        births = [f for f in one.features if f.name in (FeatureName.BIRTH_DATE, FeatureName.BIRTH_YEAR)]
        if any(feature.verdict is FeatureVerdict.CONFLICT for feature in births):
            assert one.verdict not in (V.CONFIRMED, V.PROBABLE)


def test_a_subject_whom_only_a_profile_calls_so_is_read_as_the_subject() -> None:
    (case,) = [case for case in CASES if case.id == "an alias that only the profile knows"]
    record = triage_case(case)
    assert record.recommendation.value is RecommendationValue.ESCALATE
    assert "The alert's subject stands in the article as “Darko Vintner”." in record.notes
    (contradicted,) = [case for case in CASES if case.id == "an alias that only the profile knows, year conflicts"]
    assert triage_case(contradicted).recommendation.value is RecommendationValue.REVIEW


def test_other_letters_hold_no_escalation_back() -> None:
    for case in CASES:
        if case.id in {"Arabic header, Latin article", "Hebrew header, Latin article", "Chinese header, Latin article"}:
            assert triage_case(case).recommendation.value is RecommendationValue.ESCALATE, case.id


def test_the_explanation_says_what_is_same_what_contradicts_and_what_is_not_known() -> None:
    alert, profiles = read_case(
        Case(
            "",
            None,
            convicted("Samir Haddadi, 41"),
            (born("H1", "سمير حدادي", "1950", nationalities=["LB"]),),
            UNKNOWN,
        )
    )
    record = triage(make_pipeline(source=KnownPeople(profiles)), alert)
    words = record.candidates[0].profiles[0].explanation
    assert "same after transliteration" in words
    assert "birth year conflicts: 1950 against age 41" in words
    assert "nationality not stated" in words


def test_the_index_finds_what_the_table_finds(tmp_path: Path) -> None:
    cases = [case for case in CASES if case.id in {"two profiles of one name", "transliterated profile, year fits"}]
    assert len(cases) == 2
    for number, case in enumerate(cases):
        alert, profiles = read_case(case)
        records = MemoryStore(profiles)
        build_references(tmp_path / str(number), records, embedder(), names_only=True)
        with open_index(tmp_path / str(number), embedder=embedder(), records=records) as index:
            record = triage(make_pipeline(source=index), alert)
        assert record.summary.identity.verdict in case.verdicts
        assert {one.profile_id for one in record.candidates[0].profiles} == set(case.held)


# --- blank header


THREE = (
    "LISBON – Prosecutors in Lisbon on Monday charged Rui Tavelo with fraud. They charged Ilka Bramwyn with forgery. "
    f"Police arrested Dov Kestrel over money laundering.{MORE}\n\n"
    "Elsa Dornwick, a pensioner who was defrauded, lost her savings. Her lawyer, Ivo Camrinsky, said so."
)


def blank(text: str, *profiles: dict[str, Any]) -> tuple[SubjectCandidate, ...]:
    alert, known = read_case(Case("", None, text, profiles, UNKNOWN))
    return triage(make_pipeline(source=KnownPeople(known)), alert).candidates


def test_all_accused_are_candidates_in_the_order_of_the_article() -> None:
    candidates = blank(THREE)
    assert [one.name for one in candidates] == ["Rui Tavelo", "Ilka Bramwyn", "Dov Kestrel"]
    assert {one.note for one in candidates} == {"no reference profile found"}
    assert candidates[0].reason == "accused: fraud"


def test_whoever_has_a_profile_that_fits_comes_first_and_one_that_contradicts_lifts_nobody() -> None:
    fits = blank(THREE, born("K1", "Dov Kestrel", "1980"), born("B1", "Ilka Bramwyn", "1970", kind="organisation"))
    assert fits[0].name == "Dov Kestrel"
    text = charged("Rui Tavelo", " They charged Ilka Bramwyn, 41, with forgery.")
    names = [one.name for one in blank(text, born("B1", "Ilka Bramwyn", "1950"))]
    assert names == ["Rui Tavelo", "Ilka Bramwyn"]
    assert [one.name for one in blank(text, born("B1", "Ilka Bramwyn", "1984"))] == ["Ilka Bramwyn", "Rui Tavelo"]


def test_the_candidates_are_printed_with_the_profiles_held_against_them(capsys: pytest.CaptureFixture[str]) -> None:
    alert, known = read_case(Case("", None, THREE, (born("K1", "Dov Kestrel", "1980"),), UNKNOWN))
    print_record(alert, triage(make_pipeline(source=KnownPeople(known)), alert), brief=True)
    shown = " ".join(capsys.readouterr().out.split())
    assert "1. Dov Kestrel, suspect: money laundering profile K1 POSSIBLE: name same; birth date not stated" in shown
    assert "2. Rui Tavelo, accused: fraud (the draft's subject) — no reference profile found" in shown


def test_a_victim_and_a_lawyer_are_no_candidates_even_with_a_profile() -> None:
    names = {one.name for one in blank(THREE, born("D1", "Elsa Dornwick"), born("C1", "Ivo Camrinsky"))}
    assert names == {"Rui Tavelo", "Ilka Bramwyn", "Dov Kestrel"}


def test_a_merely_mentioned_name_of_a_known_profile_comes_last() -> None:
    text = THREE + "\n\nOndra Velimsky sold the tanker in 2019, the papers show."
    candidates = blank(text, born("V1", "Ondra Velimsky", "1971"))
    assert (candidates[-1].name, candidates[-1].profiles[0].profile_id) == ("Ondra Velimsky", "V1")
    assert "Ondra Velimsky" not in [one.name for one in blank(text)]


# --- properties

NAME = "Rui Tavelo"
YEARS = st.integers(1930, 2000)
OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "nationality": st.just("LB"),
        "country": st.just("LB"),
        "occupation": st.just("shipbroker"),
        "employer": st.just("Pask Holdings"),
        "identifier": st.just("AB123"),
    },
)
KNOWN: dict[str, Any] = {
    "nationalities": ["LB"],
    "countries": ["LB"],
    "employer": "Pask Holdings",
    "identifiers": {"passport": "AB 123"},
}
AS_OF = date(2025, 6, 1)


def stated(attributes: dict[str, str]) -> ReadParty:
    return ReadParty(
        id="P1",
        name=NAME,
        attributes=tuple(
            StatedAttribute(name=FeatureName(name), value=value, start=0, end=1, sentence="p1.s1")
            for name, value in attributes.items()
        ),
    )


def matched(number: int, **fields: Any) -> ProfileMatch:
    profile = Profile.model_validate({"profile_id": f"T{number}", "name": NAME, **fields})
    return ProfileMatch(profile=profile, mention=NAME, matched_name=NAME, score=1.0, route="name")


@st.composite
def births(draw: st.DrawFn) -> tuple[int, dict[str, str]]:
    """A known birth year and a statement that contradicts it."""
    known, other = draw(YEARS), draw(YEARS)
    if other == known:
        other += 40
    said = draw(st.sampled_from(["birth_year", "birth_date", "age"]))
    if said == "age":
        other = other + 5 if abs(other - known) <= 1 else other
        return known, {"age": str(AS_OF.year - other)}
    return known, {said: str(other)}


@settings(deadline=None)
@given(births(), OTHERS, st.sampled_from(["header", "profile", "both"]), st.booleans())
def test_whatever_agrees_a_conflicting_birth_is_never_probable(
    conflict: tuple[int, dict[str, str]], others: dict[str, str], where: str, more: bool
) -> None:
    year, birth = conflict
    header: dict[str, Any] = {"name": NAME, "occupation": "shipbroker", **KNOWN}
    profiles = [matched(1, birth_date=str(year), positions=["shipbroker"], **KNOWN)] if where != "header" else []
    profiles += [matched(2, **KNOWN)] if more else []
    subject = Subject.model_validate(header | ({"birth_date": str(year)} if where != "profile" else {}))
    identity = compare_identity(subject, stated(birth | others), profiles, AS_OF)
    assert identity.verdict not in (V.CONFIRMED, V.PROBABLE)


@settings(deadline=None)
@given(
    st.one_of(st.none(), st.sampled_from(["1950", "1984", "1984-02-03"])),
    OTHERS,
    st.sampled_from([None, "1950", "1984"]),
    st.sampled_from(["birth_year", "birth_date", "age", "nationality", "occupation", "employer", "identifier"]),
    st.booleans(),
)
def test_an_unknown_attribute_never_raises_the_verdict(
    birth: str | None, others: dict[str, str], profile_birth: str | None, unknown: str, named: bool
) -> None:
    subject = Subject.model_validate({"name": NAME, "birth_date": birth, **KNOWN}) if named else None
    profiles = [matched(1, birth_date=profile_birth, **KNOWN)]
    fewer = {name: value for name, value in others.items() if name != unknown}
    plain = compare_identity(subject, stated(fewer), profiles, AS_OF)
    raised = compare_identity(subject, stated(fewer | {unknown: "not given"}), profiles, AS_OF)
    assert VERDICTS_RISING.index(raised.verdict) <= VERDICTS_RISING.index(plain.verdict)


@settings(deadline=None)
@given(OTHERS, st.sampled_from([None, "1950", "1984"]), st.sampled_from([None, "1950", "1984"]))
def test_two_profiles_never_say_more_than_the_better_one(
    others: dict[str, str], first: str | None, second: str | None
) -> None:
    party = stated(others | {"birth_year": "1984"})
    one = matched(1, birth_date=first, employer="Pask Holdings")
    other = matched(2, birth_date=second, nationalities=["LB"], countries=["LB"])
    both = compare_identity(Subject(name=NAME), party, [one, other], AS_OF).verdict
    alone = [compare_identity(Subject(name=NAME), party, [match], AS_OF).verdict for match in (one, other)]
    assert VERDICTS_RISING.index(both) <= max(map(VERDICTS_RISING.index, alone))
