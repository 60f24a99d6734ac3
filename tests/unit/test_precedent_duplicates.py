"""When two texts are one report."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from retrieval.precedents.duplicates import is_same_report, measure_containment, split_shingles

REPORT = (
    "The district court of Port Almere sentenced the former harbour master to four years in prison on Tuesday. "
    "Judges found that he had taken payments from a dredging firm in return for permits over six years. "
    "His lawyer said that the sentence would be appealed, and that the payments had been loans from a friend."
)
TEXTS = st.text("abc ,.", max_size=60)


def same(left: str, right: str, *, one_subject: bool = True) -> bool:
    return is_same_report(split_shingles(left), split_shingles(right), one_subject=one_subject)


def test_a_copy_cut_short_or_lightly_edited_is_the_same_report() -> None:
    edited = REPORT.replace("Tuesday", "Monday").replace("six years", "5 years").upper()
    for copy in (REPORT, REPORT[:180], edited, "Port Almere, agencies. " + REPORT):
        assert same(REPORT, copy)
        assert same(copy, REPORT)


def test_another_report_of_the_same_matter_is_another_report() -> None:
    retold = (
        "A former harbour master who took money from dredgers must go to prison for four years, a court has ruled. "
        "Permits had been sold since 2014, according to the verdict that was read out in Port Almere."
    )
    assert not same(REPORT, retold)


def test_short_texts_after_one_pattern_are_two_cases_when_they_name_two_subjects() -> None:
    left, right = (f"Prosecutors charged official {number} with taking bribes from a firm." for number in (1, 2))
    assert same(left, right)
    assert not same(left, right, one_subject=False)
    assert same(REPORT, REPORT, one_subject=False)


def test_no_words_are_no_report() -> None:
    assert not same("", "")
    assert not same("...", REPORT)


@given(left=TEXTS, right=TEXTS)
def test_containment_is_a_symmetric_share(left: str, right: str) -> None:
    one, other = split_shingles(left), split_shingles(right)
    assert measure_containment(one, other) == measure_containment(other, one)
    assert 0 <= measure_containment(one, other) <= 1
    assert measure_containment(one, one) == bool(one)
