"""Chroma in a server: the processes of one machine share it, the last ends it, and no death of one hurts the others."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.errors import IndexMismatch, IndexUnavailable
from retrieval.build import BuildReport, build_references
from retrieval.chroma.client import ServerLost, check_heartbeat
from retrieval.chroma.connection import Connection
from retrieval.chroma.place import ChromaPlace
from retrieval.chroma.server import SharedServer
from retrieval.embedding.embedder import Vectors
from retrieval.index import ReferenceIndex, open_index
from retrieval.parts import NO_INDEX
from retrieval.verify import describe_index, verify_index
from tests.contract.retrieval_examples import PROFILES, MemoryStore, embedder, many_profiles, precedent, query

SHARED = ChromaPlace("shared")
CASES = [precedent(1), precedent(2)]

USER = """
import sys
from pathlib import Path
from retrieval.chroma.place import ChromaPlace
from retrieval.index import open_index
from tests.contract.retrieval_examples import PROFILES, MemoryStore, embedder
with open_index(
    Path(sys.argv[1]), embedder=embedder(), records=MemoryStore(PROFILES), chroma=ChromaPlace("shared")
) as index:
    for _ in sys.stdin:
        found = index.search_profiles("fisherman and boat owner", 5)
        print([match.profile.profile_id for match in found], flush=True)
"""


class User:
    """A process that searches the shared server whenever told to."""

    def __init__(self, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def search(self) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)
        self.process.communicate()

    def leave(self) -> None:
        self.process.communicate(timeout=60)
        assert self.process.returncode == 0


def build(root: Path, store: MemoryStore, chroma: ChromaPlace = SHARED, **options: Any) -> BuildReport:
    return build_references(root, store, embedder(), chroma=chroma, **options)


def opened(root: Path, store: MemoryStore, chroma: ChromaPlace = SHARED) -> ReferenceIndex:
    return open_index(root, embedder=embedder(), records=store, chroma=chroma)


def fishermen(index: ReferenceIndex) -> list[str]:
    return [match.profile.profile_id for match in index.search_profiles("fisherman and boat owner", 5)]


def address(root: Path) -> tuple[int, int]:
    """Port and pid of the living server."""
    found = SharedServer(root).read_address()
    assert found is not None
    return found


def server_ends(root: Path) -> bool:
    deadline = time.monotonic() + 60
    while SharedServer(root).read_address() is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    return SharedServer(root).read_address() is None


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(PROFILES, CASES)


@pytest.fixture
def root(tmp_path: Path, store: MemoryStore) -> Iterator[Path]:
    """An index in a shared server; whatever server a failing test leaves behind is ended."""
    build(tmp_path, store)
    yield tmp_path
    left = SharedServer(tmp_path).read_address()
    if left is not None:
        os.kill(left[1], signal.SIGKILL)


class TestShared:
    def test_built_searched_described_and_verified_like_an_embedded_one(self, root: Path, store: MemoryStore) -> None:
        with opened(root, store) as index:
            assert index.notes == ()
            assert fishermen(index) == ["P-2"]
            assert len(index.find_precedents(query(), 6)) == 2
            assert sum(index.outcome_counts().values()) == 2
        assert verify_index(root, store, embedder(), chroma=SHARED) == []
        described = describe_index(root, store, embedder(), chroma=SHARED)
        assert [part.generation for part in described.parts] == [1, 1, 1, 1]
        assert described.sizes["server"] > 100_000
        assert not (root / "profiles" / "builds").exists()

    def test_nobody_has_started_a_server_before_the_first_search_and_the_last_user_ends_it(
        self, root: Path, store: MemoryStore
    ) -> None:
        assert SharedServer(root).read_address() is None
        with opened(root, store) as first:
            assert first.find_profiles(["Karim Odelson"], 5)
            assert SharedServer(root).read_address() is None
            assert fishermen(first)
            _, pid = address(root)
            with opened(root, store) as second:
                assert fishermen(second)
                assert address(root)[1] == pid
            assert address(root)[1] == pid
            assert fishermen(first)
        assert SharedServer(root).read_address() is None

    def test_it_listens_on_this_machine_alone_and_knows_no_key_of_ours(
        self, root: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("OPENAI_API_KEY", "not-for-chroma")
        with opened(root, store) as index:
            assert fishermen(index)
            port, pid = address(root)
            listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
            here = {row[1].partition(":")[0] for row in listening if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
            assert here == {"0100007F"}
            own = Path(f"/proc/{pid}/environ").read_bytes()
            assert b"not-for-chroma" not in own
            assert b"ANONYMIZED_TELEMETRY=False" in own

    def test_three_processes_share_it_and_one_killed_hurts_nobody(self, root: Path) -> None:
        users = [User(root) for _ in range(3)]
        try:
            assert {user.search() for user in users} == {"['P-2']"}
            _, pid = address(root)
            users[0].kill()  # perhaps the one that started the server
            assert [user.search() for user in users[1:]] == ["['P-2']"] * 2
            users.append(User(root))
            assert users[3].search() == "['P-2']"
            assert address(root)[1] == pid
        finally:
            for user in users[1:]:
                user.leave()
        assert server_ends(root)

    def test_a_server_whose_only_user_was_killed_is_joined_by_the_next(self, root: Path, store: MemoryStore) -> None:
        user = User(root)
        assert user.search() == "['P-2']"
        _, pid = address(root)
        user.kill()
        assert address(root)[1] == pid
        with opened(root, store) as index:
            assert fishermen(index) == ["P-2"]
            assert address(root)[1] == pid
        assert SharedServer(root).read_address() is None

    def test_a_stale_lock_file_starts_a_new_server(self, root: Path, store: MemoryStore) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:  # somebody else has the port meanwhile
            (root / "server" / "server.lock").write_text(f"{other.getsockname()[1]} {os.getpid()}\n")
            with opened(root, store) as index:
                assert fishermen(index) == ["P-2"]
                assert address(root)[0] != other.getsockname()[1]

    @pytest.mark.parametrize("content", ["", "x", "1 2 3", "99999999 1"])
    def test_a_corrupt_lock_file_misleads_nobody(self, root: Path, store: MemoryStore, content: str) -> None:
        (root / "server" / "server.lock").write_text(content)
        with opened(root, store) as index:
            assert fishermen(index) == ["P-2"]

    def test_a_server_killed_in_the_middle_of_searching_is_started_anew_and_the_reader_goes_on(
        self, root: Path, store: MemoryStore
    ) -> None:
        with opened(root, store) as index:
            assert fishermen(index) == ["P-2"]
            for sign in (signal.SIGKILL, signal.SIGTERM):
                _, pid = address(root)
                os.kill(pid, sign)
                assert server_ends(root)
                assert fishermen(index) == ["P-2"]
                assert len(index.find_precedents(query(), 6)) == 2
                assert address(root)[1] != pid

    def test_a_server_that_cannot_start_is_told_with_its_log(
        self, root: Path, store: MemoryStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is tried a few times, not for ever: each try is a process."""
        started: list[int] = []
        spawn = os.posix_spawn

        def counted(*arguments: Any, **options: Any) -> int:
            started.append(spawn(*arguments, **options))
            return started[-1]

        monkeypatch.setattr("os.posix_spawn", counted)
        monkeypatch.setattr("retrieval.chroma.serve.__file__", "/nowhere/serve.py")
        with (
            opened(root, store) as index,
            pytest.raises(IndexUnavailable, match=rf"does not start: see {re.escape(str(root))}.*server\.log"),
        ):
            fishermen(index)
        assert len(started) == 3


