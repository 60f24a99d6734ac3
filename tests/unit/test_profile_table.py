"""Profiles in CSV: both headers read, and every trap of the format ends in a row read or a line named."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.domain.reference import Profile
from agent.domain.taxonomy import PartyKind
from agent.errors import ReferenceInvalid
from retrieval.ingest.files import read_profiles
from retrieval.ingest.rows import MAX_ROW_BYTES, RowProblem

HEADER = "profile_id,name,aliases\n"


def read(folder: Path, text: str | bytes) -> tuple[list[Profile], list[tuple[int, str]]]:
    """The profiles of a table, and line and message of each problem."""
    path = folder / "people.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = list(read_profiles(path))
    problems = [(part.line, part.message) for part in found if isinstance(part, RowProblem)]
    return [part for part in found if isinstance(part, Profile)], problems


def test_a_row_with_every_field_is_read_whole(tmp_path: Path) -> None:
    profiles, problems = read(
        tmp_path,
        "profile_id,name,kind,aliases,weak_aliases,birth_date,death_date,nationalities,countries,positions,employer,"
        "topics,identifiers.passport,identifiers.tax number,notes,source\n"
        'P-1,Ilona Testerova,person,"Testerova, Ilona; I. Testerova|Ilona T.",Loni,1970-05,2020,sk; cz,SK,'
        "Deputy minister|Mayor,Obecný úrad,role.pep,X 123,99,Moved in 2001.,customer file\n",
    )
    assert problems == []
    assert profiles == [
        Profile(
            profile_id="P-1",
            name="Ilona Testerova",
            aliases=("Testerova, Ilona", "I. Testerova", "Ilona T."),
            weak_aliases=("Loni",),
            birth_date="1970-05",
            death_date="2020",
            nationalities=("SK", "CZ"),
            countries=("SK",),
            positions=("Deputy minister", "Mayor"),
            employer="Obecný úrad",
            topics=("role.pep",),
            identifiers={"passport": "X 123", "tax number": "99"},
            notes="Moved in 2001.",
            source="customer file",
        )
    ]


def test_the_simple_table_of_opensanctions_is_read(tmp_path: Path) -> None:
    profiles, problems = read(
        tmp_path,
        "id,schema,name,aliases,birth_date,countries,addresses,identifiers,sanctions,phones,emails,dataset,"
        "first_seen,last_seen\n"
        'NK-1,Person,Ilona Testerova,"I. Testerova;Loni",1970-05-01,sk;suhh,"Main St 1",X1;Y2,Listed in 2019,,,'
        "made_up_list,2020,2021\n"
        "NK-2,Company,Testerova Trading,,,,,,,,,made_up_list,2020,2021\n"
        "NK-3,Vessel,MV Testerova,,,,,,,,,made_up_list,2020,2021\n",
    )
    assert problems == [
        (2, "'NK-1' is read without country 'suhh' is not in ISO 3166-1"),
        (4, "schema 'Vessel' is no person or organisation: row left out"),
    ]
    person, firm = profiles
    assert person == Profile(
        profile_id="NK-1",
        name="Ilona Testerova",
        aliases=("I. Testerova", "Loni"),
        birth_date="1970-05-01",
        countries=("SK",),
        identifiers={"idNumber": "X1", "idNumber 2": "Y2"},
        notes="Listed in 2019",
        source="made_up_list",
    )
    assert (firm.name, firm.kind) == ("Testerova Trading", PartyKind.ORGANISATION)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_spreadsheets_write_is_read(tmp_path: Path, delimiter: str, end: str, mark: bytes) -> None:
    rows = [('"profile_id"', '"Name"', "aliases"), ("P-1", "Änne Tester", '"A; B"'), ("", "", ""), ("P-2", "Bo", "")]
    text = end.join(delimiter.join(row) for row in rows)
    profiles, problems = read(tmp_path, mark + text.encode())
    assert problems == []
    assert [(profile.profile_id, profile.name, profile.aliases) for profile in profiles] == [
        ("P-1", "Änne Tester", ("A", "B")),
        ("P-2", "Bo", ()),
    ]


def test_quoted_line_ends_count_as_lines(tmp_path: Path) -> None:
    profiles, problems = read(
        tmp_path, HEADER + 'P-1,"Ann\nMarie\r\nTester",\n\nP-2,Bo\nP-3,"Cy ""the Fox"" Dorn",\n,No Id,\n'
    )
    assert [profile.name for profile in profiles] == ["Ann Marie Tester", 'Cy "the Fox" Dorn']
    assert problems == [
        (6, "it has 2 cells where the header names 3 columns: row left out"),
        (8, "profile_id: field required: row left out"),
    ]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('P-1,"Ann" Tester,', "a closing quote is not followed by the end of its cell"),
        ("P-1,Ann,x,y", "it has 4 cells where the header names 3 columns"),
        ("P-1,,", "name: field required"),
        (f"P-1,{'x' * 301},", "name: string should have at most 300 characters"),
        (f"P-1,Ann,{'x' * 140_000}", "a cell is longer than 131,072 characters"),
        (f"P-1,Ann,{'x;' * MAX_ROW_BYTES}", "longer than 4,000,000 bytes"),
        ("P-1,Ann\0,", "NUL character"),
        ("P-1,Ann\rP-2,Bo,", "new-line character"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_next_is_read(tmp_path: Path, row: str, message: str) -> None:
    profiles, ((line, told),) = read(tmp_path, f"{HEADER}P-8,Before,\n{row}\nP-9,After,\n")
    assert [profile.name for profile in profiles] == ["Before", "After"]
    assert line == 3
    assert message in told
    assert told.endswith(": row left out")


def test_a_row_in_another_encoding_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    rows = HEADER.encode() + "P-1,Änne,\n".encode("latin-1") + "P-2,Änne,\n".encode()
    profiles, problems = read(tmp_path, rows)
    assert [profile.profile_id for profile in profiles] == ["P-2"]
    assert problems == [(2, "it is not UTF-8: row left out")]


def test_a_quote_that_is_never_closed_names_the_lines_it_swallows(tmp_path: Path) -> None:
    profiles, problems = read(tmp_path, HEADER + 'P-1,Ann,\nP-2,"Bo,\nP-3,Cy,\nP-4,Di,\n')
    assert [profile.profile_id for profile in profiles] == ["P-1"]
    assert problems == [
        (3, "lines 3 to 5: a quote is opened and never closed, so all that follows is one cell: row left out")
    ]


def test_a_quote_that_the_next_one_closes_does_not_merge_two_people(tmp_path: Path) -> None:
    profiles, ((line, told),) = read(tmp_path, HEADER + 'P-1,"Ann,\nP-2,"Bo",\nP-3,Cy,\n')
    assert [profile.profile_id for profile in profiles] == ["P-3"]
    assert line == 2
    assert told.startswith("lines 2 to 3: ")


def test_columns_that_no_profile_has_are_told_once(tmp_path: Path) -> None:
    profiles, problems = read(tmp_path, "profile_id,name,birthdate,identifiers.,\nP-1,Ann,1970,x,\nP-2,Bo,1971,y,\n")
    assert [profile.profile_id for profile in profiles] == ["P-1", "P-2"]
    assert problems == [(1, "no profile has the column 'birthdate', 'identifiers.', '', so it is not read")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty. The first line must name the columns"),
        ("P-1,Ann,1970\n", "has no header of profiles"),
        ("profile_id,title\n", "has no header of profiles"),
        ('"profile_id,name\n', "has no header of profiles"),
        ("profile_id,name,name\n", "has the column 'name' twice"),
    ],
)
def test_a_file_without_a_header_of_profiles_is_one_sentence(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ReferenceInvalid, match=message):
        read(tmp_path, text)


def test_an_archive_cut_short_is_an_error_and_not_a_bad_row(tmp_path: Path) -> None:
    rows = HEADER + "".join(f"P-{number * 7919 % 100_003},Person {number * number},\n" for number in range(5_000))
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(rows.encode())[:-2_000])
    with pytest.raises(ReferenceInvalid, match="damaged or cut short"):
        list(read_profiles(path))


CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


@given(names=st.lists(CELL, max_size=8), delimiter=st.sampled_from(",;\t"), end=st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_csv_writer_writes_comes_back(
    names: list[str], delimiter: str, end: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerow(["profile_id", "name"])
    writer.writerows([f"P-{number}", name] for number, name in enumerate(names))
    profiles, problems = read(tmp_path_factory.mktemp("table"), text.getvalue())
    stated = [" ".join(name.split()) for name in names]
    assert [profile.name for profile in profiles] == [name for name in stated if name]
    assert len(problems) == stated.count("")


@given(raw=st.binary(max_size=200))
def test_bytes_of_any_sort_are_read_or_told(raw: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    profiles, problems = read(tmp_path_factory.mktemp("table"), HEADER.encode() + raw)
    if any(byte in raw for byte in b"abcABC123"):
        assert profiles or problems
