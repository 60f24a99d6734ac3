"""The name index on disk: what it finds, how it is updated, and what it says when it cannot answer."""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.domain.reference import Profile, ReferenceChange
from agent.domain.taxonomy import PartyKind
from agent.errors import IndexMismatch, IndexUnavailable
from retrieval.layout import FolderLock, current_build
from retrieval.names.build import names_generation, update_names
from retrieval.names.index import NameIndex

PEOPLE = ("Orest Vydumov", "Ilona Testerova", "Mohamed Abd al-Rahman al-Ikhtibari", "王小明", "Karim Odelson")


def profile(number: int, name: str, **fields: object) -> Profile:
    return Profile.model_validate({"profile_id": f"P{number}", "name": name, **fields})


def changes(*profiles: Profile, after: int = 0) -> list[ReferenceChange[Profile]]:
    return [ReferenceChange(one.profile_id, place, one) for place, one in enumerate(profiles, start=after + 1)]


def people() -> list[ReferenceChange[Profile]]:
    return changes(*(profile(number, name) for number, name in enumerate(PEOPLE)))


def found(root: Path, name: str) -> list[str]:
    index = NameIndex.open(root)
    assert index is not None
    with index:
        return [candidate.profile_id for candidate in index.find(name)]


def best(root: Path, name: str) -> str | None:
    return next(iter(found(root, name)), None)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    update_names(tmp_path / "names", people(), 5)
    return tmp_path / "names"


def test_without_a_build_there_is_no_index(tmp_path: Path) -> None:
    assert NameIndex.open(tmp_path) is None
    assert names_generation(tmp_path) == 0


@pytest.mark.parametrize(
    ("name", "bearer"),
    [
        ("VYDUMOV, Orest", "P0"),
        ("Orest Vidumow", "P0"),
        ("O. Vydumov", "P0"),
        ("Орест Выдумов", "P0"),
        ("Ореста Выдумова", "P0"),
        ("Ілона Тестерова", "P1"),
        ("محمد عبد الرحمن الاختباري", "P2"),
        ("Wang Xiaoming", "P3"),
        ("王小明", "P3"),
        ("קרים אודלסון", "P4"),
    ],
)
def test_a_name_is_found_in_another_spelling_order_case_or_script(root: Path, name: str, bearer: str) -> None:
    assert best(root, name) == bearer


def test_across_scripts_consonants_outweigh_letters_that_happen_to_be_alike(tmp_path: Path) -> None:
    decoys = (profile(number, f"Akhtbara {number}") for number in range(200))
    update_names(tmp_path, changes(*decoys, profile(777, "Mohamed Ikhtibari")), 201)
    assert best(tmp_path, "محمد الاختباري") == "P777"


def test_namesakes_are_all_found_in_the_order_of_their_ids(tmp_path: Path) -> None:
    update_names(tmp_path, changes(*(profile(number, "Ilona Testerova") for number in (31, 12, 23))), 3)
    assert found(tmp_path, "Ilona Testerova") == ["P12", "P23", "P31"]


def test_a_profile_comes_once_with_its_best_name_and_says_when_that_is_weak(tmp_path: Path) -> None:
    bearer = profile(1, "Ilona Testerova", aliases=["Edda Probst"], weak_aliases=["Little Lena"], kind="person")
    update_names(tmp_path, changes(bearer), 1)
    index = NameIndex.open(tmp_path)
    assert index is not None
    with index:
        (by_alias,) = index.find("Edda Probst")
        (by_weak,) = index.find("Little Lena")
    assert (by_alias.name, by_alias.weak, by_alias.kind) == ("Edda Probst", False, PartyKind.PERSON)
    assert (by_weak.name, by_weak.weak) == ("Little Lena", True)


def test_nothing_to_read_finds_nobody(root: Path) -> None:
    assert found(root, "") == found(root, "...") == []


