"""Which precedents are shown: admissible, alike, as many of each outcome, each another report, in no telling order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.reference import Precedent, PrecedentMatch, PrecedentQuery
from agent.domain.taxonomy import Offence, PrecedentOutcome, Role, Stage
from retrieval.documents import describe_precedent, describe_query
from retrieval.precedents.lexical import LexicalIndex
from retrieval.precedents.ranking import MIN_SIMILARITY, Vector, fuse_ranks, is_admissible, rank_precedents
from tests.contract.retrieval_examples import MATERIAL, NOT_MATERIAL, NOT_SUBJECT, moment, precedent, query

DIMENSION = 512
UNLIKE: dict[str, Any] = {"offences": (Offence.MARITIME_PIRACY,), "stages": (Stage.PARDONED,), "role": Role.WITNESS}
REPORT = (
    "The district court of Port Almere sentenced the former harbour master to four years in prison on Tuesday. "
    "Judges found that he had taken payments from a dredging firm in return for permits over six years. "
    "His lawyer said that the sentence would be appealed, and that the payments had been loans from a friend."
)


def axis(number: int) -> Vector:
    vector: Vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[number] = 1
    return vector


@dataclass
class Shelf:
    """Precedents at a chosen cosine from the case, and otherwise at right angles to each other."""

    cases: list[Precedent] = field(default_factory=list)
    vectors: dict[str, Vector] = field(default_factory=dict)
    words: LexicalIndex | None = None
    depths: list[int] = field(default_factory=list)

    def add(self, case: Precedent, similarity: float, twin: Precedent | None = None) -> Precedent:
        """Keep a case; ``twin`` is one whose own direction it shares."""
        own = axis(len(self.cases) + 1)
        if twin is not None:
            rest = self.vectors[twin.precedent_id] * (np.arange(DIMENSION) > 0)
            own = (rest / np.linalg.norm(rest)).astype(np.float32)
        self.vectors[case.precedent_id] = (similarity * axis(0) + (1 - similarity**2) ** 0.5 * own).astype(np.float32)
        self.cases.append(case)
        return case

    def index_words(self, folder: Path) -> None:
        LexicalIndex.build(folder, ((one.precedent_id, describe_precedent(one), one.outcome) for one in self.cases))
        self.words = LexicalIndex.open(folder)

    def dense(self, outcome: PrecedentOutcome, depth: int) -> list[tuple[str, float, Vector]]:
        self.depths.append(depth)
        ids = [one.precedent_id for one in self.cases if one.outcome is outcome]
        rows = [(one, float(self.vectors[one][0]), self.vectors[one]) for one in ids]
        return sorted(rows, key=lambda row: (-row[1], row[0]))[:depth]

    def load(self, ids: Sequence[str]) -> Mapping[str, Precedent]:
        return {one.precedent_id: one for one in self.cases if one.precedent_id in ids}

    def fetch(self, outcome: PrecedentOutcome, ids: Sequence[str]) -> Mapping[str, Vector]:
        return {one: self.vectors[one] for one in ids if one in self.vectors}

    def rank(self, limit: int, asked: PrecedentQuery | None = None) -> list[PrecedentMatch]:
        asked = asked or query()
        words, text = self.words, describe_query(asked)
        return rank_precedents(
            asked,
            limit,
            dense=self.dense,
            lexical=lambda outcome, depth: [] if words is None else words.search(text, outcome, depth),
            load=self.load,
            vectors=self.fetch,
            query_vector=axis(0),
        )


def found(matches: Sequence[PrecedentMatch]) -> set[str]:
    return {match.precedent.precedent_id for match in matches}


def of_outcome(outcome: PrecedentOutcome, first: int, number: int, shelf: Shelf, nearest: float = 0.8) -> None:
    """A number of ordinary cases, ever further away."""
    for place in range(number):
        shelf.add(precedent(first + place, outcome), nearest - 0.01 * place)


class TestNumber:
    def test_each_outcome_gives_the_same_number_as_far_as_it_has_them(self) -> None:
        shelf = Shelf()
        of_outcome(NOT_MATERIAL, 1, 9, shelf, 0.9)
        of_outcome(MATERIAL, 10, 9, shelf, 0.6)
        of_outcome(NOT_SUBJECT, 20, 1, shelf, 0.5)
        shown = shelf.rank(6)
        assert Counter(one.precedent.outcome for one in shown) == {NOT_MATERIAL: 2, MATERIAL: 2, NOT_SUBJECT: 1}
        assert found(shown) == {"D-1", "D-2", "D-10", "D-11", "D-20"}

    @pytest.mark.parametrize(("limit", "number"), [(-1, 0), (0, 0), (1, 1), (2, 2), (3, 3), (5, 3), (6, 6), (60, 27)])
    def test_never_more_than_asked_for(self, limit: int, number: int) -> None:
        shelf = Shelf()
        for first, outcome in enumerate(PrecedentOutcome):
            of_outcome(outcome, first * 100, 9, shelf, 0.8 - 0.1 * first)
        shown = shelf.rank(limit)
        assert len(shown) == number
        if limit in (1, 2):
            assert [one.precedent.outcome for one in sorted(shown, key=lambda one: -one.similarity)] == list(
                PrecedentOutcome
            )[:limit]


class TestAdmission:
    def test_never_the_alert_itself_under_any_case_of_its_id(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, alert_id="a-NOW"), 0.99)
        assert shelf.rank(3) == []
        assert found(shelf.rank(3, query(exclude_alert_id="A-other"))) == {"D-1"}

    def test_never_its_article_under_another_id(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, summary=REPORT, subject_name="Dario B. Neverwas"), 0.9)
        shelf.add(precedent(2, summary=REPORT[:190], subject_name="NEVERWAS, Dario"), 0.8)
        shelf.add(precedent(3, summary=REPORT, subject_name="Ulla Elsewho"), 0.7)
        asked = query(text="(Agencies) " + REPORT.replace("Tuesday", "Monday"))
        assert found(shelf.rank(9, asked)) == {"D-3"}, "about somebody else the same article is another case"
        assert shelf.rank(9, asked.model_copy(update={"subject_name": None})) == []
        assert found(shelf.rank(9, query(text="Another report of his trial."))) == {"D-1"}

    def test_the_boundary_of_time_is_the_moment_itself(self) -> None:
        shelf = Shelf()
        case = shelf.add(precedent(1), 0.9)
        assert shelf.rank(3, query(before=case.decided_at)) == []
        assert found(shelf.rank(3, query(before=case.decided_at + timedelta(microseconds=1)))) == {"D-1"}

    def test_earlier_cases_are_found_behind_many_later_ones(self) -> None:
        shelf = Shelf()
        for number in range(100):
            shelf.add(precedent(number, decided_at=moment(2025)), 0.9)
        shelf.add(precedent(200), 0.5)
        assert found(shelf.rank(3)) == {"D-200"}

    def test_nothing_scans_all_precedents(self) -> None:
        shelf = Shelf()
        for number in range(400):
            shelf.add(precedent(number, decided_at=moment(2025)), 0.9)
        assert shelf.rank(3) == []
        assert max(shelf.depths) <= 200

    def test_what_left_the_store_or_changed_its_outcome_does_not_come_back(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1), 0.9)
        shelf.add(precedent(2), 0.8)
        shelf.add(precedent(3), 0.7)
        shelf.load = lambda ids: {  # type: ignore[method-assign]
            "D-2": precedent(2, NOT_MATERIAL),
            "D-3": precedent(3),
        }
        assert found(shelf.rank(9)) == {"D-3"}

    @settings(max_examples=60, deadline=None)
    @given(
        cases=st.lists(
            st.tuples(
                st.sampled_from(PrecedentOutcome), st.sampled_from(["A-now", "a-NOW", "A-1"]), st.integers(-3, 3),
                st.sampled_from([REPORT, REPORT[:150], "Another matter altogether."]),
                st.sampled_from(["Dario Neverwas", "Ulla Elsewho"]), st.floats(0.2, 0.99), st.booleans(),
            ),
            max_size=25,
        ),
        limit=st.integers(1, 30),
        name=st.sampled_from(["Dario Neverwas", None]),
    )  # fmt: skip
    def test_nothing_leaks_and_what_may_not_be_shown_changes_nothing(
        self, cases: list[Any], limit: int, name: str | None
    ) -> None:
        asked = query(text=REPORT, subject_name=name)
        shelf, clean = Shelf(), Shelf()
        for number, (outcome, alert_id, days, summary, subject, similarity, alike) in enumerate(cases):
            changes: dict[str, Any] = {} if alike else UNLIKE
            case = precedent(
                number, outcome, alert_id=alert_id, decided_at=asked.before + timedelta(days=days), summary=summary,
                subject_name=subject, **changes,
            )  # fmt: skip
            shelf.add(case, similarity)
            if is_admissible(case, asked):
                clean.add(case, similarity)
                clean.vectors[case.precedent_id] = shelf.vectors[case.precedent_id]
        shown = shelf.rank(limit, asked)
        assert shown == clean.rank(limit, asked)
        assert len(shown) <= limit
        for match in shown:
            case = match.precedent
            assert case.alert_id.casefold() != "a-now"
            assert case.decided_at < asked.before
            assert match.similarity >= round(MIN_SIMILARITY, 4)
            assert case.summary == "Another matter altogether." or (name and case.subject_name != name)
        assert max(Counter(one.precedent.outcome for one in shown).values(), default=0) <= max(1, limit // 3)


class TestLikeness:
    def test_nothing_below_the_calibrated_similarity(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1), MIN_SIMILARITY + 0.01)
        shelf.add(precedent(2), MIN_SIMILARITY - 0.01)
        assert found(shelf.rank(9)) == {"D-1"}

    def test_without_a_shared_offence_it_takes_more(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, offences=(Offence.FRAUD,)), MIN_SIMILARITY + 0.01)
        shelf.add(precedent(2, offences=(Offence.FRAUD,)), MIN_SIMILARITY + 0.06)
        shelf.add(precedent(3, offences=(Offence.FRAUD,), subject_name="Dario Neverwas"), MIN_SIMILARITY + 0.01)
        assert found(shelf.rank(9)) == {"D-2", "D-3"}

    def test_a_case_with_nothing_in_common_is_noise_unless_it_is_the_same_subject(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, **UNLIKE), 0.9)
        shelf.add(precedent(2, **UNLIKE, subject_name="Dario Neverwas"), 0.5)
        assert found(shelf.rank(9)) == {"D-2"}

    @pytest.mark.parametrize("shared", [{"offences": (Offence.CORRUPTION,)}, {"stages": (Stage.CHARGED,)},
                                        {"role": Role.ACCUSED}])  # fmt: skip
    def test_one_shared_thing_is_enough(self, shared: dict[str, Any]) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, **(UNLIKE | shared)), 0.6)
        assert found(shelf.rank(3)) == {"D-1"}

    def test_a_decision_on_the_same_name_is_shown_before_nearer_texts(self) -> None:
        shelf = Shelf()
        of_outcome(MATERIAL, 1, 9, shelf)
        shelf.add(precedent(99, subject_name="Dario Neverwas", offences=(Offence.FRAUD,)), 0.5)
        assert "D-99" in found(shelf.rank(6))

    def test_a_shared_offence_goes_before_a_slightly_nearer_text(self) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, offences=(Offence.FRAUD,)), 0.71)
        shelf.add(precedent(2), 0.70)
        assert found(shelf.rank(3)) == {"D-2"}


class TestFusion:
    def test_reciprocal_ranks_are_summed(self) -> None:
        fused = fuse_ranks([["a", "b"], ["b", "c"]])
        assert fused == pytest.approx({"a": 1 / 61, "b": 1 / 62 + 1 / 61, "c": 1 / 62})

    def test_words_decide_between_texts_of_equal_meaning(self, tmp_path: Path) -> None:
        shelf = Shelf()
        shelf.add(precedent(1, summary="A dredging firm paid an official for permits."), 0.700)
        shelf.add(precedent(2, summary="Bribes went from Quillmoor Maritime to a port director."), 0.699)
        shelf.add(precedent(3, summary="A port director took bribes."), 0.698)
        asked = query(text="Quillmoor Maritime bribed a port director.", offences=())
        assert found(shelf.rank(3, asked)) == {"D-1"}
        shelf.index_words(tmp_path)
        (match,) = shelf.rank(3, asked)
        assert match.precedent.precedent_id == "D-2"
        assert (match.dense_rank, match.lexical_rank) == (2, 1)

    def test_a_case_that_only_its_words_find_has_its_own_similarity(self, tmp_path: Path) -> None:
        shelf = Shelf()
        of_outcome(MATERIAL, 1, 40, shelf, 0.95)
        shelf.add(precedent(99, summary="Quillmoor Maritime again.", subject_name="Dario Neverwas"), 0.4)
        shelf.index_words(tmp_path)
        shown = shelf.rank(6, query(text="Quillmoor Maritime bribed a port director."))
        (match,) = [one for one in shown if one.precedent.precedent_id == "D-99"]
        assert (match.dense_rank, match.lexical_rank, match.similarity) == (None, 1, 0.4)


class TestDiversity:
    def test_one_of_every_report_and_outcome(self) -> None:
        shelf = Shelf()
        for number, outcome in enumerate((MATERIAL, MATERIAL, MATERIAL, NOT_MATERIAL)):
            summary = REPORT if number else "(Agencies) " + REPORT[:230]
            shelf.add(precedent(number, outcome, summary=summary), 0.9 - number / 100)
        shelf.add(precedent(9, summary="Another matter altogether, of a customs officer."), 0.5)
        assert found(shelf.rank(9)) == {"D-0", "D-9", "D-3"}

    def test_a_case_like_one_shown_already_gives_way_to_another(self) -> None:
        shelf = Shelf()
        first = shelf.add(precedent(1), 0.80)
        shelf.add(precedent(2), 0.79, twin=first)
        shelf.add(precedent(3), 0.78)
        assert found(shelf.rank(6)) == {"D-1", "D-3"}


class TestOrder:
    def test_a_place_tells_no_outcome_even_where_nearness_does(self) -> None:
        """Material cases are always the nearest here; over many alerts they stand in every place alike."""
        shelf = Shelf()
        of_outcome(MATERIAL, 1, 2, shelf, 0.9)
        of_outcome(NOT_MATERIAL, 11, 2, shelf, 0.7)
        of_outcome(NOT_SUBJECT, 21, 2, shelf, 0.5)
        alerts = 600
        places: Counter[tuple[int, PrecedentOutcome]] = Counter()
        for number in range(alerts):
            shown = shelf.rank(6, query(exclude_alert_id=f"Q-{number}"))
            places.update((place, one.precedent.outcome) for place, one in enumerate(shown))
        for place in range(6):
            for outcome in PrecedentOutcome:
                assert places[place, outcome] / alerts == pytest.approx(1 / 3, abs=0.09)

    def test_the_same_question_gets_the_same_answer_however_the_index_lists_them(self) -> None:
        shelf = Shelf()
        of_outcome(MATERIAL, 1, 5, shelf)
        of_outcome(NOT_SUBJECT, 11, 5, shelf)
        first = shelf.rank(6)
        shelf.cases.reverse()
        assert shelf.rank(6) == first


def test_a_real_folder_of_words_takes_part_without_changing_what_may_be_shown() -> None:
    shelf = Shelf()
    of_outcome(MATERIAL, 1, 5, shelf)
    shelf.add(precedent(9, decided_at=moment(2030), summary=query().text), 0.99)
    with TemporaryDirectory() as folder:
        shelf.index_words(Path(folder))
        shown = shelf.rank(60)
    assert found(shown) == {f"D-{number}" for number in range(1, 6)}
    assert {one.lexical_rank for one in shown} == {1, 2, 3, 4, 5}
