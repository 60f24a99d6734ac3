"""Profiles and precedents in the store: loads that survive being killed, and the feed that every index follows."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import chain
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from agent.domain.reference import Precedent, Profile, ReferenceChange
from agent.errors import ReferenceInvalid
from agent.store import changes
from agent.store.content import name_key
from agent.store.migrations import MIGRATIONS, migrate
from agent.store.references import BATCH, SavedReferences
from agent.store.store import Store
from tests.contract.store_examples import make_precedent, make_profile, url_of

fork = multiprocessing.get_context("fork")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "triage.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(url_of(path)) as opened:
        yield opened
        assert opened.verify_audit().ok, opened.verify_audit().message


def many(count: int, notes: str = "") -> Iterator[Profile]:
    return (make_profile(number, notes) for number in range(count))


# Loads


def test_references_are_counted_by_what_changed(store: Store) -> None:
    assert store.profiles_generation() == 0
    profiles = list(many(1_203))
    assert store.save_profiles(iter(profiles)) == SavedReferences(inserted=1_203)
    assert store.profiles_generation() == 1
    assert store.save_profiles(profiles) == SavedReferences(unchanged=1_203)
    assert store.profiles_generation() == 1, "nothing changed, no index is stale"
    mixed = [make_profile(0), make_profile(1, notes="now a minister"), make_profile(5_000)]
    assert store.save_profiles(mixed) == SavedReferences(inserted=1, updated=1, unchanged=1)
    assert store.profiles_generation() == 2
    assert store.count_profiles() == 1_204
    assert list(store.iter_profiles()) == [mixed[0], mixed[1], *profiles[2:], mixed[2]]


def test_each_kind_has_a_counter_of_its_own(store: Store) -> None:
    store.save_profiles([make_profile(1)])
    assert store.save_precedents([make_precedent(1), make_precedent(2)]) == SavedReferences(inserted=2)
    assert (store.profiles_generation(), store.precedents_generation()) == (1, 1)
    assert store.delete_precedents(["C-1", "C-absent", "C-1"]) == 1
    assert (store.count_precedents(), store.precedents_generation()) == (1, 2)
    assert store.delete_precedents(["C-1"]) == 0
    assert (store.profiles_generation(), store.precedents_generation()) == (1, 2)
    assert [precedent.precedent_id for precedent in store.iter_precedents()] == ["C-2"]


def test_a_load_says_after_each_commit_what_is_there_for_good(store: Store, path: Path) -> None:
    told: list[int] = []

    def listen(kept: int) -> None:
        with closing(sqlite3.connect(path)) as other:
            assert other.execute("SELECT count(*) FROM profiles").fetchone() == (kept,)
        told.append(kept)

    store.save_profiles(many(2 * BATCH + 1), on_saved=listen)
    assert told == [BATCH, 2 * BATCH, 2 * BATCH + 1]
    assert store.profiles_generation() == 3


def test_entries_come_back_by_id_in_the_order_asked_for(store: Store) -> None:
    store.save_profiles(many(1_300))
    store.save_precedents([make_precedent(1)])
    ids = [f"P-{number:05}" for number in reversed(range(1_301))]
    assert list(store.load_profiles([*ids, *ids]).values()) == list(reversed(list(many(1_300))))
    assert store.load_precedents(["C-1", "C-2"]) == {"C-1": make_precedent(1)}
    assert store.load_profiles([]) == {}


@pytest.mark.parametrize("apart", [3, BATCH + 5])
def test_an_id_twice_with_other_content_is_refused_and_says_what_was_kept(store: Store, apart: int) -> None:
    kept = apart // BATCH * BATCH
    with pytest.raises(ReferenceInvalid, match=f"profile id 'P-00001' comes twice .* the first {kept:,} rows"):
        store.save_profiles(chain(many(apart), [make_profile(1, notes="other")]))
    assert store.count_profiles() == kept
    assert store.save_profiles([make_profile(1), make_profile(1)]).kept == 2
    assert store.load_profiles(["P-00001"]) == {"P-00001": make_profile(1)}


def test_a_load_that_breaks_off_keeps_what_it_committed_and_deletes_nothing(store: Store) -> None:
    def broken() -> Iterator[Profile]:
        yield from many(BATCH + 900)
        raise OSError("the file ended")

    store.save_profiles([make_profile(9_999)])
    with pytest.raises(OSError, match="the file ended"):
        store.save_profiles(broken(), replace=True)
    assert store.count_profiles() == BATCH + 1
    saved = store.save_profiles(many(BATCH + 900), replace=True)
    assert saved == SavedReferences(inserted=900, unchanged=BATCH, deleted=1)
    assert store.count_profiles() == BATCH + 900


def test_references_can_be_saved_while_they_are_read(store: Store) -> None:
    store.save_profiles(many(600))
    read: list[Profile] = []
    for profile in store.iter_profiles():
        if not read:
            store.save_profiles([make_profile(599, notes="changed meanwhile")])
        read.append(profile)
    assert len(read) == 600
    assert read[-1].notes == "changed meanwhile"


# Replacing


def test_a_full_load_deletes_what_is_gone(store: Store) -> None:
    store.save_profiles(many(2 * BATCH + 700))
    kept = [make_profile(7), make_profile(BATCH + 10), make_profile(9_999)]
    saved = store.save_profiles(kept, replace=True)
    assert saved == SavedReferences(inserted=1, unchanged=2, deleted=2 * BATCH + 698)
    assert list(store.iter_profiles()) == kept
    gone = [change for change in store.profile_changes(3) if change.entry is None]
    assert len(gone) == 2 * BATCH + 698


def test_a_full_load_leaves_what_was_decided_here(store: Store) -> None:
    imported = [make_precedent(number).model_copy(update={"imported": True}) for number in (2, 3)]
    store.save_precedents([make_precedent(1), *imported])
    assert store.save_precedents(imported[1:], replace=True) == SavedReferences(unchanged=1, deleted=1)
    assert [precedent.precedent_id for precedent in store.iter_precedents()] == ["C-1", "C-3"]


def test_whether_to_replace_can_be_asked_when_all_were_read(store: Store) -> None:
    store.save_profiles(many(5))
    asked: list[int] = []

    def refuse() -> bool:
        asked.append(store.count_profiles())
        return False

    assert store.save_profiles([make_profile(8)], replace=refuse) == SavedReferences(inserted=1)
    assert asked == [6], "asked once, after the last row was in"
    assert store.count_profiles() == 6


# kill -9


def load_until_killed(path: Path, count: int, pipe: Connection) -> None:
    with Store.open(url_of(path)) as store:
        store.save_profiles(many(count), replace=True, on_saved=pipe.send)
    pipe.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("commits", [1, 3])
def test_a_killed_load_keeps_its_commits_and_the_next_finds_the_rest(path: Path, commits: int) -> None:
    count = 6 * BATCH + 77
    with Store.open(url_of(path)) as store:
        store.save_profiles([make_profile(99_999)])
    ours, theirs = fork.Pipe(duplex=False)
    child = fork.Process(target=load_until_killed, args=(path, count, theirs))
    child.start()
    theirs.close()
    kept = [ours.recv() for _ in range(commits)][-1]
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert child.exitcode == -signal.SIGKILL
    with Store.open(url_of(path)) as store:
        there = store.count_profiles() - 1
        assert kept <= there < count, "what was told is there, and it was killed on the way"
        assert there % BATCH == 0
        assert "P-99999" in store.load_profiles(["P-99999"]), "nothing is deleted before all were read"
        reflected = store.profiles_generation()
        saved = store.save_profiles(many(count), replace=True)
        assert saved == SavedReferences(inserted=count - there, unchanged=there, deleted=1)
        assert list(store.iter_profiles()) == list(many(count))
        assert len(list(store.profile_changes(reflected))) == count - there + 1
        assert store.check_integrity() == ()
        assert store.verify_audit().ok


# The feed


def followed(state: dict[str, Profile], feed: Iterator[ReferenceChange[Profile]]) -> dict[str, Profile]:
    """What an index holds that held ``state`` and then read the feed."""
    held = dict(state)
    for change in feed:
        if change.entry is None:
            held.pop(change.id, None)
        else:
            held[change.id] = change.entry
    return held


def state_of(store: Store) -> dict[str, Profile]:
    return {profile.profile_id: profile for profile in store.iter_profiles()}


def test_the_feed_comes_by_generation_and_id_and_tells_removals(store: Store) -> None:
    store.save_precedents([make_precedent(2), make_precedent(1)])
    store.save_precedents([make_precedent(1, name="Bo Lindqvist"), make_precedent(3)])
    store.delete_precedents(["C-2"])
    feed = [(change.generation, change.id, change.entry is None) for change in store.precedent_changes(1)]
    assert feed == [(2, "C-1", False), (2, "C-3", False), (3, "C-2", True)]
    assert [change.id for change in store.precedent_changes(0)] == ["C-1", "C-3"], "from nothing, nothing is gone"
    assert list(store.precedent_changes(3)) == []
    store.save_precedents([make_precedent(2)])
    assert [(change.generation, change.entry) for change in store.precedent_changes(2)] == [(4, make_precedent(2))]


def test_an_unchanged_row_keeps_its_generation(store: Store) -> None:
    store.save_profiles(many(3))
    store.save_profiles(chain(many(3), [make_profile(3)]))
    assert [(change.generation, change.id) for change in store.profile_changes(0)] == [
        (1, "P-00000"),
        (1, "P-00001"),
        (1, "P-00002"),
        (2, "P-00003"),
    ]


def test_a_walk_misses_nothing_that_a_writer_does_meanwhile(store: Store) -> None:
    """Rows behind and before the reader are changed, removed, added: the one walk ends with the table's state."""
    store.save_profiles(many(1_400))
    edits: dict[int, Callable[[], object]] = {
        10: lambda: store.save_profiles([make_profile(3, "behind"), make_profile(1_300, "before")]),
        600: lambda: store.save_profiles(
            (make_profile(number) for number in range(1_401) if number != 5), replace=True
        ),
        1_200: lambda: store.erase_subject(name_key("Person Number 1390"), by="Rosa Quint"),
        1_399: lambda: store.save_profiles([make_profile(5, "back again")]),
    }
    held: dict[str, Profile] = {}
    for number, change in enumerate(store.profile_changes(0)):
        if number in edits:
            edits[number]()
        held = followed(held, iter([change]))
    assert held == state_of(store)
    assert "P-01390" not in held