def test_an_update_changes_adds_and_removes_and_leaves_the_rest(root: Path) -> None:
    report = update_names(
        root,
        [
            ReferenceChange("P1", 6, profile(1, "Edda Probst")),
            ReferenceChange("P4", 7, None),
            ReferenceChange("P9", 8, profile(9, "Nadia Neverwas")),
        ],
        8,
        after=5,
    )
    assert (report.changed, report.full, report.profiles, report.generation) == (3, False, 5, 8)
    assert best(root, "Edda Probst") == "P1"
    assert best(root, "Nadia Neverwas") == "P9"
    assert best(root, "Orest Vydumov") == "P0"
    assert "P1" not in found(root, "Ilona Testerova")
    assert "P4" not in found(root, "Karim Odelson")


def test_an_update_finds_what_a_build_from_scratch_finds(root: Path, tmp_path: Path) -> None:
    update_names(root, changes(profile(1, "Edda Probst"), profile(0, "Orest Vydumov"), after=5), 7)
    scratch = tmp_path / "scratch"
    update_names(
        scratch, changes(profile(1, "Edda Probst"), *(profile(n, PEOPLE[n]) for n in (0, 2, 3, 4))), 7, full=True
    )
    for name in (*PEOPLE, "Edda Probst"):
        assert found(root, name)[:1] == found(scratch, name)[:1]
    text = "Edda Probst met Ilona Testerova and Orest Vydumov."
    assert detected(root, text) == detected(scratch, text) == ["Edda Probst", "Orest Vydumov"]


def detected(root: Path, text: str) -> list[str]:
    index = NameIndex.open(root)
    assert index is not None
    with index:
        return index.detect(text)


def test_a_profile_that_comes_twice_stands_as_it_came_last(tmp_path: Path) -> None:
    update_names(tmp_path, changes(profile(1, "Ilona Testerova"), profile(1, "Edda Probst")), 2)
    index = NameIndex.open(tmp_path)
    assert index is not None
    with index:
        assert [candidate.name for candidate in index.find("Ilona Testerova")] != ["Ilona Testerova"]
        assert index.manifest.names == 1
    assert detected(tmp_path, "Ilona Testerova and Edda Probst") == ["Edda Probst"]


def test_nothing_changed_makes_no_new_build(root: Path) -> None:
    before = current_build(root)
    assert update_names(root, [], 5).changed == 0
    assert current_build(root) == before
    update_names(root, [], 6)
    assert names_generation(root) == 6


def test_a_reader_goes_on_with_its_build_while_a_newer_one_takes_its_place(root: Path) -> None:
    index = NameIndex.open(root)
    assert index is not None
    with index:
        for generation in (6, 7):
            update_names(root, [ReferenceChange("P1", generation, None)], generation)
        assert index.find("Ilona Testerova")[0].profile_id == "P1"
    assert "P1" not in found(root, "Ilona Testerova")


def test_many_deletions_ask_for_everything_again(root: Path) -> None:
    update_names(root, [ReferenceChange(f"P{number}", 6 + number, None) for number in range(3)], 9)
    assert names_generation(root) == 0
    report = update_names(root, changes(profile(3, PEOPLE[3]), profile(4, PEOPLE[4])), 9, after=0)
    assert (report.full, report.profiles) == (True, 2)
    assert names_generation(root) == 9


def test_only_one_process_builds(root: Path) -> None:
    lock = FolderLock.acquire(root / "build.lock", "held")
    with pytest.raises(IndexUnavailable, match="being built by another process"):
        update_names(root, [], 6)
    lock.release()


@pytest.mark.parametrize("library", ["tantivy", "rigour", "anyascii"])
def test_a_build_of_other_versions_is_refused_and_built_anew(root: Path, library: str) -> None:
    edit_manifest(root, lambda manifest: manifest["libraries"].update({library: "0.0.1"}))
    with pytest.raises(IndexMismatch, match=f"version 0.0.1 of {library}.*Run `triage index build`"):
        NameIndex.open(root)
    assert names_generation(root) == 0
    assert update_names(root, people(), 5).full
    assert best(root, "Ilona Testerova") == "P1"


