"""The reference index on a real Chroma: who is found, which precedents, and never the alert itself or a later one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.reference import Precedent, PrecedentMatch, Profile
from agent.domain.taxonomy import Offence, PrecedentOutcome, Role, SourceKind, Stage
from agent.errors import IndexMismatch, IndexUnavailable
from retrieval.chroma import NO_INDEX, ReferenceIndex, open_index
from retrieval.embedder import Vectors
from retrieval.ingest import build_index
from retrieval.ranking import MIN_SIMILARITY, compare_case, is_admissible
from tests.contract.retrieval_examples import (
    MATERIAL,
    NOT_MATERIAL,
    NOT_SUBJECT,
    PROFILES,
    current_folder,
    embedder,
    moment,
    precedent,
    query,
)

CASES = (
    *(precedent(number, NOT_SUBJECT) for number in range(1, 13)),
    *(precedent(number, NOT_MATERIAL) for number in range(13, 17)),
    precedent(17, MATERIAL),
    precedent(
        18, MATERIAL, offences=(), stages=(), summary="A recipe for plum dumplings.", role=Role.UNDETERMINED,
        source_kind=SourceKind.UNKNOWN, subject_name="Plum",
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceIndex]:
    root = tmp_path_factory.mktemp("index")
    build_index(root, PROFILES, CASES, embedder(), generation=3)
    with open_index(root, embedder(), generation=3) as opened:
        yield opened


def outcomes(matches: list[PrecedentMatch]) -> Counter[PrecedentOutcome]:
    return Counter(match.precedent.outcome for match in matches)


class TestProfiles:
    def test_a_profile_comes_back_whole_by_name_and_by_alias(self, index: ReferenceIndex) -> None:
        for name in ("ILONA VARGA TESTEROVA", "Илона Тестерова"):
            (match,) = index.find_profiles([name], "", 5)
            assert match.profile == PROFILES[0]
            assert (match.route, match.score) == ("name", 1.0)
        assert index.find_profiles(["Илона Тестерова"], "", 5)[0].matched_name == "Илона Тестерова"

    @pytest.mark.parametrize(
        ("description", "first"),
        [("a fisherman with a boat", "P-2"), ("head of the Swedish central bank, monetary policy", "P-3"), ("", "P-2")],
    )
    def test_namesakes_are_both_returned_the_description_only_orders(
        self, index: ReferenceIndex, description: str, first: str
    ) -> None:
        found = index.find_profiles(["Karim Odelson"], description, 5)
        assert {match.profile.profile_id for match in found} == {"P-2", "P-3"}
        assert found[0].profile.profile_id == first

    def test_a_description_never_finds_what_the_name_does_not(self, index: ReferenceIndex) -> None:
        assert index.find_profiles(["Somebody Else"], "central bank governor of Sweden", 5) == []
        assert index.find_profiles([], "central bank governor of Sweden", 5) == []

    def test_a_shared_name_does_not_crowd_out_the_next_one(self, index: ReferenceIndex) -> None:
        found = index.find_profiles(["Karim Odelson", "Northwater Shipping", "Karim Odelson"], "", 2)
        assert [match.profile.profile_id for match in found] == ["P-2", "P-4"]

    def test_descriptive_search_is_a_route_of_its_own(self, index: ReferenceIndex) -> None:
        found = index.search_profiles("governor of the central bank, Sweden", 2)
        assert found[0].profile.profile_id == "P-3"
        assert {match.route for match in found} == {"description"}
        assert index.search_profiles("  ", 2) == index.search_profiles("x", 0) == []


class TestPrecedents:
    def test_each_outcome_gives_the_same_number_as_far_as_it_has_them(self, index: ReferenceIndex) -> None:
        assert outcomes(index.find_precedents(query(), 6)) == {NOT_SUBJECT: 2, NOT_MATERIAL: 2, MATERIAL: 1}
        assert outcomes(index.find_precedents(query(), 3)) == {NOT_SUBJECT: 1, NOT_MATERIAL: 1, MATERIAL: 1}

    @pytest.mark.parametrize("limit", [-1, 0, 1, 2, 3, 5, 6, 100])
    def test_never_more_than_asked_for(self, index: ReferenceIndex, limit: int) -> None:
        assert len(index.find_precedents(query(), limit)) <= max(0, limit)

    def test_nearest_first_and_nothing_that_is_unlike(self, index: ReferenceIndex) -> None:
        found = index.find_precedents(query(), 30)
        similarities = [match.similarity for match in found]
        assert similarities == sorted(similarities, reverse=True)
        assert min(similarities) >= MIN_SIMILARITY
        assert "D-18" not in {match.precedent.precedent_id for match in found}
        unlike = {"text": "zzz qqq", "subject_name": None, "offences": (), "stages": ()}
        unknown = {"role": Role.UNDETERMINED, "source_kind": SourceKind.UNKNOWN}
        assert index.find_precedents(query(**unlike, **unknown), 30) == []

    def test_a_record_comes_back_whole(self, index: ReferenceIndex) -> None:
        found = {match.precedent.precedent_id: match.precedent for match in index.find_precedents(query(), 60)}
        assert all(found[case.precedent_id] == case for case in CASES if case.precedent_id in found)
        assert len(found) == 17

    def test_the_same_question_gets_the_same_answer(self, index: ReferenceIndex) -> None:
        assert index.find_precedents(query(), 9) == index.find_precedents(query(), 9)

    def test_never_the_alert_itself_under_any_id(self, index: ReferenceIndex) -> None:
        own = CASES[16]
        asked: dict[str, Any] = {"text": own.summary, "subject_name": own.subject_name}
        seen = {
            match.precedent.precedent_id for match in index.find_precedents(query(**asked, exclude_alert_id="a-17"), 60)
        }
        assert len(seen) == 16
        assert "D-17" not in seen
        seen = {match.precedent.precedent_id for match in index.find_precedents(query(**asked), 60)}
        assert "D-17" not in seen
        asked["subject_name"] = None
        assert "D-17" not in {match.precedent.precedent_id for match in index.find_precedents(query(**asked), 60)}

    def test_the_boundary_is_the_moment_itself(self, index: ReferenceIndex) -> None:
        decided = CASES[16].decided_at
        at = {match.precedent.precedent_id for match in index.find_precedents(query(before=decided), 60)}
        after = index.find_precedents(query(before=decided + timedelta(microseconds=1)), 60)
        assert "D-17" not in at
        assert "D-17" in {match.precedent.precedent_id for match in after}

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        exclude=st.sampled_from([case.alert_id for case in CASES]),
        days=st.integers(0, 40),
        limit=st.integers(1, 40),
        text=st.sampled_from([case.summary for case in CASES] + ["bribes in a port"]),
    )
    def test_nothing_leaks_whatever_is_asked(
        self, index: ReferenceIndex, exclude: str, days: int, limit: int, text: str
    ) -> None:
        asked = query(exclude_alert_id=exclude, before=moment(2020) + timedelta(days=days), text=text)
        found = index.find_precedents(asked, limit)
        for match in found:
            assert match.precedent.alert_id != exclude
            assert match.precedent.decided_at < asked.before
            assert match.precedent.summary != asked.text or match.precedent.subject_name != asked.subject_name
        share = max(1, limit // 3)
        for outcome, number in outcomes(found).items():
            left = [case for case in CASES if case.outcome is outcome and is_admissible(case, asked)]
            assert number <= min(share, len(left))


def test_earlier_cases_are_found_behind_many_later_ones(tmp_path: Path) -> None:
    """Twenty nearer cases were decided later: what is fetched at first holds none that may be shown."""
    later = [precedent(n, decided_at=moment(2025), summary=query().text + f" {n}") for n in range(100, 130)]
    earlier = precedent(1, decided_at=moment(2019))
    build_index(tmp_path, [], [*later, earlier], embedder(), generation=1)
    with open_index(tmp_path, embedder()) as index:
        assert [match.precedent.precedent_id for match in index.find_precedents(query(), 3)] == ["D-1"]


class TestComparison:
    def test_what_is_alike_and_what_differs_in_words(self) -> None:
        case = precedent(
            1, offences=(Offence.CORRUPTION, Offence.TAX_CRIME), stages=(Stage.CONVICTED,), role=Role.OFFENDER
        )
        match = compare_case(case, query(offences=(Offence.CORRUPTION, Offence.FRAUD), before=moment(2024)), 0.51234567)
        assert match.similarity == 0.5123
        assert match.alike == ("offence: corruption", "source: news report")
        assert match.differs == (
            "another subject",
            "offence: tax crime only there; fraud only here",
            "stage: convicted only there; charged only here",
            "role: offender there, accused here",
            "jurisdiction: PT there, ES here",
            "decided 3 years before",
        )

    def test_what_is_unknown_is_not_compared(self) -> None:
        bare = query(subject_name=None, offences=(), stages=(Stage.UNDETERMINED,), role=Role.UNDETERMINED,
                     jurisdiction=None, source_kind=SourceKind.UNKNOWN, before=moment(2020, 6))  # fmt: skip
        match = compare_case(precedent(1), bare, 0.5)
        assert (match.alike, match.differs) == (("decided within the year before",), ())

    def test_every_offence_and_stage_at_once_still_fits(self) -> None:
        case = precedent(1, offences=tuple(Offence), stages=tuple(Stage))
        match = compare_case(case, query(offences=(Offence.FRAUD,)), 0.5)
        assert all(len(words) <= 200 for words in (*match.alike, *match.differs))


class _Other:
    """Another embedder of the same dimension."""

    model_id = "other-model"
    dimension = 384
    fingerprint = "sha256:" + "0" * 64

    def embed(self, texts: Any) -> Vectors:
        return embedder().embed(texts)


class TestOpening:
    def test_no_index_finds_nothing_and_says_what_to_run(self, tmp_path: Path) -> None:
        for root in (tmp_path, tmp_path / "absent"):
            with open_index(root, embedder()) as index:
                assert index.notes == (NO_INDEX,) == ("No reference index yet: run `triage index build`.",)
                assert index.manifest is None
                assert index.find_profiles(["Karim Odelson"], "x", 5) == index.search_profiles("x", 5) == []
                assert index.find_precedents(query(), 5) == []

    def test_an_empty_index_finds_nothing_and_says_so(self, tmp_path: Path) -> None:
        build_index(tmp_path, [], [], embedder(), generation=0)
        with open_index(tmp_path, embedder(), generation=0) as index:
            assert index.notes == ("The reference index holds no profiles.", "The reference index holds no precedents.")
            assert index.find_profiles(["Karim Odelson"], "x", 5) == index.search_profiles("x", 5) == []
            assert index.find_precedents(query(), 5) == []

    def test_a_build_older_than_the_store_is_used_with_a_note(self, tmp_path: Path) -> None:
        build_index(tmp_path, PROFILES, CASES[:1], embedder(), generation=3)
        with open_index(tmp_path, embedder(), generation=5) as index:
            (note,) = index.notes
            assert "generation 3" in note
            assert "at 5: run `triage index build`." in note
            assert index.find_profiles(["Karim Odelson"], "", 5)

    def test_another_embedder_is_refused_with_both_names_and_the_command(self, tmp_path: Path) -> None:
        build_index(tmp_path, PROFILES, [], embedder(), generation=1)
        with pytest.raises(IndexMismatch, match=r"embedder all-MiniLM.* not other-model\. Run `triage index build`"):
            open_index(tmp_path, _Other())
        other = _Other()
        other.model_id = embedder().model_id
        with pytest.raises(IndexMismatch, match=rf"fingerprint {embedder().fingerprint}, not {other.fingerprint}"):
            open_index(tmp_path, other)
        other.dimension = 768
        with pytest.raises(IndexMismatch, match="dimension 384, not 768"):
            open_index(tmp_path, other)
        open_index(tmp_path, embedder()).close()  # a refusal holds no lock

    def test_another_schema_version_is_refused(self, tmp_path: Path) -> None:
        build_index(tmp_path, PROFILES, [], embedder(), generation=1)
        manifest = current_folder(tmp_path) / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"schema_version": 1', '"schema_version": 99'))
        with pytest.raises(IndexMismatch, match="schema version 99, not 1"):
            open_index(tmp_path, embedder())

    def test_after_close_nothing_is_found_and_others_may_open(self, tmp_path: Path) -> None:
        build_index(tmp_path, PROFILES, [], embedder(), generation=1)
        first = open_index(tmp_path, embedder())
        with pytest.raises(IndexUnavailable, match="already open"):
            open_index(tmp_path, embedder())
        first.close()
        first.close()
        assert first.find_profiles(["Karim Odelson"], "", 5) == []
        open_index(tmp_path, embedder()).close()


def test_hostile_text_goes_in_and_comes_back(tmp_path: Path) -> None:
    nasty = "\x00\x1b[31m\u202e\u200b<script>' OR 1=1 --\n\U000e0041 \ufffe"
    profile = Profile(profile_id="x\u202e", name="Karim Odelson", notes=nasty * 50)
    case = precedent(1, summary=nasty * 50 + " bribes in a port", rationale=nasty)
    build_index(tmp_path, [profile], [case], embedder(), generation=1)
    with open_index(tmp_path, embedder()) as index:
        assert index.find_profiles(["Karim Odelson"], nasty, 5)[0].profile == profile
        found: list[Precedent] = [match.precedent for match in index.find_precedents(query(), 5)]
        assert found in ([case], [])