def test_the_feed_holds_no_transaction_open(store: Store, path: Path) -> None:
    store.save_profiles(many(1_100))
    feed = store.profile_changes(0)
    next(feed)
    with closing(sqlite3.connect(path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0), "a reader would be in the way"


def test_pages_are_read_along_an_index_and_nothing_is_sorted(store: Store, path: Path) -> None:
    query = changes._page_of_changes(changes.PROFILES, 7, "P-00001", 3)
    statement = str(query.compile(create_engine("sqlite://"), compile_kwargs={"literal_binds": True}))
    with closing(sqlite3.connect(path)) as other:
        plan = " | ".join(row[3] for row in other.execute(f"EXPLAIN QUERY PLAN {statement}"))
    assert "profiles_by_generation" in plan
    assert "reference_removals_by_generation" in plan
    assert "TEMP B-TREE" not in plan
    assert "SCAN" not in plan


NUMBERS = st.lists(st.integers(0, 7), max_size=6, unique=True)
WRITE = st.tuples(st.sampled_from(["save", "replace", "delete", "erase"]), NUMBERS, st.sampled_from(["", "x", "y"]))


def write(store: Store, verb: str, numbers: list[int], notes: str) -> None:
    if verb == "erase":
        for number in numbers[:1]:
            store.erase_subject(name_key(f"Person Number {number}"), by="Rosa Quint")
    elif verb == "delete":
        store._profiles.delete(f"P-{number:05}" for number in numbers)
    else:
        store.save_profiles([make_profile(number, notes) for number in numbers], replace=verb == "replace")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None)
