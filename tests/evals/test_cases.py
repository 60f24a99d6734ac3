"""The shipped cases are sound, and every kind of unsoundness is seen."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from evals.cases.case import Case, Shape, Split
from evals.cases.check import check_cases
from evals.cases.files import SHIPPED, CaseInvalid, CaseSet, load_cases, read_case, read_case_file
from evals.cases.references import load_references
from evals.cases.schema import build_schema
from tests.evals.cases import ROW, make_case, make_row


@pytest.fixture(scope="module")
def shipped() -> CaseSet:
    return load_cases()


def check(*cases: Case, profiles: tuple[str, ...] = (), precedents: tuple[str, ...] = ()) -> list[str]:
    return check_cases(cases, profiles, precedents)


def test_the_shipped_cases_are_sound(shipped: CaseSet) -> None:
    references = load_references()
    profiles = {profile.profile_id for profile in references.profiles}
    assert check_cases(shipped.cases, profiles, {entry.precedent_id for entry in references.precedents}) == []


def test_the_shipped_cases_take_the_shapes_that_alerts_take(shipped: CaseSet) -> None:
    assert len(shipped.cases) >= 200
    shapes = {shape for case in shipped.cases for shape in (case.entry.shape, *case.entry.also)}
    assert set(Shape) - shapes - {Shape.DECIDED, Shape.OUTSIDE} == set()
    assert len({case.language for case in shipped.cases} - {"en"}) >= 7
    splits = Counter(case.split for case in shipped.cases)
    assert min(splits[split] for split in Split) >= 15
    for split in (Split.DEV, Split.HOLDOUT):
        offences = {
            offence
            for case in shipped.cases
            if case.split is split
            for event in case.gold.events or ()
            for offence in (*event.offences, *event.also_acceptable)
        }
        assert len(offences) >= 25


def test_the_published_schema_is_the_one_the_loader_asks_for() -> None:
    published = json.loads((SHIPPED / "case.schema.json").read_text(encoding="utf-8"))
    assert published == build_schema(), "run `triage eval cases schema > evals/data/case.schema.json`"
    jsonschema.validate([ROW], published)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([make_row(truth="maybe")], published)


def test_a_sound_case_has_no_problem() -> None:
    assert check(make_case()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gold__events": [{**ROW["gold"]["events"][0], "evidence": ["was convicted"]}]}, "stands 0 times"),
        ({"gold__counter_evidence": [{**ROW["gold"]["counter_evidence"][0], "evidence": ["a"]}]}, "times in the text"),
        ({"gold__parties": [{"id": "P1", "name": "Nobody Here", "roles": ["accused"]},
                            *ROW["gold"]["parties"][1:]]}, "does not stand in the article"),
        ({"gold__recommendations": ["close_not_material"]}, "closing is acceptable"),
        ({"truth": "close", "must_not_miss": False}, "escalating is acceptable"),
        ({"truth": "open", "gold__recommendations": ["review"]}, "must not be missed"),
        ({"gold__identity": {"verdicts": ["possible"], "profile": "ev-none"}}, "no profile"),
        ({"gold__precedents": {"EV-NONE": 2}}, "no precedent"),
        ({"twin_of": "t-nowhere"}, "twin"),
    ],
)  # fmt: skip
def test_a_fault_of_one_case_is_named(changes: dict[str, Any], words: str) -> None:
    problems = check(make_case(**changes))
    assert any(words in problem and "t-charged-01" in problem for problem in problems), problems


def test_a_subject_and_a_copy_across_splits_are_named() -> None:
    other = make_case(Split.HOLDOUT, id="t-other", subject="Nyström, Ledger", alert__article__title="Another")
    problems = check(make_case(), other)
    assert any("stands in two splits" in problem for problem in problems)
    assert any("near-duplicates" in problem for problem in problems)


def test_a_party_of_another_case_across_splits_is_named() -> None:
    text = "Birte Oksholm opened a bakery in Lund. Nothing else happened there that week."
    gold = {"parties": [{"id": "P1", "name": "Birte Oksholm", "roles": ["mentioned"]}]}
    other = make_case(
        Split.DEV, id="t-b", subject="Birte Oksholm", truth="close", must_not_miss=False, alert__article__text=text,
        gold=gold,
    )  # fmt: skip
    assert ["'birte oksholm'" in problem for problem in check(make_case(Split.SMOKE), other)] == [True]


def test_a_declared_twin_may_be_a_copy() -> None:
    assert check(make_case(), make_case(id="t-twin", twin_of="t-charged-01")) == []


def test_years_and_countries_stay_text(tmp_path: Path) -> None:
    path = tmp_path / "one.yaml"
    text = yaml.safe_dump([make_row()], allow_unicode=True)
    subject = "subject: {name: Ledger Nyström, birth_date: 1970, nationalities: [NO]}"
    path.write_text(text.replace("subject:\n      kind: person\n      name: Ledger Nyström", subject), encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    assert subject in text
    case = next(read_case_file(path, Split.DEV))
    assert case.alert.subject is not None
    assert (case.alert.subject.birth_date, case.alert.subject.nationalities) == ("1970", ("NO",))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (make_row(truth="maybe"), "truth"),
        (make_row(gold__subject_party="P9"), "no such party"),
        (make_row(alert__article__text=" "), "no text"),
        ([], "dictionary"),
    ],
)
def test_a_row_that_is_no_case_is_refused_by_name(row: Any, words: str) -> None:
    with pytest.raises(CaseInvalid, match=r"cases\.yaml") as refused:
        read_case(row, Split.DEV, "cases.yaml: case t")
    assert words in str(refused.value)


def test_an_id_used_twice_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "cases" / "dev"
    folder.mkdir(parents=True)
    (folder / "one.yaml").write_text(json.dumps([ROW]), encoding="utf-8")
    assert [case.id for case in load_cases(tmp_path).cases] == ["t-charged-01"]
    with pytest.raises(CaseInvalid, match="t-nowhere"):
        load_cases(tmp_path).select(ids=["t-nowhere"])
    (folder / "two.yaml").write_text(json.dumps([ROW]), encoding="utf-8")
    with pytest.raises(CaseInvalid, match="also stands in"):
        load_cases(tmp_path)
