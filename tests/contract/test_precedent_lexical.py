"""The word index of precedents: plain text in, the best of one outcome out, and damage is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.domain.taxonomy import PrecedentOutcome
from agent.errors import IndexUnavailable
from retrieval.documents import describe_precedent
from retrieval.precedents.lexical import LexicalIndex
from tests.contract.retrieval_examples import MATERIAL, NOT_MATERIAL, NOT_SUBJECT, precedent

Entry = tuple[str, str, PrecedentOutcome]

ENTRIES: list[Entry] = [
    ("D-1", "Subject: Odo Fenwright. The treasurer of Kestrel Dredging paid bribes for a harbour contract.", MATERIAL),
    ("D-2", "Subject: Mila Torvane. A notary forged deeds of farmland.", MATERIAL),
    ("D-3", "Subject: Odo Fenwright. An angler of that name won a prize in the harbour.", NOT_SUBJECT),
    ("D-4", "Subject: Pia Sandoval. The harbour board opened a new quay.", NOT_MATERIAL),
    ("D-5", "Субъект: Ольга Примерова. Суд оштрафовал бухгалтера порта.", MATERIAL),
]
HOSTILE = (
    "", "   ", "\x00", "\ud800", 'outcome:material OR "', "+-&&||!(){}[]^~*?:\\/", "text:(bribe~2 AND *", "id:D-4",
    "the of and", "💥" * 500, "a" * 100_000, "harbour " * 20_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("words") / "lexical"
    assert LexicalIndex.build(folder, ENTRIES) == len(ENTRIES)
    return LexicalIndex.open(folder)


def ids(rows: list[tuple[str, float]]) -> list[str]:
    return [one for one, _ in rows]


class TestSearching:
    def test_the_best_of_one_outcome_come_first(self, index: LexicalIndex) -> None:
        assert ids(index.search("a bribe paid in the harbours for dredging", MATERIAL, 5)) == ["D-1"]
        assert ids(index.search("harbour", NOT_SUBJECT, 5)) == ["D-3"]
        assert ids(index.search("harbour", NOT_MATERIAL, 5)) == ["D-4"]
        assert ids(index.search("forged deeds, a bribe: Torvane", MATERIAL, 5)) == ["D-2", "D-1"]

    def test_a_name_is_found_without_case_and_accents_in_any_script(self, index: LexicalIndex) -> None:
        assert ids(index.search("FÉNWRIGHT", MATERIAL, 5)) == ["D-1"]
        assert ids(index.search("ПРИМЕРОВА", MATERIAL, 5)) == ["D-5"]

    def test_words_that_everything_has_find_nothing(self, index: LexicalIndex) -> None:
        assert index.search("the of that in a", MATERIAL, 5) == []

    def test_an_outcome_does_not_add_to_a_score(self, tmp_path: Path) -> None:
        rare = [("D-1", "bribery in a port", MATERIAL)]
        LexicalIndex.build(
            tmp_path, rare + [(f"N-{number}", "bribery in a port", NOT_MATERIAL) for number in range(50)]
        )
        index = LexicalIndex.open(tmp_path)
        assert index.search("port", MATERIAL, 1)[0][1] == index.search("port", NOT_MATERIAL, 1)[0][1]

    @pytest.mark.parametrize("limit", [-1, 0, 1, 2])
    def test_never_more_than_asked_for(self, index: LexicalIndex, limit: int) -> None:
        assert len(index.search("bribe deeds", MATERIAL, limit)) <= max(0, limit)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_hostile_text_is_only_words(self, index: LexicalIndex, text: str) -> None:
        for outcome in PrecedentOutcome:
            found = ids(index.search(text, outcome, 5))
            assert set(found) <= {one for one, _, ended in ENTRIES if ended is outcome}
        assert "D-2" not in ids(index.search(text, MATERIAL, 5))

    @settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(), outcome=st.sampled_from(PrecedentOutcome))
    def test_any_text_is_answered_with_that_outcome_alone(
        self, index: LexicalIndex, text: str, outcome: PrecedentOutcome
    ) -> None:
        rows = index.search(text, outcome, 10)
        assert set(ids(rows)) <= {one for one, _, ended in ENTRIES if ended is outcome}
        assert [score for _, score in rows] == sorted((score for _, score in rows), reverse=True)


class TestBuilding:
    def test_equal_scores_fall_by_id_whatever_the_order_of_entries(self, tmp_path: Path) -> None:
        entries: list[Entry] = [(f"D-{number:03}", "bribery in a port", MATERIAL) for number in range(300)]
        LexicalIndex.build(tmp_path / "forward", entries)
        LexicalIndex.build(tmp_path / "back", reversed(entries))
        first = LexicalIndex.open(tmp_path / "forward").search("port", MATERIAL, 7)
        assert ids(first) == [f"D-{number:03}" for number in range(7)]
        assert LexicalIndex.open(tmp_path / "back").search("port", MATERIAL, 7) == first

    def test_an_empty_index_finds_nothing(self, tmp_path: Path) -> None:
        assert LexicalIndex.build(tmp_path, []) == 0
        index = LexicalIndex.open(tmp_path)
        assert (len(index), index.search("bribe", MATERIAL, 5)) == (0, [])

    def test_how_a_precedent_ended_is_no_word_of_it(self, tmp_path: Path) -> None:
        case = precedent(1, rationale="Zanzibar.", reason_code="quixotic", outcome=MATERIAL)
        LexicalIndex.build(tmp_path, [(case.precedent_id, describe_precedent(case), case.outcome)])
        index = LexicalIndex.open(tmp_path)
        assert index.search("material zanzibar quixotic Berta Ana", MATERIAL, 5) == []
        assert ids(index.search(case.subject_name, MATERIAL, 5)) == ["D-1"]

    def test_two_readers_may_have_it_open(self, tmp_path: Path) -> None:
        LexicalIndex.build(tmp_path, ENTRIES)
        one, other = LexicalIndex.open(tmp_path), LexicalIndex.open(tmp_path)
        assert one.search("harbour", MATERIAL, 5) == other.search("harbour", MATERIAL, 5) != []


class TestDamage:
    def test_a_missing_folder_is_said(self, tmp_path: Path) -> None:
        with pytest.raises(IndexUnavailable, match=r"damaged.*Run `triage index build`\."):
            LexicalIndex.open(tmp_path / "absent")
        with pytest.raises(IndexUnavailable, match=r"Run `triage index build`\."):
            LexicalIndex.open(tmp_path)

    @pytest.mark.parametrize("harm", ["gone", "empty", "flipped"])
    def test_every_file_is_needed_whole(self, tmp_path: Path, harm: str) -> None:
        LexicalIndex.build(tmp_path, ENTRIES)
        files = [path for path in tmp_path.iterdir() if path.suffix != ".lock"]
        assert len(files) > 5
        for path in files:
            intact = path.read_bytes()
            if harm == "gone":
                path.unlink()
            else:
                path.write_bytes(b"" if harm == "empty" else _flip_middle(intact))
            with pytest.raises(IndexUnavailable, match=r"damaged.*Run `triage index build`\."):
                LexicalIndex.open(tmp_path)
            path.write_bytes(intact)
        assert len(LexicalIndex.open(tmp_path)) == len(ENTRIES)


def _flip_middle(raw: bytes) -> bytes:
    middle = len(raw) // 2
    return raw[:middle] + bytes([raw[middle] ^ 1]) + raw[middle + 1 :]