class TestBuilding:
    def test_a_long_lived_reader_meets_the_new_build(self, root: Path, store: MemoryStore) -> None:
        with opened(root, store) as index:
            assert fishermen(index) == ["P-2"]
            store.remove_profiles("P-2")
            store.save(PROFILES[2].model_copy(update={"positions": ("Fisherman", "Boat owner")}))
            assert fishermen(index) == []
            report = build(root, store)
            assert [part.how for part in report.parts][1:3] == ["rebuilt", "unchanged"]
            assert (fishermen(index), index.notes) == (["P-3"], ())

    def test_readers_search_all_the_while(self, root: Path) -> None:
        store = MemoryStore([*PROFILES, *many_profiles(2)], CASES)
        seen: list[list[str]] = []
        faults: list[Exception] = []
        done = threading.Event()

        def search() -> None:
            with opened(root, store) as index:
                try:
                    while not done.is_set():
                        seen.append(fishermen(index))
                except Exception as error:  # noqa: BLE001 told by the test's own thread
                    faults.append(error)

        reader = threading.Thread(target=search)
        reader.start()
        for _ in range(5):
            build(root, store, force=True)
        done.set()
        reader.join()
        assert faults == []
        assert {tuple(one[:1]) for one in seen} == {("P-2",)}

    def test_a_second_build_writes_nothing_and_old_collections_are_gone(self, root: Path, store: MemoryStore) -> None:
        assert {part.how for part in build(root, store).parts} == {"unchanged"}
        store.save(PROFILES[0], CASES[0])
        build(root, store)
        connection = Connection(SHARED, root)
        try:
            names = sorted(one.name for one in connection.client().client.list_collections())
        finally:
            connection.close()
        kinds = [re.sub(r"-[0-9T]+-[0-9]+$", "", name) for name in names]
        assert kinds == [
            "triage-precedents",
            "triage-precedents_material",
            "triage-precedents_not_material",
            "triage-precedents_not_the_subject",
            "triage-profiles",
            "triage-profiles",
        ]

    def test_a_failing_build_leaves_the_old_one_and_no_rest(self, root: Path, store: MemoryStore) -> None:
        store.save(precedent(3, approved_by="ana analyst"))
        with pytest.raises(Exception, match="the same person"):
            build(root, store)
        with opened(root, store) as index:
            assert len(index.find_precedents(query(), 6)) == 2
        self.test_a_second_build_writes_nothing_and_old_collections_are_gone(root, MemoryStore(PROFILES, CASES))

    def test_going_from_embedded_to_shared_and_back_needs_a_build_and_embeds_nothing(self, tmp_path: Path) -> None:
        store = MemoryStore(PROFILES, CASES)
        embedded = ChromaPlace("embedded")
        build(tmp_path, store, embedded)
        with opened(tmp_path, store) as index:
            assert "Profiles are not searchable by description yet: run `triage index build`." in index.notes
            assert fishermen(index) == []
        assert build(tmp_path, store).embedded == 0
        with opened(tmp_path, store) as index:
            assert fishermen(index) == ["P-2"]
        with opened(tmp_path, store, embedded) as index:
            assert fishermen(index) == ["P-2"]


