"""What is alike and what differs between a precedent and a case, in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.reference import PrecedentMatch
from agent.domain.taxonomy import Offence, Role, SourceKind, Stage
from retrieval.precedents.comparison import compare_case, count_alike, is_same_subject
from tests.contract.retrieval_examples import moment, precedent, query

S = Stage
UNKNOWN: dict[str, Any] = {
    "subject_name": None, "offences": (), "stages": (S.UNDETERMINED,), "role": Role.UNDETERMINED,
    "jurisdiction": None, "source_kind": SourceKind.UNKNOWN,
}  # fmt: skip
STAGES = st.lists(st.sampled_from(Stage), max_size=6, unique=True).map(tuple)
OFFENCES = st.lists(st.sampled_from(Offence), max_size=6, unique=True).map(tuple)


def stage_words(there: tuple[Stage, ...], here: tuple[Stage, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is said of the stages alone."""
    asked = query(**(UNKNOWN | {"stages": here, "before": moment(2030)}))
    alike, differs = compare_case(precedent(1, stages=there, decided_at=moment(2019)), asked)
    return alike, tuple(words for words in differs if not words.startswith("decided"))


def test_what_is_alike_and_what_differs_in_words() -> None:
    case = precedent(
        1, offences=(Offence.CORRUPTION, Offence.TAX_CRIME), stages=(S.CONVICTED, S.CHARGED), role=Role.OFFENDER
    )
    asked = query(offences=(Offence.CORRUPTION, Offence.FRAUD), stages=(S.ALLEGATION,), before=moment(2023, 6))
    assert compare_case(case, asked) == (
        ("offence: corruption", "source: news report"),
        (
            "another subject",
            "offence: tax crime only there; fraud only here",
            "stage: convicted there, only alleged here",
            "role: offender there, accused here",
            "jurisdiction: Portugal there, Spain here",
            "decided 3 years before",
        ),
    )


@pytest.mark.parametrize(
    ("there", "here", "alike", "differs"),
    [
        ((S.CHARGED,), (S.CHARGED, S.ALLEGATION), ("both charged",), ()),
        ((S.ALLEGATION,), (S.CONVICTED,), (), ("stage: only alleged there, convicted here",)),
        ((S.WANTED,), (S.ARRESTED,), (), ("stage: wanted there, arrested here",)),
        ((S.CHARGED, S.ACQUITTED), (S.CHARGED,), ("both charged",), ("stage: acquitted only there",)),
        ((S.ACQUITTED,), (S.ACQUITTED,), ("both acquitted",), ()),
        ((S.SETTLED,), (S.CHARGED,), (), ("stage: charged only here; settled only there",)),
        ((S.PENALTY, S.TRIAL), (S.PENALTY, S.APPEAL), ("both penalised",),
         ("stage: on trial only there; under appeal only here",)),
        ((S.UNDETERMINED,), (S.CHARGED,), (), ()),
        ((S.CHARGED,), (), (), ()),
    ],
)  # fmt: skip
def test_stages_are_compared_along_the_chain(
    there: tuple[Stage, ...], here: tuple[Stage, ...], alike: tuple[str, ...], differs: tuple[str, ...]
) -> None:
    assert stage_words(there, here) == (alike, differs)


@given(there=STAGES, here=STAGES)
def test_equal_stages_never_differ_and_a_shared_last_step_is_said(
    there: tuple[Stage, ...], here: tuple[Stage, ...]
) -> None:
    alike, differs = stage_words(there, here)
    if not set(there) - {S.UNDETERMINED} or not set(here) - {S.UNDETERMINED}:
        assert (alike, differs) == ((), ())
    elif set(there) - {S.UNDETERMINED} == set(here) - {S.UNDETERMINED}:
        assert alike
        assert not differs
    else:
        assert alike or differs


def test_what_is_unknown_is_not_compared() -> None:
    asked = query(**UNKNOWN, before=moment(2020, 6))
    assert compare_case(precedent(1), asked) == (("decided within the year before",), ())
    assert count_alike(precedent(1), asked) == 0
    blank = precedent(1, **{name: value for name, value in UNKNOWN.items() if name != "subject_name"})
    assert count_alike(blank, asked) == 0


def test_a_subject_is_the_same_by_name_alone() -> None:
    case = precedent(1, subject_name="García Ledo, Inés")
    assert is_same_subject(case, query(subject_name="ines garcia ledo"))
    assert not is_same_subject(case, query(subject_name="Inés García"))
    assert not is_same_subject(case, query(subject_name=None))
    assert compare_case(case, query(subject_name="Ines Garcia Ledo"))[0][0] == "same subject name"


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "decided within the year before"), (364, "decided within the year before"), (366, "decided 1 year before"),
     (4 * 366, "decided 4 years before")],
)  # fmt: skip
def test_age_is_counted_in_whole_years(days: int, words: str) -> None:
    alike, differs = compare_case(precedent(1, decided_at=moment(2024) - timedelta(days=days)), query(**UNKNOWN))
    assert words in (*alike, *differs)
    assert (words in alike) == (days < 365)


def test_offence_stage_and_role_are_counted() -> None:
    assert count_alike(precedent(1), query()) == 3
    assert count_alike(precedent(1), query(role=Role.VICTIM)) == 2
    assert count_alike(precedent(1), query(role=Role.VICTIM, stages=(S.WANTED,))) == 1
    assert count_alike(precedent(1), query(role=Role.VICTIM, stages=(S.WANTED,), offences=(Offence.FRAUD,))) == 0


@given(there=st.tuples(OFFENCES, STAGES), here=st.tuples(OFFENCES, STAGES))
def test_whatever_is_compared_fits_a_match(there: Any, here: Any) -> None:
    case = precedent(1, offences=there[0], stages=there[1])
    alike, differs = compare_case(case, query(offences=here[0], stages=here[1]))
    match = PrecedentMatch(precedent=case, similarity=1.0, alike=alike, differs=differs)
    assert not set(match.alike) & set(match.differs)
    whole = precedent(1, offences=tuple(Offence), stages=tuple(Stage))
    alike, differs = compare_case(whole, query(offences=here[0], stages=here[1]))
    assert all(len(words) <= 200 for words in (*alike, *differs))
