"""The reference index on a real Chroma: who is found, which precedents, and never the alert itself or a later one."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.reference import PrecedentMatch, Profile
from agent.domain.taxonomy import NamePartRelation, PrecedentOutcome
from agent.errors import IndexMismatch, IndexUnavailable
from retrieval.build import build_references
from retrieval.embedding.embedder import Vectors
from retrieval.index import ReferenceIndex, open_index
from retrieval.names.matches import SHOWN_FROM, WEAK_AT_MOST
from retrieval.parts import NO_INDEX
from retrieval.precedents.ranking import is_admissible
from tests.contract.retrieval_examples import (
    MATERIAL,
    NOT_MATERIAL,
    NOT_SUBJECT,
    PROFILES,
    MemoryStore,
    current_folder,
    embedder,
    moment,
    precedent,
    query,
)

TRADES = """Dredging Lighting Paving Cleaning Catering Surveying Piloting Towing Painting Roofing Welding Fencing
    Printing Guarding Milling Brewing Mining Logging""".split()
CASES = tuple(
    precedent(
        number,
        NOT_SUBJECT if number < 13 else NOT_MATERIAL if number < 17 else MATERIAL,
        summary=f"Prosecutors charged an official of port {number} with taking bribes for a {trade.lower()} contract.",
    )
    for number, trade in enumerate(TRADES, start=1)
)


@contextmanager
def opened(root: Path, store: MemoryStore) -> Iterator[ReferenceIndex]:
    with open_index(root, embedder=embedder(), records=store) as index:
        yield index


def build(root: Path, store: MemoryStore, **options: Any) -> None:
    build_references(root, store, embedder(), **options)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferenceIndex]:
    root, store = tmp_path_factory.mktemp("index"), MemoryStore(PROFILES, CASES)
    build(root, store)
    with opened(root, store) as one:
        yield one


def outcomes(matches: list[PrecedentMatch]) -> Counter[PrecedentOutcome]:
    return Counter(match.precedent.outcome for match in matches)


def ids(matches: list[PrecedentMatch]) -> set[str]:
    return {match.precedent.precedent_id for match in matches}


def people(index: ReferenceIndex, *names: str, limit: int = 9) -> list[str]:
    return [match.profile.profile_id for match in index.find_profiles(names, limit)]


class TestProfilesByName:
    def test_a_profile_comes_back_whole_by_name_and_by_alias(self, index: ReferenceIndex) -> None:
        for name in ("ILONA VARGA TESTEROVA", "Илона Тестерова"):
            match = index.find_profiles([name], 5)[0]
            assert (match.profile, match.mention, match.route, match.weak) == (PROFILES[0], name, "name", False)
            assert match.score == 1.0
        assert index.find_profiles(["Илона Тестерова"], 5)[0].matched_name == "Илона Тестерова"

    def test_a_match_tells_the_name_part_by_part(self, index: ReferenceIndex) -> None:
        (match, _) = index.find_profiles(["Kerim Odelson"], 5)
        assert [(part.given, part.stated) for part in match.parts] == [("Karim", "Kerim"), ("Odelson", "Odelson")]
        assert match.parts[1].relation is NamePartRelation.SAME
        assert SHOWN_FROM < match.score < 1

    def test_two_people_of_one_name_are_both_returned_with_one_score(self, index: ReferenceIndex) -> None:
        found = index.find_profiles(["Karim Odelson"], 5)
        assert [match.profile.profile_id for match in found] == ["P-2", "P-3"]
        assert {match.score for match in found} == {1.0}

    @pytest.mark.parametrize("name", ["Somebody Else", "Tarik Odelson", "Karim Nilsson", "Odelson", "?", " "])
    def test_nobody_is_forced_on_a_name_that_is_not_theirs(self, index: ReferenceIndex, name: str) -> None:
        assert index.find_profiles([name], 5) == []

    def test_each_mention_has_its_own_matches_and_the_best_of_each_comes_first(self, index: ReferenceIndex) -> None:
        found = index.find_profiles(["Karim Odelson", "Northwater Shipping", "Kerim Odelson", "Karim Odelson"], 9)
        assert [(match.mention, match.profile.profile_id) for match in found] == [
            ("Karim Odelson", "P-2"),
            ("Northwater Shipping", "P-4"),
            ("Kerim Odelson", "P-2"),
            ("Karim Odelson", "P-3"),
            ("Kerim Odelson", "P-3"),
        ]
        assert people(index, "Karim Odelson", "Northwater Shipping", limit=2) == ["P-2", "P-4"]
        assert people(index, "Karim Odelson", limit=0) == people(index) == []

    def test_a_weak_alias_finds_its_profile_and_never_makes_the_names_the_same(self, tmp_path: Path) -> None:
        weak = Profile(profile_id="W-1", name="Teodor Maszkowski", weak_aliases=("Baron Samedik",))
        strong = Profile(profile_id="W-2", name="Anders Bruvoll", aliases=("Baron Samedik",))
        store = MemoryStore([weak, strong])
        build(tmp_path, store)
        with opened(tmp_path, store) as index:
            first, second = index.find_profiles(["Baron Samedik"], 5)
        assert (first.profile, first.weak, first.score) == (strong, False, 1.0)
        assert (second.profile, second.weak, second.score) == (weak, True, WEAK_AT_MOST)

    def test_many_namesakes_are_all_kept(self, tmp_path: Path) -> None:
        store = MemoryStore([Profile(profile_id=f"N-{n:02}", name="Karim Odelson") for n in range(35)])
        build(tmp_path, store, names_only=True)
        with opened(tmp_path, store) as index:
            assert people(index, "Karim Odelson", limit=99) == [f"N-{n:02}" for n in range(35)]

    def test_names_of_profiles_are_detected_in_a_text(self, index: ReferenceIndex) -> None:
        text = "In Oslo, KARIM ODELSON met a lawyer of Northwater Shipping Ltd. and Илона Тестерова."
        assert [name.lower().strip(".") for name in index.detect_names(text)] == [
            "karim odelson",
            "northwater shipping ltd",
            "илона тестерова",
        ]

    def test_what_the_store_no_longer_has_is_not_found(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES)
        build(tmp_path, store)
        store.remove_profiles("P-2")
        store.save(PROFILES[2].model_copy(update={"name": "Somebody Quite Else"}))
        with opened(tmp_path, store) as index:
            assert people(index, "Karim Odelson") == []
            assert "P-2" not in {match.profile.profile_id for match in index.search_profiles("fisherman, boat", 9)}


class TestProfilesByDescription:
    def test_it_is_a_route_of_its_own(self, index: ReferenceIndex) -> None:
        found = index.search_profiles("governor of the central bank, Sweden", 2)
        assert found[0].profile.profile_id == "P-3"
        assert ({match.route for match in found}, found[0].mention) == ({"description"}, "")
        assert index.search_profiles("  ", 2) == index.search_profiles("x", 0) == []

    def test_what_is_unlike_is_not_shown(self, index: ReferenceIndex) -> None:
        assert index.search_profiles("zzz qqq plum dumplings", 5) == []


class TestPrecedents:
    def test_each_outcome_gives_the_same_number_as_far_as_it_has_them(self, index: ReferenceIndex) -> None:
        assert outcomes(index.find_precedents(query(), 9)) == {NOT_SUBJECT: 3, NOT_MATERIAL: 3, MATERIAL: 2}
        assert outcomes(index.find_precedents(query(), 3)) == {NOT_SUBJECT: 1, NOT_MATERIAL: 1, MATERIAL: 1}

    @pytest.mark.parametrize("limit", [-1, 0, 1, 2, 3, 5, 6, 100])
    def test_never_more_than_asked_for(self, index: ReferenceIndex, limit: int) -> None:
        assert len(index.find_precedents(query(), limit)) <= max(0, limit)

    def test_a_record_comes_back_whole_and_says_which_search_found_it(self, index: ReferenceIndex) -> None:
        found = index.find_precedents(query(), 60)
        assert {match.precedent.precedent_id: match.precedent for match in found}.items() <= {
            case.precedent_id: case for case in CASES
        }.items()
        assert all(match.dense_rank and 0.35 <= match.similarity <= 1 for match in found)
        assert any(match.lexical_rank for match in found)

    def test_the_same_question_gets_the_same_answer(self, index: ReferenceIndex) -> None:
        assert index.find_precedents(query(), 9) == index.find_precedents(query(), 9) != []

    def test_the_base_rate_is_told(self, index: ReferenceIndex) -> None:
        assert index.outcome_counts() == {NOT_SUBJECT: 12, NOT_MATERIAL: 4, MATERIAL: 2}

    def test_never_the_alert_itself_under_any_id(self, index: ReferenceIndex) -> None:
        own = CASES[16]
        asked: dict[str, Any] = {"text": own.summary, "subject_name": own.subject_name}
        assert "D-17" not in ids(index.find_precedents(query(**asked, exclude_alert_id="a-17"), 60))
        assert "D-17" not in ids(index.find_precedents(query(**asked), 60))
        assert "D-17" in ids(index.find_precedents(query(), 60))

    def test_the_boundary_is_the_moment_itself(self, index: ReferenceIndex) -> None:
        decided = CASES[16].decided_at
        assert "D-17" not in ids(index.find_precedents(query(before=decided), 60))
        assert "D-17" in ids(index.find_precedents(query(before=decided + timedelta(microseconds=1)), 60))

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
        assert all(is_admissible(match.precedent, asked) for match in found)
        assert all(number <= max(1, limit // 3) for number in outcomes(found).values())

    def test_a_removed_precedent_never_comes_out_of_a_stale_index(self, tmp_path: Path) -> None:
        store = MemoryStore((), CASES)
        build(tmp_path, store)
        with opened(tmp_path, store) as index:
            assert "D-17" in ids(index.find_precedents(query(), 60))
            store.remove_precedents("D-17")
            assert "D-17" not in ids(index.find_precedents(query(), 60)) != set()
            store.save(CASES[17].model_copy(update={"outcome": NOT_SUBJECT}))
            assert outcomes(index.find_precedents(query(), 60))[MATERIAL] == 0

    def test_it_comes_back_after_it_was_decided_anew(self, tmp_path: Path) -> None:
        store = MemoryStore((), CASES)
        store.remove_precedents("D-17")
        build(tmp_path, store)
        store.save(CASES[16])
        build(tmp_path, store)
        with opened(tmp_path, store) as index:
            assert "D-17" in ids(index.find_precedents(query(), 60))


class _Other:
    """Another embedder of the same dimension."""

    model_id = "other-model"
    dimension = 384
    fingerprint = "sha256:" + "0" * 64

    def embed(self, texts: Any) -> Vectors:
        return embedder().embed(texts)


class TestNotes:
    def test_no_index_finds_nothing_and_says_what_to_run(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        for root in (tmp_path, tmp_path / "absent"):
            with opened(root, store) as index:
                assert index.notes == (NO_INDEX,) == ("No reference index yet: run `triage index build`.",)
                assert index.find_profiles(["Karim Odelson"], 5) == index.search_profiles("x", 5) == []
                assert (index.find_precedents(query(), 5), index.outcome_counts()) == ([], {})
                assert index.detect_names("Karim Odelson") == []
        assert not (tmp_path / "absent").exists()

    def test_an_index_as_new_as_the_store_needs_no_note(self, index: ReferenceIndex) -> None:
        assert index.notes == ()

    def test_an_empty_index_finds_nothing_and_says_so(self, tmp_path: Path) -> None:
        store = MemoryStore()
        build(tmp_path, store)
        with opened(tmp_path, store) as index:
            assert index.notes == ("The reference index holds no profiles.", "The reference index holds no precedents.")
            assert index.find_profiles(["Karim Odelson"], 5) == index.search_profiles("x", 5) == []
            assert index.find_precedents(query(), 5) == []

    def test_names_alone_are_searched_and_the_rest_is_said_to_be_missing(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        build(tmp_path, store, names_only=True)
        with opened(tmp_path, store) as index:
            assert people(index, "Karim Odelson") == ["P-2", "P-3"]
            assert index.search_profiles("fisherman", 5) == []
            assert index.find_precedents(query(), 5) == []
            assert index.notes == (
                "Profiles are not searchable by description yet: run `triage index build`.",
                "No precedent can be found yet: run `triage index build`.",
                "Precedents are not searchable by their words yet: run `triage index build`.",
            )

    def test_each_part_older_than_the_store_is_named_with_both_counters(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        build(tmp_path, store)
        store.save(PROFILES[0])
        with opened(tmp_path, store) as index:
            assert index.notes == (
                "The name index reflects generation 1 of the profiles, the store is at 2: run `triage index build`.",
                "The index of profile descriptions reflects generation 1 of the profiles, the store is at 2: run "
                "`triage index build`.",
            )
            assert people(index, "Karim Odelson")


class TestOpening:
    def test_another_embedder_is_refused_with_both_names_and_the_command_and_names_go_on(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        build(tmp_path, store)
        other = _Other()
        with open_index(tmp_path, embedder=other, records=store) as index:
            for search in (lambda: index.search_profiles("x", 5), lambda: index.find_precedents(query(), 5)):
                with pytest.raises(
                    IndexMismatch, match=r"embedder all-MiniLM.*, not other-model\. Run `triage index build`\."
                ):
                    search()
            assert people(index, "Karim Odelson") == ["P-2", "P-3"]
            other.model_id = embedder().model_id
            with pytest.raises(IndexMismatch, match=rf"fingerprint {embedder().fingerprint} .* {other.fingerprint} "):
                index.search_profiles("x", 5)
            other.dimension = 768
            with pytest.raises(IndexMismatch, match=r"dimension 384 .* not 768"):
                index.search_profiles("x", 5)
        with opened(tmp_path, store) as index:  # a refusal holds no lock
            assert index.search_profiles("fisherman", 5)

    def test_another_schema_version_is_refused(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES)
        build(tmp_path, store)
        manifest = current_folder(tmp_path / "profiles") / "manifest.json"
        manifest.write_text(manifest.read_text().replace('"schema_version": 2', '"schema_version": 99'))
        with opened(tmp_path, store) as index, pytest.raises(IndexMismatch, match="schema version 99"):
            index.search_profiles("x", 5)

    def test_chroma_is_opened_when_first_searched_and_names_never_need_it(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        build(tmp_path, store)
        with opened(tmp_path, store) as first, opened(tmp_path, store) as second:
            assert people(first, "Karim Odelson") == people(second, "Karim Odelson") == ["P-2", "P-3"]
            assert first.search_profiles("fisherman", 5)
            with pytest.raises(IndexUnavailable, match=rf"already open \(pid {os.getpid()}\)\. .*TRIAGE_CHROMA=shared"):
                second.search_profiles("fisherman", 5)
            assert second.find_precedents(query(), 5)  # the other shelf is free
            assert people(second, "Karim Odelson")
            first.close()
            assert second.search_profiles("fisherman", 5)

    def test_closing_twice_is_closing_once(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES)
        build(tmp_path, store)
        with opened(tmp_path, store) as index:
            assert index.search_profiles("fisherman", 5)
            index.close()
            index.close()
        with opened(tmp_path, store) as index:
            assert index.search_profiles("fisherman", 5)


class TestLongLivedReader:
    def test_it_sees_a_new_build_at_the_next_search(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        build(tmp_path, store)
        with opened(tmp_path, store) as index:
            assert index.search_profiles("keeper of a lighthouse", 5) == []
            assert people(index, "Rosa Quill") == []
            assert "D-99" not in ids(index.find_precedents(query(), 60))
            store.save(
                Profile(profile_id="P-9", name="Rosa Quill", positions=("Lighthouse keeper",)),
                precedent(99, MATERIAL, summary="A port director took bribes from a builder of cranes, it is charged."),
            )
            build(tmp_path, store)
            assert index.notes == ()
            assert index.search_profiles("keeper of a lighthouse", 5)[0].profile.profile_id == "P-9"
            assert people(index, "Rosa Quill") == ["P-9"]
            assert "D-99" in ids(index.find_precedents(query(), 60))

    def test_it_goes_on_with_the_old_build_while_another_process_holds_the_new_one(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES)
        build(tmp_path, store)
        with opened(tmp_path, store) as old, opened(tmp_path, store) as new:
            assert old.search_profiles("fisherman", 5)
            build(tmp_path, store, force=True)
            assert new.search_profiles("fisherman", 5)
            assert old.search_profiles("fisherman", 5)

    def test_the_swap_is_whole_for_readers_that_search_all_the_while(self, tmp_path: Path) -> None:
        """Every answer is of one build: both of the profiles that change together, or neither."""
        pair = [Profile(profile_id=f"B-{n}", name=f"Rosa Quill{n}a", positions=("Lighthouse keeper",)) for n in (1, 2)]
        store = MemoryStore([*PROFILES, *pair])
        build(tmp_path, store)
        seen: list[frozenset[str]] = []
        faults: list[Exception] = []
        done = threading.Event()

        def search(index: ReferenceIndex) -> None:
            try:
                while not done.is_set():
                    near = index.search_profiles("keeper of a lighthouse", 9)
                    seen.append(frozenset(match.profile.profile_id for match in near))
            except Exception as error:  # noqa: BLE001 told by the test's own thread
                faults.append(error)

        snapshot = MemoryStore([*PROFILES, *pair])  # what is removed later can still be shown here
        with opened(tmp_path, snapshot) as index:
            readers = [threading.Thread(target=search, args=(index,)) for _ in range(2)]
            for reader in readers:
                reader.start()
            for _ in range(4):
                store.remove_profiles("B-1", "B-2")
                build(tmp_path, store)
                store.save(*pair)
                build(tmp_path, store)
            done.set()
            for reader in readers:
                reader.join()
        assert faults == []
        assert set(seen) <= {frozenset({"B-1", "B-2"}), frozenset()}
        assert len(set(seen)) == 2


def test_hostile_text_goes_in_and_comes_back(tmp_path: Path) -> None:
    nasty = "\x00\x1b[31m\u202e\u200b<script>' OR 1=1 --\n\U000e0041 \ufffe"
    profile = Profile(profile_id="x\u202e", name="Karim Odelson", notes=nasty * 50)
    case = precedent(1, summary=nasty * 50 + " bribes in a port", rationale=nasty)
    store = MemoryStore([profile], [case])
    build(tmp_path, store)
    with opened(tmp_path, store) as index:
        assert index.find_profiles(["Karim Odelson"], 5)[0].profile == profile
        assert [match.precedent for match in index.find_precedents(query(), 5)] in ([case], [])
