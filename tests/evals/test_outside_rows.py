"""Outside rows become cases with partial gold, parts stay apart, and no complaint repeats a row's words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.taxonomy import Offence, Role, Stage
from evals.cases.case import Shape, Split
from evals.cases.gold import Gold, Truth
from evals.cases.outside.adverse_media import ArticleRow, draw_articles
from evals.cases.outside.injections import carry_texts, choose_carriers
from evals.cases.outside.muc4 import ReportRow, capitalise, count_common_words, draw_reports, name_parties
from evals.cases.outside.press_releases import draw_releases
from evals.cases.outside.rows import SPLITS, OutsideInvalid, draw, read_rows, split_of, subject_key
from tests.evals.outside_rows import (
    CHARGED,
    article_row,
    plant_row,
    release_row,
    report_row,
    write_folder,
    write_rows,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_folder(tmp_path)


def test_articles_are_cases_whose_label_is_their_truth_and_nothing_else(folder: Path) -> None:
    cases = [case for split in SPLITS for case in draw_articles(folder, split, None).cases]
    assert len(cases) == 14
    for case in cases:
        assert case.entry.shape is Shape.OUTSIDE
        assert case.gold == Gold()
        adverse = "charged" in case.alert.article.text
        assert case.truth is (Truth.ESCALATE if adverse else Truth.CLOSE)
        assert case.alert.received_at is not None
        assert case.alert.received_at.date().isoformat() == case.alert.article.published_at


def test_only_checked_labels_are_scored(folder: Path) -> None:
    rows = [
        article_row(0, label_basis="file_only"),
        article_row(1, label="doubtful"),
        article_row(2, label_basis="public_test"),
    ]
    write_rows(folder / "adverse_media_articles.jsonl", rows)
    drawn = [draw_articles(folder, split, None) for split in SPLITS]
    assert [case.id for one in drawn for case in one.cases] == ["art-0002"]
    assert all(2 in one.left_out.values() for one in drawn)


def test_a_subject_stands_in_one_part_however_it_is_spelt(folder: Path) -> None:
    spellings = ["Torvik Holding AG", "Torvik, Holding", "TORVIK", "Tórvik’s Group"]
    rows = [
        article_row(number, entity_name=name, text=CHARGED.format(name=name, number=number))
        for number, name in enumerate(spellings)
    ]
    write_rows(folder / "adverse_media_articles.jsonl", rows)
    sizes = {split: draw_articles(folder, split, None) for split in SPLITS}
    assert sorted(len(one.cases) for one in sizes.values()) == [0, 4]
    assert len({case.subject for one in sizes.values() for case in one.cases}) == 1


def test_a_copy_of_a_text_of_the_other_part_is_left_out_and_counted(folder: Path) -> None:
    by_split = {split: next(n for n in range(50) if split_of(f"rel-{n:04}") is split) for split in SPLITS}
    lead = "Ida Torvik was charged today with fraud in Halden."
    write_rows(folder / "doj_opa_fraud_leads.jsonl", [release_row(n, lead=lead) for n in by_split.values()])
    drawn = draw_releases(folder, Split.HOLDOUT, None)
    assert drawn.cases == ()
    assert drawn.left_out["a copy stands in the other part"] == 1


@given(st.lists(st.text(min_size=1), unique=True), st.integers(1, 20))
def test_a_smaller_draw_lies_within_a_larger(keys: list[str], limit: int) -> None:
    assert set(draw(keys, limit, str)) <= set(draw(keys, limit + 1, str)) <= set(keys)
    assert len(draw(keys, limit, str)) == min(limit, len(keys))


@given(st.lists(st.from_regex(r"[a-zà-öø-þ]{1,8}", fullmatch=True), min_size=1, max_size=4))
def test_a_subjects_key_minds_neither_order_nor_capitals(words: list[str]) -> None:
    key = subject_key(" ".join(words))
    assert key == subject_key(" ".join(reversed(words)).title())
    assert split_of(key) in SPLITS


def test_a_release_has_the_headlines_event_and_not_the_headline(folder: Path) -> None:
    rows = [
        release_row(0, stage="pleaded_guilty", offence_kw=["tax", "identity_cyber"]),
        release_row(1, offence_kw=[]),
        release_row(2, stage="civil_suit"),
        release_row(3, title="Ida Torvik of Halden was charged today with defrauding somebody"),
    ]
    write_rows(folder / "doj_opa_fraud_leads.jsonl", rows)
    drawn = [draw_releases(folder, split, None) for split in SPLITS]
    cases = {case.id: case for one in drawn for case in one.cases}
    assert set(cases) == {"rel-0000", "rel-0001"}
    first, second = ((cases[one].gold.events or ())[0] for one in ("rel-0000", "rel-0001"))
    assert (first.stages, first.offences) == ((Stage.CONVICTED,), (Offence.TAX_CRIME, Offence.CYBERCRIME))
    assert Offence.FRAUD in first.also_acceptable
    assert second.offences == (Offence.OTHER,)
    for case in cases.values():
        assert case.alert.article.title is None
        assert (case.gold.events or ())[0].evidence == (case.alert.article.text,)
        assert case.gold.parties is None


def test_a_report_has_its_named_parties_in_both_forms(folder: Path) -> None:
    cases = [case for split in SPLITS for case in draw_reports(folder, split, None).cases]
    assert len(cases) == 16
    published, capitals = (next(c for c in cases if c.id == one) for one in ("rep-0000", "rep-0000--capitals"))
    assert published.subject == capitals.subject
    assert "odo stenmark" in published.alert.article.text
    assert "Odo Stenmark" in capitals.alert.article.text
    roles = {party.name: party.roles for party in published.gold.parties or ()}
    assert roles == {"odo stenmark": (Role.OFFENDER, Role.ACCUSED, Role.SUSPECT), "bo lunde": (Role.VICTIM,)}
    assert published.gold.events is None


def test_a_name_on_both_sides_and_a_description_are_nobody() -> None:
    common = count_common_words(["the peasants said", "the peasants and men", "and men"])
    roles = {"PerpInd": [["odo stenmark"]], "Victim": [["odo stenmark"], ["two peasants"], ["una vestby", "she"]]}
    (party,) = name_parties(roles, common)
    assert (party.side, party.variants) == ("victim", ("una vestby",))
    assert capitalise("una vestby was shot.", [party]) == "Una Vestby was shot."


def test_texts_are_carried_in_the_body_of_alerts_of_both_truths(folder: Path) -> None:
    carriers = choose_carriers()
    assert {case.truth for case in carriers} == {Truth.ESCALATE, Truth.CLOSE}
    rows = [*(plant_row(n) for n in range(9)), plant_row(9, text="A calm remark on lamps.", label="benign")]
    write_rows(folder / "injections.jsonl", rows)
    carried = [one for split in SPLITS for one in carry_texts(folder, split, None, carriers)[0]]
    assert len(carried) == 10
    for one in carried:
        assert one.row.text in one.twin.alert.article.text
        assert one.carrier.alert.subject == one.twin.alert.subject
        assert (one.twin.gold.planted is None) == (one.row.label == "benign")
    assert len({one.twin.id for one in carried}) == 10
    for split in SPLITS:
        assert {split_of(one.row.family) for one in carry_texts(folder, split, None, carriers)[0]} <= {split}


SECRET = "the lamplighter of Halden"


@pytest.mark.parametrize(
    "row",
    [
        {"id": SECRET},
        article_row(1, label=SECRET),
        article_row(1, text=None, title=SECRET),
        article_row(1, entity_name=[SECRET]),
    ],
)
def test_a_wrong_row_is_named_by_its_line_and_not_repeated(tmp_path: Path, row: dict[str, object]) -> None:
    path = write_rows(tmp_path / "rows.jsonl", [article_row(0), row])
    with pytest.raises(OutsideInvalid, match=r"rows\.jsonl, line 2") as raised:
        read_rows(path, ArticleRow)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_what_is_no_json_no_file_or_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text(f'{{"id": "{SECRET}', encoding="utf-8")
    write_rows(tmp_path / "twice.jsonl", [report_row(1), report_row(1, id="REP-0001")])
    for name in ("broken", "absent"):
        with pytest.raises(OutsideInvalid) as raised:
            read_rows(tmp_path / f"{name}.jsonl", ArticleRow)
        assert SECRET not in str(raised.value)
    with pytest.raises(OutsideInvalid, match="twice"):
        read_rows(tmp_path / "twice.jsonl", ReportRow)


@pytest.mark.needs_data
def test_the_real_sets_have_the_form_and_their_parts_stay_apart(data_dir: Path) -> None:
    for draw_set in (draw_articles, draw_releases, draw_reports):
        dev, aside = (draw_set(data_dir, split, None).cases for split in SPLITS)
        assert len(dev) > 100
        assert len(aside) > len(dev)
        assert not {case.subject for case in dev} & {case.subject for case in aside}
        for case in (*dev, *aside):
            for event in case.gold.events or ():
                assert all(case.alert.article.text.count(words) == 1 for words in event.evidence), case.id
    carriers = choose_carriers()
    parts = [carry_texts(data_dir, split, None, carriers)[0] for split in SPLITS]
    assert all(len(one) > 200 for one in parts)
    assert not {one.row.family for one in parts[0]} & {one.row.family for one in parts[1]}