@pytest.mark.parametrize("field", ["schema_version", "analysis_version"])
def test_a_build_of_another_schema_or_analysis_is_refused(root: Path, field: str) -> None:
    edit_manifest(root, lambda manifest: manifest.update({field: 0}))
    with pytest.raises(IndexMismatch, match="Run `triage index build`"):
        NameIndex.open(root)


def edit_manifest(root: Path, edit) -> None:  # type: ignore[no-untyped-def]
    path = build_of(root) / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


def build_of(root: Path) -> Path:
    folder = current_build(root)
    assert folder is not None
    return folder


def files_of(root: Path) -> Iterator[Path]:
    return (path for path in sorted(build_of(root).rglob("*")) if path.is_file() and path.suffix != ".lock")


def test_every_missing_or_changed_file_is_damage_and_never_an_empty_answer(tmp_path: Path) -> None:
    update_names(tmp_path / "sample", people(), 5)
    count = sum(1 for _ in files_of(tmp_path / "sample"))
    for number in range(count):
        for damage in ("gone", "flipped", "cut"):
            root = tmp_path / f"{damage}{number}"
            update_names(root, people(), 5)
            path = list(files_of(root))[number]
            if damage == "gone":
                path.unlink()
            else:
                content = bytearray(path.read_bytes())
                if not content:
                    continue
                content[len(content) // 2] ^= 0x55
                path.write_bytes(content[:-1] if damage == "cut" else content)
            with pytest.raises((IndexUnavailable, IndexMismatch), match="Run `triage index build`"):
                NameIndex.open(root)
            assert names_generation(root) == 0, path


def test_changes_that_do_not_connect_to_the_build_are_refused(root: Path) -> None:
    (build_of(root) / "manifest.json").unlink()
    with pytest.raises(IndexUnavailable, match="Run `triage index build`"):
        update_names(root, [], 6, after=5)


BUILD = """
    import os, sys, signal
    from pathlib import Path
    from agent.domain.reference import Profile, ReferenceChange
    from retrieval.names import build
    at = sys.argv[2]
    def die(*_, **__):
        os.kill(os.getpid(), signal.SIGKILL)
    def changes():
        for number in range(200):
            if at == "reading" and number == 150:
                die()
            name = f"Nadia Neverwas {number}"
            yield ReferenceChange(f"N{number}", 6 + number, Profile(profile_id=f"N{number}", name=name))
        yield ReferenceChange("P1", 300, None)
    if at != "reading":
        setattr(build, at, die)
    build.update_names(Path(sys.argv[1]), changes(), 300)
"""


@pytest.mark.parametrize("at", ["reading", "_describe_build", "write_manifest", "point_to", "sweep_builds"])
def test_a_killed_update_leaves_the_old_build_or_the_whole_new_one(root: Path, at: str) -> None:
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(BUILD), str(root), at], check=False)
    assert ended.returncode == -signal.SIGKILL
    done = at == "sweep_builds"
    assert names_generation(root) == (300 if done else 5)
    assert ("P1" in found(root, "Ilona Testerova")) is not done
    update_names(root, [ReferenceChange("P1", 301, None)], 301)
    assert "P1" not in found(root, "Ilona Testerova")
    assert len(list((root / "builds").iterdir())) == 1


def test_many_processes_read_at_once(root: Path) -> None:
    index = NameIndex.open(root)
    assert index is not None
    with index, multiprocessing.get_context("spawn").Pool(2) as pool:
        assert pool.starmap(best, [(root, name) for name in PEOPLE]) == [f"P{n}" for n in range(5)]


def test_looking_a_name_up_never_loads_the_symbol_tagger(root: Path) -> None:
    script = f"""
        from pathlib import Path
        from retrieval.names.index import NameIndex
        NameIndex.open(Path({str(root)!r})).find("Ilona Testerova")
        print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
    """
    ended = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True, capture_output=True, text=True)
    assert int(ended.stdout) < 200_000, "kilobytes; the tagger alone takes 400,000"
