"""``triage profiles``: lists in, people found by name with each part explained, and nothing lost in silence."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from agent.store.store import Store
from tests.cli.terminal import COMMAND, Terminal
from tests.spine.parts import DEMO

PROFILES = DEMO / "profiles.ftm.jsonl"


def person(number: int, **changes: object) -> str:
    surname = "".join("bcdfgklmnp"[int(digit)] + "aeiou"[int(digit) % 5] for digit in str(number)).capitalize()
    row = {"profile_id": f"P-{number:05}", "name": f"Ilona {surname}testerova", "source": "made up"}
    return json.dumps(row | changes)


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def stored(terminal: Terminal) -> list[str]:
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        return [profile.profile_id for profile in store.iter_profiles()]


def load(terminal: Terminal, *files: Path, code: int = 0) -> str:
    """What a load of names alone says."""
    run = terminal.run("profiles", "load", *files, "--names-only")
    assert run.code == code, run.err
    return run.err


# --- load


def test_a_list_is_loaded_named_and_embedded(terminal: Terminal) -> None:
    run = terminal.run("profiles", "load", PROFILES)
    assert run.code == 0
    assert "Profiles: 30 new, 0 changed, 0 unchanged, 0 removed, 0 refused" in run.err
    assert "Searchable by name: 30 profiles, 58 names" in run.err
    assert "Profiles by description: 30 profiles" in run.err
    assert "30 texts embedded" in run.err
    assert run.err.index("Searchable by name") < run.err.index("Profiles by description")
    again = terminal.run("profiles", "load", PROFILES)
    assert again.code == 0
    assert "0 new, 0 changed, 30 unchanged, 0 removed" in again.err
    assert "up to date" in again.err


def test_json_lines_csv_and_archives_are_loaded_together(terminal: Terminal, tmp_path: Path) -> None:
    lines = write(tmp_path / "a.jsonl", person(1))
    table = write(tmp_path / "b.csv", "profile_id;name;weak_aliases", "P-2;Bo Tester;Bobo|B.")
    packed = tmp_path / "c.ftm.json.gz"
    entity = {"id": "P-3", "schema": "Person", "properties": {"name": ["Cy Tester"], "weakAlias": ["Cyx"]}}
    packed.write_bytes(gzip.compress(json.dumps(entity).encode()))
    assert "Profiles: 3 new" in load(terminal, lines, table, packed)
    assert stored(terminal) == ["P-00001", "P-2", "P-3"]
    shown = terminal.run("profiles", "show", "P-2", "--json").record()
    assert shown["weak_aliases"] == ["Bobo", "B."]


def test_bad_rows_are_named_by_line_and_the_others_are_loaded(terminal: Terminal, tmp_path: Path) -> None:
    path = write(tmp_path / "list.jsonl", person(1), "{", person(2), person(2), person(3, birth_date="in May"))
    said = load(terminal, path, code=1)
    told = [line for line in said.splitlines() if line.startswith("triage:")]
    for line, (number, message) in zip(
        told, [(2, "it is not JSON"), (4, "'P-00002' was already given on line 3"), (5, "birth_date")], strict=True
    ):
        assert line.startswith(f"triage: {path}, line {number}: {message}")
        assert line.endswith(": row left out")
    assert "Profiles: 2 new, 0 changed, 0 unchanged, 0 removed, 3 refused" in said
    assert stored(terminal) == ["P-00001", "P-00002"]


def test_sound_rows_that_are_no_parties_are_counted_and_no_fault(terminal: Terminal, tmp_path: Path) -> None:
    other = [json.dumps({"id": f"X-{number}", "schema": "Address", "properties": {}}) for number in range(3)]
    path = write(tmp_path / "list.jsonl", person(1), *other)
    said = load(terminal, path)
    assert f"{path}: 3 rows: schema 'Address' is no person or organisation" in said
    assert said.count("Address") == 1


def test_replacing_removes_what_the_files_do_not_hold(terminal: Terminal, tmp_path: Path) -> None:
    load(terminal, write(tmp_path / "old.jsonl", person(1), person(2)))
    run = terminal.run(
        "profiles", "load", write(tmp_path / "new.jsonl", person(2), person(3)), "--replace", "--names-only"
    )
    assert run.code == 0
    assert "1 new, 0 changed, 1 unchanged, 1 removed" in run.err
    assert "Searchable by name: 2 profiles" in run.err
    assert stored(terminal) == ["P-00002", "P-00003"]
    assert "P-00001" not in terminal.run("profiles", "search", "Ilona Cetesterova", "--by", "name").out


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([person(2), "{"], "nothing was removed, since 1 rows were refused"),
        (["{"], "no row could be loaded"),
        ([], "no row could be loaded"),
    ],
)
def test_replacing_with_a_faulty_file_removes_nobody(
    terminal: Terminal, tmp_path: Path, rows: list[str], words: str
) -> None:
    load(terminal, write(tmp_path / "old.jsonl", person(1), person(2)))
    path = write(tmp_path / "new.jsonl", *rows)
    run = terminal.run("profiles", "load", path, "--replace", "--names-only")
    assert run.code == 1
    assert words in run.err
    assert stored(terminal) == ["P-00001", "P-00002"]


def test_a_file_that_is_not_there_stops_before_anything_is_loaded(terminal: Terminal, tmp_path: Path) -> None:
    path = write(tmp_path / "list.jsonl", person(1))
    assert "gone.csv cannot be read: No such file" in load(terminal, path, tmp_path / "gone.csv", code=1)
    assert stored(terminal) == []


def test_an_id_with_other_content_in_a_second_file_says_what_was_kept(terminal: Terminal, tmp_path: Path) -> None:
    one, two = write(tmp_path / "a.jsonl", person(1)), write(tmp_path / "b.jsonl", person(1, notes="other"))
    assert "profile id 'P-00001' comes twice with different content; the first 0 rows" in load(
        terminal, one, two, code=1
    )


def start(home: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "TRIAGE_HOME": str(home)}
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)], env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def wait_for_rows(home: Path, least: int) -> None:
    """Until the store holds so many profiles."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if (home / "triage.db").exists():
            with Store.open(f"sqlite:///{home / 'triage.db'}") as store:
                if store.count_profiles() >= least:
                    return
        time.sleep(0.02)
    pytest.fail("nothing was loaded within a minute")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_load_that_is_stopped_is_run_again_and_loses_and_doubles_nothing(
    terminal: Terminal, tmp_path: Path, how: signal.Signals
) -> None:
    count = 16_000
    path = write(tmp_path / "list.jsonl", *(person(number) for number in range(count)))
    terminal.home.mkdir()
    child = start(terminal.home, "profiles", "load", path, "--names-only")
    wait_for_rows(terminal.home, 2_000)
    child.send_signal(how)
    _, said = child.communicate(timeout=60)
    assert child.returncode == (-how if how is signal.SIGKILL else 130), said
    assert ("Stopped. What was committed is kept" in said) == (how is signal.SIGINT)
    with Store.open(f"sqlite:///{terminal.home / 'triage.db'}") as store:
        kept = store.count_profiles()
    assert 2_000 <= kept <= count
    assert f"Profiles: {count - kept:,} new, 0 changed, {kept:,} unchanged" in (said := load(terminal, path))
    assert f"Searchable by name: {count:,} profiles" in said
    assert len(stored(terminal)) == count


