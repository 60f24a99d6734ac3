"""Known names in a text: which stretches are found, as written, and which are left alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind
from retrieval.names.dictionary import DictionaryDraft, NameDictionary, name_keys

FIRM = PartyKind.ORGANISATION
NAMES = {
    "Orest Vydumov": PartyKind.PERSON,
    "TESTEROVA, Ilona": PartyKind.PERSON,
    "Ilona Testerova Probst": PartyKind.PERSON,
    "Maksim Novskiy": PartyKind.PERSON,
    "Conor O'Neverly": PartyKind.PERSON,
    "Karim al-Odelson": PartyKind.PERSON,
    "J. R. Exampleson": PartyKind.PERSON,
    "王小明": PartyKind.PERSON,
    "李四": PartyKind.PERSON,
    "Илья Небылицын": PartyKind.PERSON,
    "Neverwas Testing LLC": FIRM,
    "Neverwas": FIRM,
    "INTERNATIONAL S.A.": FIRM,
    "The Neverwas": FIRM,
}


def dictionary(names: dict[str, PartyKind], folder: Path) -> NameDictionary:
    draft = DictionaryDraft()
    for number, (name, kind) in enumerate(names.items()):
        draft.add(f"P{number}", Profile(profile_id=f"P{number}", name=name, kind=kind))
    draft.write(folder, None)
    return NameDictionary.open(folder)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> NameDictionary:
    return dictionary(NAMES, tmp_path_factory.mktemp("dictionary"))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Prosecutors charged Orest Vydumov on Friday.", ["Orest Vydumov"]),
        ("OREST VYDUMOV was charged", ["OREST VYDUMOV"]),
        ("orest vydumov was charged, all in small letters", ["orest vydumov"]),
        ("Ilona Testerova's lawyer", ["Ilona Testerova"]),
        ("Ilona\nTesterova and Testerova Ilona", ["Ilona Testerova", "Testerova Ilona"]),
        ("the case of Ilona Testerova Probst", ["Ilona Testerova Probst"]),
        ("Conor O’Neverly met Karim al-Odelson", ["Conor O’Neverly", "Karim al-Odelson"]),
        ("J. R. Exampleson and J.R. Exampleson", ["J. R. Exampleson", "J.R. Exampleson"]),
        ("警方称王小明涉嫌诈骗", ["王小明"]),
        ("paid by Neverwas Testing LLC.", ["Neverwas Testing LLC"]),
        ("Orest Vydumov, then Orest Vydumov again", ["Orest Vydumov"]),
        ("Илья Небылицын", ["Илья Небылицын"]),
    ],
)
def test_a_known_name_is_found_as_written_each_once(known: NameDictionary, text: str, found: list[str]) -> None:
    assert known.detect(text) == found


@pytest.mark.parametrize(
    "text",
    ["Орест Выдумов", "Ореста Выдумова", "Оресту Выдумову", "Орестом Выдумовым", "Оресте Выдумове", "Выдумова Ореста"],
)
def test_a_latin_name_is_found_in_every_russian_case(known: NameDictionary, text: str) -> None:
    assert known.detect(f"Вчера следствие допросило: {text}, сообщил суд.") == [text]


@pytest.mark.parametrize("text", ["Максим Новский", "Максима Новского", "Максиму Новскому", "Максимом Новским"])
def test_adjectives_and_given_names_that_look_inflected_are_found_too(known: NameDictionary, text: str) -> None:
    assert known.detect(f"Суд признал {text} виновным") == [text]


@pytest.mark.parametrize(
    "text",
    [
        "Orest left. Vydumov stayed.",  # the end of a sentence
        "Orest, Vydumov and others",  # a list
        "Orest met Vydumov",
        "Neverwas said nothing",  # one word
        "the Neverwas of old",  # one word and a small one
        "an International S.A. of Panama",  # legal form and common word alone
        "李四说",  # two signs
        "Orest\n\nVydumov",
        "",
    ],
)
def test_what_is_no_known_name_is_left_alone(known: NameDictionary, text: str) -> None:
    assert known.detect(text) == []


def test_an_empty_dictionary_knows_nobody(tmp_path: Path) -> None:
    assert dictionary({}, tmp_path).detect("Orest Vydumov") == []


def test_a_name_has_one_key_in_any_order_and_case() -> None:
    assert list(name_keys("Orest Vydumov", PartyKind.PERSON)) == list(name_keys("VYDUMOV, Orest", PartyKind.PERSON))
    assert set(name_keys("Orest Vydumov", PartyKind.PERSON)).isdisjoint(name_keys("Orest Vydumof", FIRM))


def test_an_update_takes_out_what_a_profile_was_called_and_keeps_its_namesakes(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    draft = DictionaryDraft()
    for number in (1, 2):
        draft.add(f"P{number}", Profile(profile_id=f"P{number}", name="Orest Vydumov"))
    draft.add("P3", Profile(profile_id="P3", name="Ilona Testerova"))
    draft.write(first, None)
    draft = DictionaryDraft()
    draft.add("P1", None)
    draft.add("P3", Profile(profile_id="P3", name="Edda Probst"))
    draft.write(second, first)
    text = "Orest Vydumov, Ilona Testerova; Edda Probst"
    assert NameDictionary.open(first).detect(text) == ["Orest Vydumov", "Ilona Testerova"]
    assert NameDictionary.open(second).detect(text) == ["Orest Vydumov", "Edda Probst"]


WORD = st.sampled_from(
    ["Orest", "Vydumov", "Ilona", "Testerova", "Probst", "met", "и", "王", "小", "明", ".", ",", "\n\n"]
)


@settings(max_examples=60)
@given(st.lists(WORD, max_size=25).map(" ".join))
def test_what_is_found_stands_in_the_text_and_is_known(known: NameDictionary, text: str) -> None:
    keys = {key for name, kind in NAMES.items() for key in name_keys(name, kind)}
    flat = " ".join(text.split())
    for name in known.detect(text):
        assert name in flat
        assert keys & set(name_keys(name, PartyKind.PERSON))


@settings(max_examples=40)
@given(st.text(max_size=300))
def test_any_text_can_be_read(known: NameDictionary, text: str) -> None:
    assert isinstance(known.detect(text), list)


def test_the_keys_lie_sorted(tmp_path: Path) -> None:
    dictionary(NAMES, tmp_path)
    keys = np.load(tmp_path / "keys.npy")
    assert len(keys) > len(NAMES)
    assert (keys[:-1] <= keys[1:]).all()