@given(writes=st.lists(WRITE, max_size=8))
def test_from_any_generation_the_feed_leads_to_the_tables_state(
    writes: list[tuple[str, list[int], str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Store.open(url_of(tmp_path_factory.mktemp("feed") / "t.db")) as store:
        states = {0: state_of(store)}
        for one in writes:
            before, generation = state_of(store), store.profiles_generation()
            write(store, *one)
            assert (store.profiles_generation() > generation) == (state_of(store) != before)
            states[store.profiles_generation()] = state_of(store)
        for generation, state in states.items():
            feed = list(store.profile_changes(generation))
            assert followed(state, iter(feed)) == state_of(store)
            assert len({change.id for change in feed}) == len(feed)
            assert [(one.generation, one.id) for one in feed] == sorted((one.generation, one.id) for one in feed)
            assert all(generation < change.generation <= store.profiles_generation() for change in feed)


# Databases from before


def make_database_of_0001(path: Path, profiles: list[Profile], precedents: list[Precedent]) -> None:
    engine = create_engine(url_of(path))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
    migrate(engine, MIGRATIONS[:1])
    engine.dispose()
    with closing(sqlite3.connect(path)) as old, old:
        entries: list[Profile | Precedent] = [*profiles, *precedents]
        for entry in entries:
            kind = "profile" if isinstance(entry, Profile) else "precedent"
            key = getattr(entry, f"{kind}_id")
            row = (key, "name:x", "sha256:old", entry.model_dump_json(), "2026-01-01")
            old.execute(
                f"INSERT INTO {kind}s ({kind}_id, subject_key, content_hash, body, updated_at) VALUES (?, ?, ?, ?, ?)",
                row,
            )
        old.execute("INSERT INTO generations VALUES ('reference', 17)")


def test_a_database_from_before_loses_nothing_and_its_feed_has_every_row(path: Path) -> None:
    profiles, precedents = list(many(1_234)), [make_precedent(1), make_precedent(2)]
    make_database_of_0001(path, profiles, precedents)
    with Store.open(url_of(path)) as store:
        assert [change.entry for change in store.profile_changes(0)] == profiles
        assert [change.entry for change in store.precedent_changes(0)] == precedents
        reflected = store.profiles_generation()
        assert reflected >= max(change.generation for change in store.profile_changes(0))
        assert store.precedents_generation() >= 1
        store.save_profiles([make_profile(5_000)])
        assert [change.id for change in store.profile_changes(reflected)] == ["P-05000"]
        with closing(sqlite3.connect(path)) as raw:
            names = raw.execute("SELECT name FROM generations ORDER BY name").fetchall()
        assert names == [("precedents",), ("profiles",)]
    assert Path(f"{path}.schema-1.backup").exists()


def test_an_empty_database_from_before_starts_at_nothing(path: Path) -> None:
    make_database_of_0001(path, [], [])
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("DELETE FROM generations")
    with Store.open(url_of(path)) as store:
        assert (store.profiles_generation(), list(store.profile_changes(0))) == (0, [])
        store.save_profiles(many(2))
        assert len(list(store.profile_changes(0))) == 2