# --- search


@pytest.fixture
def loaded(terminal: Terminal) -> Terminal:
    assert terminal.run("profiles", "load", PROFILES).code == 0
    return terminal


def test_a_name_finds_its_namesakes_with_each_part_explained(loaded: Terminal) -> None:
    run = loaded.run("profiles", "search", "Parvizjon Safarzarif")
    assert run.code == 0
    names, descriptions = run.out.split("By description")
    assert names.startswith("By name\n")
    assert re.search(r"1\.00  Parvizjon Safarzarif \(person, born 1967-08-14, TJ AT, .*  demo-p001", names)
    assert re.search(r"1\.00  Parvizjon Safarzarif \(person, born 1994-01-30, .*  demo-p002", names)
    assert "“Safarzarif” same" in names
    assert "says nothing about who it is" in descriptions


def test_a_name_that_nobody_bears_is_said_plainly(loaded: Terminal) -> None:
    run = loaded.run("profiles", "search", "Wendelin Marchpane", "--by", "name")
    assert (run.code, run.out) == (0, "By name\n  No profile bears this name.\n")
    assert "give the whole name" in loaded.run("profiles", "search", "Safarzarif", "--by", "name").out


def test_a_description_finds_who_is_described_so(loaded: Terminal) -> None:
    run = loaded.run("profiles", "search", "former banker who lives in Graz", "--by", "description", "--limit", "2")
    assert run.code == 0
    assert "By name" not in run.out
    assert "demo-p001" in run.out.splitlines()[1]


def test_a_search_as_json_has_its_routes_apart(loaded: Terminal) -> None:
    record = loaded.run("profiles", "search", "Parvizjon Safarzarif", "--json", "--limit", "1").record()
    assert list(record) == ["name", "description"]
    (match,) = record["name"]
    assert (match["route"], match["score"], match["weak"]) == ("name", 1.0, False)
    assert [part["relation"] for part in match["parts"]] == ["same", "same"]
    assert list(loaded.run("profiles", "search", "Nobody Known", "--json", "--by", "name").record()) == ["name"]


def test_an_index_that_cannot_be_asked_never_says_nobody(terminal: Terminal, tmp_path: Path) -> None:
    unbuilt = terminal.run("profiles", "search", "Ilona Cetesterova")
    assert unbuilt.code == 1
    assert "No profile bears" not in unbuilt.out
    assert "triage index build" in unbuilt.err
    load(terminal, write(tmp_path / "list.jsonl", person(1)))
    named = terminal.run("profiles", "search", "Ilona Cetesterova")
    assert named.code == 1, "the description could not be asked"
    assert "P-00001" in named.out
    assert "described like this" not in named.out
    (terminal.home / "index" / "names" / "current").write_text("nowhere", encoding="utf-8")
    damaged = terminal.run("profiles", "search", "Ilona Cetesterova", "--by", "name")
    assert (damaged.code, damaged.out) == (1, "")
    assert "triage index build" in damaged.err


def test_an_index_older_than_the_store_says_so(loaded: Terminal) -> None:
    from tests.contract.store_examples import make_profile

    with Store.open(f"sqlite:///{loaded.home / 'triage.db'}") as store:
        store.save_profiles([make_profile(1)])
    run = loaded.run("profiles", "search", "Parvizjon Safarzarif", "--by", "name")
    assert run.code == 0
    assert "demo-p001" in run.out
    assert "triage index build" in run.err


# --- show


def test_a_profile_is_shown_to_a_person_and_to_a_program(loaded: Terminal) -> None:
    run = loaded.run("profiles", "show", "demo-p001")
    assert run.code == 0
    assert "Aliases: Parviz Safarzarif; " in run.out
    assert "Identifiers: idNumber TJ-A-0457719" in run.out
    assert loaded.run("profiles", "show", "demo-p001", "--json").record()["birth_date"] == "1967-08-14"
    gone = loaded.run("profiles", "show", "demo-x")
    assert gone.code == 1
    assert "no profile 'demo-x' is stored" in gone.err
