"""Reference files: good rows read, bad rows told with their line, nothing lost in silence."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.reference import Precedent, Profile
from agent.domain.taxonomy import PartyKind, PrecedentOutcome
from agent.errors import ReferenceInvalid
from retrieval.ingest.countries import ISO_CODES, country_code
from retrieval.ingest.files import read_precedents, read_profiles
from retrieval.ingest.rows import MAX_ROW_BYTES, RowProblem
from tests.contract.retrieval_examples import precedent


def entity(**properties: Any) -> dict[str, Any]:
    return {"id": "E-1", "schema": "Person", "properties": {"name": ["Karim Odelson"], **properties}}


def write(path: Path, *rows: Any) -> Path:
    path.write_text(
        "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows), encoding="utf-8"
    )
    return path


def read_one(path: Path, row: Any) -> tuple[Profile, list[str]]:
    """The one profile of a one-row file and the messages beside it."""
    found = list(read_profiles(write(path / "rows.jsonl", row)))
    profiles = [part for part in found if isinstance(part, Profile)]
    assert len(profiles) == 1, found
    return profiles[0], [part.message for part in found if isinstance(part, RowProblem)]


def test_a_followthemoney_person_is_read_whole(tmp_path: Path) -> None:
    row = entity(
        name=["KARIM ODELSON", "Karim Odelson"],
        alias=["K. Odelson"],
        weakAlias=["The Governor"],
        birthDate=["1970-05-01", "1970"],
        deathDate=["2019-02"],
        nationality=["ma"],
        citizenship=["se"],
        country=["gb-nir"],
        position=["Governor"],
        topics=["role.pep"],
        notes=["First note.", "Second note."],
        idNumber=["A1", "B2"],
        passportNumber="P9",
        gender=["male"],
    )
    profile, messages = read_one(tmp_path, row | {"caption": "Karim Odelson", "datasets": ["made_up_list"]})
    assert profile == Profile(
        profile_id="E-1",
        name="Karim Odelson",
        aliases=("K. Odelson",),
        weak_aliases=("The Governor",),
        birth_date="1970-05-01",
        death_date="2019-02",
        nationalities=("MA", "SE"),
        countries=("GB",),
        positions=("Governor",),
        topics=("role.pep",),
        identifiers={"idNumber": "A1", "idNumber 2": "B2", "passportNumber": "P9"},
        notes="First note. Second note.",
        source="made_up_list",
    )
    assert messages == []


def test_a_weak_name_is_the_name_only_where_there_is_no_other(tmp_path: Path) -> None:
    named, _ = read_one(tmp_path, entity(weakAlias=["karim ODELSON", "Kojo", "The Governor"]))
    assert (named.name, named.aliases, named.weak_aliases) == ("Karim Odelson", (), ("Kojo", "The Governor"))
    nameless, _ = read_one(tmp_path, entity(name=[], weakAlias=["Kojo", "The Governor"]) | {"caption": "Kojo"})
    assert (nameless.name, nameless.aliases, nameless.weak_aliases) == ("Kojo", (), ("The Governor",))


def test_contradicting_death_dates_are_kept_in_the_notes(tmp_path: Path) -> None:
    profile, _ = read_one(tmp_path, entity(deathDate=["2019-02-01", "2019-03"]))
    assert profile.death_date == "2019"
    assert profile.notes == "Dates of death on file: 2019-02-01, 2019-03."


def test_an_entity_that_is_no_party_is_outside_and_an_unknown_schema_is_refused(tmp_path: Path) -> None:
    rows = [entity() | {"schema": schema} for schema in ("Address", "Vessel", "Wizard")]
    problems = [part for part in read_profiles(write(tmp_path / "rows.jsonl", *rows)) if isinstance(part, RowProblem)]
    assert [(problem.line, problem.outside, problem.kept) for problem in problems] == [
        (1, True, False),
        (2, True, False),
        (3, False, False),
    ]


def test_a_value_that_is_no_text_is_told(tmp_path: Path) -> None:
    profile, messages = read_one(tmp_path, entity(alias=["K. Odelson", 7, {}], notes=None))
    assert profile.aliases == ("K. Odelson",)
    assert messages == ["'E-1' is read without a value of 'alias' that is no text; a value of 'notes' that is no text"]


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ("Company", PartyKind.ORGANISATION),
        ("Organization", PartyKind.ORGANISATION),
        ("LegalEntity", PartyKind.UNKNOWN),
    ],
)
def test_schemas_of_parties_are_kept_apart(tmp_path: Path, schema: str, kind: PartyKind) -> None:
    assert read_one(tmp_path, entity() | {"schema": schema})[0].kind is kind


@pytest.mark.parametrize("code", ["su", "suhh", "xk", "eu", "zz", "yucs", "", "??", "gbr"])
def test_a_code_that_is_no_country_is_left_out_and_told(tmp_path: Path, code: str) -> None:
    profile, messages = read_one(tmp_path, entity(country=[code, "pt"]))
    assert profile.countries == ("PT",)
    assert messages == ([f"'E-1' is read without country {code!r} is not in ISO 3166-1"] if code else [])


def test_there_are_249_country_codes() -> None:
    assert len(ISO_CODES) == 249
    assert [country_code(code) for code in (" kz ", "GB-NIR", "x-gb")] == ["KZ", "GB", None]


@pytest.mark.parametrize(
    ("given", "birth_date", "noted"),
    [
        (["1950"], "1950", False),
        (["1950", "1950-04"], "1950-04", False),
        (["1950-04-01", "1950-04-02"], "1950-04", True),
        (["1950-04-01", "1950-06-02"], "1950", True),
        (["1950", "1952"], None, True),
        (["about 1950"], None, True),
    ],
)
def test_contradicting_birth_dates_are_kept_in_the_notes(
    tmp_path: Path, given: list[str], birth_date: str | None, noted: bool
) -> None:
    profile, _ = read_one(tmp_path, entity(birthDate=given))
    assert profile.birth_date == birth_date
    assert (profile.notes == f"Dates of birth on file: {', '.join(given)}.") is noted


def test_what_does_not_fit_is_told(tmp_path: Path) -> None:
    profile, messages = read_one(
        tmp_path,
        entity(alias=[f"Name {n}" for n in range(250)] + ["x" * 301], notes=["long " * 1_000], idNumber=["9" * 201]),
    )
    assert len(profile.aliases) == 200
    assert len(profile.notes) == 4_000
    assert profile.identifiers == {}
    for part in ("50 of 250 aliases", "a name of 301 characters", "the end of the notes", "an idNumber of 201"):
        assert part in messages[0]


def test_our_own_form_is_read_and_its_codes_normalised(tmp_path: Path) -> None:
    profile, messages = read_one(
        tmp_path, {"profile_id": "P", "name": "Ilona Testerova", "kind": "person", "countries": ["sk", "xk"]}
    )
    assert profile.countries == ("SK",)
    assert messages == ["'P' is read without country 'xk' is not in ISO 3166-1"]


BAD_ROWS = [
    ("{", "not JSON"),
    ("[]", "not a JSON object"),
    ("[" * 100_000, "not JSON"),
    ('{"profile_id": "P"}', "name: field required"),
    ('{"profile_id": "P", "name": "x", "colour": "red"}', "colour: extra inputs are not permitted"),
    ('{"profile_id": "P", "name": "\\ud800"}', "name: input should be a valid string"),
    ('{"profile_id": "P", "name": "x", "countries": "se"}', "countries: input should be a valid tuple"),
    (json.dumps(entity() | {"schema": "Vessel"}), "schema 'Vessel' is no person or organisation"),
    (json.dumps(entity() | {"schema": ["Person"]}), "is no person or organisation"),
    (json.dumps(entity() | {"properties": []}), "properties are missing"),
    (json.dumps(entity(name=[])), "it has no name"),
    (json.dumps(entity(name=[5, None, " "])), "it has no name"),
    (json.dumps({"schema": "Person", "properties": {"name": ["x"]}}), "profile_id"),
    ("x" * (MAX_ROW_BYTES + 5), "longer than 4,000,000 bytes"),
    ('{"profile_id": "P", "name": "Ana\\u0000 Sel"}', "NUL character"),
]


@pytest.mark.parametrize(("row", "message"), BAD_ROWS)
def test_a_bad_row_is_told_with_its_line_and_the_next_is_read(tmp_path: Path, row: str, message: str) -> None:
    path = write(tmp_path / "rows.jsonl", "", row, entity())
    problem, profile = list(read_profiles(path))
    assert isinstance(problem, RowProblem)
    assert isinstance(profile, Profile)
    assert problem.line == 2
    assert not problem.kept
    assert message in problem.message
    assert str(problem).startswith(f"{path}, line 2: ")


def test_bytes_that_are_not_utf8_and_a_mark_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(entity()).encode() + b'\n{"profile_id": "\xff"}\n')
    profile, problem = list(read_profiles(path))
    assert isinstance(profile, Profile)
    assert isinstance(problem, RowProblem)
    assert problem.message == "it is not UTF-8 (byte 16): row left out"


def test_an_id_given_twice_is_told(tmp_path: Path) -> None:
    _, problem = list(read_profiles(write(tmp_path / "rows.jsonl", entity(), entity())))
    assert isinstance(problem, RowProblem)
    assert problem.message == "'E-1' was already given on line 1: row left out"


def test_a_file_that_is_not_there_is_an_error_not_an_empty_list(tmp_path: Path) -> None:
    with pytest.raises(ReferenceInvalid, match=r"none\.jsonl cannot be read: No such file"):
        list(read_profiles(tmp_path / "none.jsonl"))


def test_a_gzipped_file_is_unpacked_and_its_bytes_on_disk_are_told(tmp_path: Path) -> None:
    path = tmp_path / "rows.ftm.json.gz"
    path.write_bytes(
        gzip.compress("".join(json.dumps(entity() | {"id": f"E-{n}"}) + "\n" for n in range(500)).encode())
    )
    read: list[int] = []
    assert len(list(read_profiles(path, read.append))) == 500
    assert read == sorted(read)
    assert read[-1] == path.stat().st_size


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", *(entity() | {"id": f"E-{n}"} for n in range(3_000)))
    read: list[int] = []
    list(read_profiles(path, read.append))
    assert len(read) == 3_000
    assert read == sorted(read)
    assert read[-1] == path.stat().st_size


@pytest.mark.parametrize("keep", [0.3, 0.9])
def test_an_archive_that_breaks_off_is_an_error_after_the_rows_before_it(tmp_path: Path, keep: float) -> None:
    rows = "".join(
        json.dumps(entity() | {"id": hashlib.sha256(bytes([n % 256, n // 256])).hexdigest()}) + "\n"
        for n in range(3_000)
    )
    whole = gzip.compress(rows.encode())
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(whole[: int(len(whole) * keep)])
    reader = read_profiles(path)
    assert isinstance(next(reader), Profile)
    with pytest.raises(ReferenceInvalid, match=r"rows\.jsonl\.gz is damaged or cut short after line \d+"):
        list(reader)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
@pytest.mark.parametrize(
    ("beginning", "what"),
    [("\ufeff{}".encode("utf-16-le"), "UTF-16"), ("\ufeff{}".encode("utf-16-be"), "UTF-16"), (b"PK\x03\x04...", "zip")],
)
def test_a_file_that_is_no_utf8_text_is_one_sentence(tmp_path: Path, name: str, beginning: bytes, what: str) -> None:
    (tmp_path / name).write_bytes(beginning)
    with pytest.raises(ReferenceInvalid, match=f"{name} is .*{what}.*: save it as UTF-8"):
        list(read_profiles(tmp_path / name))


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ReferenceInvalid, match="cannot be read: Is a directory"):
        list(read_profiles(tmp_path))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PROPERTY = st.sampled_from(
    ["name", "alias", "birthDate", "country", "position", "notes", "idNumber", "topics", "title"]
)


ENTITY = st.fixed_dictionaries(
    {"schema": st.just("Person"), "properties": st.dictionaries(PROPERTY, JSON)},
    optional={"id": JSON, "caption": JSON, "datasets": JSON},
)


@given(rows=st.lists(ENTITY | JSON, max_size=5))
def test_whatever_a_row_holds_every_row_is_read_or_told(
    rows: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("rows") / "rows.jsonl", *(json.dumps(row) for row in rows))
    found = list(read_profiles(path))
    read = sum(isinstance(part, Profile) for part in found)
    left_out = {part.line for part in found if isinstance(part, RowProblem) and not part.kept}
    assert read + len(left_out) == len(rows)


def case_row(**changes: Any) -> dict[str, Any]:
    row = precedent(1).model_dump(mode="json")
    del row["imported"]
    return {key: value for key, value in (row | changes).items() if value is not ...}


def test_an_imported_precedent_is_marked_as_such(tmp_path: Path) -> None:
    (case,) = list(read_precedents(write(tmp_path / "rows.jsonl", case_row(imported=False, jurisdiction="pt"))))
    assert case == precedent(1, imported=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"approved_by": "ana  ANALYST"}, "needs two people"),
        ({"approved_by": "Analyst, Ana"}, "needs two people"),
        ({"approved_by": ...}, "approved_by: field required"),
        ({"decided_by": None}, "decided_by"),
        ({"decided_at": ...}, "decided_at: field required"),
        ({"decided_at": "last week"}, "decided_at"),
        ({"outcome": "probably"}, "outcome"),
        ({"disposition": "duplicate", "outcome": ...}, "disposition 'duplicate' does not make a precedent"),
        ({"disposition": "needs_information", "outcome": ...}, "does not make a precedent"),
        ({"disposition": 5, "outcome": ...}, "does not make a precedent"),
        ({"disposition": "false_positive", "outcome": "material"}, "contradicts disposition"),
    ],
)
def test_a_precedent_without_two_people_date_and_outcome_is_left_out(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    problem, good = list(read_precedents(write(tmp_path / "rows.jsonl", case_row(**changes), case_row())))
    assert isinstance(problem, RowProblem)
    assert isinstance(good, Precedent)
    assert problem.line == 1
    assert message in problem.message


def test_a_file_may_not_bring_what_was_decided_here(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", case_row(precedent_id="decision:D-1"), case_row())
    problem, good = list(read_precedents(path, reserved="decision:"))
    assert isinstance(good, Precedent)
    assert isinstance(problem, RowProblem)
    assert (problem.line, problem.kept) == (1, False)
    assert "decisions made here: 'decision:D-1'" in problem.message
    assert len(list(read_precedents(path))) == 2, "only where an id is reserved"


def test_a_disposition_stands_for_its_outcome(tmp_path: Path) -> None:
    row = case_row(disposition="not_adverse", outcome=...)
    (case,) = list(read_precedents(write(tmp_path / "rows.jsonl", row)))
    assert isinstance(case, Precedent)
    assert case.outcome is PrecedentOutcome.NOT_MATERIAL


def test_a_summary_that_tells_the_outcome_is_told(tmp_path: Path) -> None:
    row = case_row(summary="He was charged. Closed as false positive.")
    problem, case = list(read_precedents(write(tmp_path / "rows.jsonl", row)))
    assert isinstance(problem, RowProblem)
    assert problem.kept
    assert isinstance(case, Precedent)