class _Other:
    model_id, dimension, fingerprint = "other-model", 384, "sha256:" + "0" * 64

    def embed(self, texts: Any) -> Vectors:
        return embedder().embed(texts)


class TestDamage:
    def test_another_embedder_is_refused(self, root: Path, store: MemoryStore) -> None:
        with (
            open_index(root, embedder=_Other(), records=store, chroma=SHARED) as index,
            pytest.raises(IndexMismatch, match=r"all-MiniLM.* not other-model.*Run `triage index build`"),
        ):
            fishermen(index)

    @pytest.mark.parametrize("damage", ["manifest", "collection", "entry"])
    def test_damage_is_told_and_mended_by_a_build(self, root: Path, store: MemoryStore, damage: str) -> None:
        with opened(root, store) as index:
            assert fishermen(index) == ["P-2"]
            connection = Connection(SHARED, root)
            chroma = connection.client().client
            name = next(one.name for one in chroma.list_collections() if one.name.startswith("triage-profiles-"))
            if damage == "manifest":
                chroma.get_collection("triage-profiles").modify(metadata={"build": name, "manifest": "{}"})
            elif damage == "collection":
                chroma.delete_collection(name)
            else:
                chroma.get_collection(name).delete(ids=["P-2"])
            connection.close()
            if damage == "collection":
                with pytest.raises(IndexUnavailable, match=r"damaged.*Run `triage index build`"):
                    fishermen(index)
            with (
                opened(root, store) as second,
                pytest.raises(IndexUnavailable, match=r"damaged.*Run `triage index build`"),
            ):
                fishermen(second)
            assert verify_index(root, store, embedder(), chroma=SHARED) != []
            build(root, store)
            assert fishermen(index) == ["P-2"]
        assert verify_index(root, store, embedder(), chroma=SHARED) == []


class TestForeignServer:
    def test_a_server_that_others_run_is_used_and_left_running(self, root: Path, store: MemoryStore) -> None:
        """The shared server's address serves as one; another host has an index folder of its own."""
        keeper = SharedServer(root)
        place = keeper.join()
        elsewhere = root.parent / f"{root.name}-elsewhere"
        try:
            assert [part.how for part in build(elsewhere, store, place).parts] == [
                "rebuilt", "unchanged", "unchanged", "rebuilt",
            ]  # fmt: skip
            with opened(elsewhere, store, place) as index:
                assert (fishermen(index), len(index.find_precedents(query(), 6))) == (["P-2"], 2)
            check_heartbeat(place)
            described = describe_index(elsewhere, store, embedder(), chroma=place)
            assert described.parts[1].place == str(place)
            assert "profiles" not in described.sizes
        finally:
            keeper.leave()

    def test_a_server_that_is_gone_is_told_within_seconds_with_its_address(
        self, tmp_path: Path, store: MemoryStore
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        place = ChromaPlace.parse(f"http://127.0.0.1:{port}")
        build(tmp_path, store, names_only=True)
        with opened(tmp_path, store, place) as index:
            with pytest.raises(
                ServerLost, match=rf"http://127\.0\.0\.1:{port} cannot be reached .*TRIAGE_CHROMA"
            ) as told:
                fishermen(index)
            assert told.value.retryable
            assert index.find_profiles(["Karim Odelson"], 5)
            assert any(f"127.0.0.1:{port} cannot be reached" in note for note in index.notes)
        with pytest.raises(ServerLost):
            build(tmp_path, store, place)

    def test_something_else_that_listens_there_is_told(self, tmp_path: Path, store: MemoryStore) -> None:
        with socket.create_server(("127.0.0.1", 0)) as other:
            threading.Thread(target=_answer_teapot, args=(other,), daemon=True).start()
            place = ChromaPlace("http", "127.0.0.1", other.getsockname()[1])
            with opened(tmp_path, store, place) as index, pytest.raises(ServerLost, match="it answers 418"):
                fishermen(index)

    def test_no_index_in_the_server_yet_is_no_fault(self, root: Path, store: MemoryStore, tmp_path: Path) -> None:
        keeper = SharedServer(tmp_path / "empty")
        place = keeper.join()
        try:
            with opened(tmp_path / "none", store, place) as index:
                assert (fishermen(index), index.notes) == ([], (NO_INDEX,))
        finally:
            keeper.leave()


def _answer_teapot(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(4_096)
            connection.sendall(b"HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
