"""The vector cache: nothing embedded twice, nothing lost but a chunk, never a wrong vector, whatever the file holds."""

from __future__ import annotations

import hashlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import IndexUnavailable
from retrieval.embedding import cache as module
from retrieval.embedding.cache import CHUNK, VectorCache
from retrieval.embedding.embedder import Vectors
from tests.contract.retrieval_examples import embedder


class Spelled:
    """An embedder that costs nothing: a text's vector is spelled out by its hash."""

    model_id = "spelled"
    dimension = 8

    def __init__(self, fingerprint: str = "spelled-1", fail_at: int | None = None) -> None:
        self.fingerprint = fingerprint
        self.batches: list[list[str]] = []
        self._fail_at = fail_at

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._fail_at == len(self.batches):
            raise IndexUnavailable("the endpoint is gone")
        self.batches.append(list(texts))
        digests = [hashlib.sha256(f"{self.fingerprint}{text!r}".encode()).digest()[:8] for text in texts]
        vectors = np.array([list(digest) for digest in digests], dtype=np.float32).reshape(-1, 8) + 1
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


TEXTS = [f"{'long ' * (number % 7)}text {number}" for number in range(40)]


def filled(path: Path, texts: Sequence[str] = TEXTS) -> None:
    cache = VectorCache.open(path, Spelled())
    cache.embed(texts)
    cache.close()


def test_the_model_s_vectors_come_back_bit_by_bit(tmp_path: Path) -> None:
    texts = ["a court", "a bribe", "a court", "", "\ud800 and a port", "? and a port"]
    wanted = embedder().embed(texts)
    cache = VectorCache.open(tmp_path / "vectors.sqlite3", embedder())
    assert cache.embed(texts).tobytes() == wanted.tobytes()
    assert cache.embed(texts[::-1]).tobytes() == wanted[::-1].tobytes()
    assert cache.embedded == 5, "equal texts are embedded once"
    assert cache.embed([]).shape == (0, 384)


@given(st.lists(st.lists(st.sampled_from(TEXTS)), max_size=6))
def test_whatever_is_asked_in_whatever_order_each_text_gets_its_vector(requests: list[list[str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        cache = VectorCache.open(Path(folder, "vectors.sqlite3"), Spelled())
        for texts in requests:
            assert cache.embed(texts).tobytes() == Spelled().embed(texts).tobytes()
        assert cache.embedded == len({text for texts in requests for text in texts})
        cache.close()


def test_a_second_opening_embeds_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vectors.sqlite3"
    filled(path)
    again = VectorCache.open(path, Spelled(fail_at=0))
    assert again.embed(TEXTS).tobytes() == Spelled().embed(TEXTS).tobytes()
    assert again.embedded == 0
    again.close()
    model = Spelled()
    VectorCache.open(path, model).embed([*TEXTS, "one more"])
    assert model.batches == [["one more"]]
    assert path.stat().st_mode & 0o777 == 0o600


def test_chunks_go_shortest_first_and_progress_is_told(tmp_path: Path) -> None:
    texts = ["x" * (1 + number * 7 % 1_000) + str(number) for number in range(2 * CHUNK + 10)]
    model, told = Spelled(), list[tuple[str, int, int | None]]()
    VectorCache.open(tmp_path / "v", model).embed(texts, lambda *step: told.append(step))
    assert [len(batch) for batch in model.batches] == [CHUNK, CHUNK, 10]
    lengths = [len(text) for batch in model.batches for text in batch]
    assert lengths == sorted(lengths)
    total = len(texts)
    assert told == [("vectors", done, total) for done in (0, CHUNK, 2 * CHUNK, total)]


def test_what_was_embedded_before_a_failure_is_kept(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(3 * CHUNK)]
    with pytest.raises(IndexUnavailable, match="the endpoint is gone"):
        VectorCache.open(tmp_path / "v", Spelled(fail_at=2)).embed(texts)
    rest = VectorCache.open(tmp_path / "v", Spelled())
    assert rest.embed(texts).tobytes() == Spelled().embed(texts).tobytes()
    assert rest.embedded == CHUNK


_CHILD = """
import sys, time
from pathlib import Path
from retrieval.embedding.cache import CHUNK, VectorCache
from tests.unit.test_embedding_cache import Spelled
cache = VectorCache.open(Path(sys.argv[1]), Spelled())
say = lambda what, done, total: print(done, flush=True)
cache.embed([f"{sys.argv[2]} {number:05}" for number in range(int(sys.argv[3]) * CHUNK)], say)
"""


def test_a_killed_process_loses_at_most_one_chunk(tmp_path: Path) -> None:
    chunks = 60
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD, str(tmp_path / "v"), "text", str(chunks)], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        done = 0
        while done < 3 * CHUNK:
            done = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        done = max([done, *(int(line) for line in child.stdout if line.endswith("\n"))])
    assert child.returncode == -signal.SIGKILL
    texts = [f"text {number:05}" for number in range(chunks * CHUNK)]
    rest = VectorCache.open(tmp_path / "v", Spelled())
    assert rest.embed(texts).tobytes() == Spelled().embed(texts).tobytes()
    assert rest.notes == ()
    assert 0 < rest.embedded <= len(texts) - done


def test_processes_and_threads_share_one_file(tmp_path: Path) -> None:
    path, chunks = tmp_path / "v", 4
    children = [
        subprocess.Popen([sys.executable, "-c", _CHILD, str(path), name, str(chunks)], stdout=subprocess.DEVNULL)
        for name in ("one", "other", "one")
    ]
    assert [child.wait() for child in children] == [0, 0, 0]
    texts = [f"{name} {number:05}" for name in ("one", "other") for number in range(chunks * CHUNK)]
    shared = VectorCache.open(path, Spelled(fail_at=0))
    wanted, wrong = Spelled().embed(texts), list[int]()

    def read(start: int) -> None:
        if shared.embed(texts[start:]).tobytes() != wanted[start:].tobytes():
            wrong.append(start)

    threads = [threading.Thread(target=read, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def spoil_kind(path: Path) -> None:
    path.write_bytes(b"not a database, but longer than its header would be" * 100)


def spoil_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def spoil_bytes(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    for start in range(4_096, len(raw), 4_096):
        raw[start : start + 64] = b"\xa5" * 64
    path.write_bytes(raw)


def spoil_rows(statement: str) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        connection = sqlite3.connect(path)
        with connection:
            connection.executescript(statement)
        connection.close()

    return spoil


SPOILS: dict[str, Callable[[Path], None]] = {
    "no database": spoil_kind,
    "pages overwritten": spoil_bytes,
    "cut": spoil_end,
    "short vector": spoil_rows("UPDATE vectors SET vector = substr(vector, 1, 12) WHERE rowid = 7"),
    "other vector": spoil_rows("UPDATE vectors SET vector = zeroblob(32) WHERE rowid = 7"),
    "vector of another text": spoil_rows(
        "UPDATE vectors SET (vector, crc) = (SELECT vector, crc FROM vectors WHERE rowid = 8) WHERE rowid = 7"
    ),
    "other version": spoil_rows("PRAGMA user_version = 99"),
    "other tables": spoil_rows("DROP TABLE vectors; CREATE TABLE vectors (colour TEXT)"),
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=SPOILS)
def test_a_file_that_is_not_what_was_written_is_set_aside(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "vectors.sqlite3"
    filled(path)
    spoil(path)
    cache = VectorCache.open(path, Spelled())
    assert cache.embed(TEXTS).tobytes() == Spelled().embed(TEXTS).tobytes()
    assert cache.embedded == len(TEXTS)
    (note,) = cache.notes
    assert "was damaged" in note
    assert "vectors.sqlite3.damaged" in note
    assert (tmp_path / "vectors.sqlite3.damaged").exists()
    cache.close()
    sound = VectorCache.open(path, Spelled(fail_at=0))
    assert sound.embed(TEXTS).tobytes() == Spelled().embed(TEXTS).tobytes()
    assert sound.notes == ()


def test_a_log_left_by_the_damaged_file_does_not_enter_the_new_one(tmp_path: Path) -> None:
    path, more = tmp_path / "v", [f"more {number}" for number in range(300)]
    filled(path, more)
    killed = VectorCache.open(path, Spelled())
    killed.embed(TEXTS[:2])
    # As after a kill: the file and its log, which is written back only when it is closed.
    left = tmp_path / "left"
    left.mkdir()
    for name in ("v", "v-wal"):
        (left / name).write_bytes((tmp_path / name).read_bytes())
    killed.close()
    spoil_bytes(left / "v")
    # Whoever closes the file last deletes the log, so another process keeps it open.
    script = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); print(*c.execute('PRAGMA user_version')); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script, str(left / "v")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"(1,)\n"
        cache = VectorCache.open(left / "v", Spelled())
        assert cache.embed([*TEXTS, *more]).tobytes() == Spelled().embed([*TEXTS, *more]).tobytes()
        assert cache.embedded == len(TEXTS) + len(more), "the damaged pages were seen"
        assert len(cache.notes) == 1
        other.kill()


def test_embedders_do_not_see_each_other_s_vectors_and_pruning_keeps_one_s_own(tmp_path: Path) -> None:
    path = tmp_path / "v"
    filled(path)
    other = VectorCache.open(path, Spelled("spelled-2"))
    assert other.embed(TEXTS).tobytes() == Spelled("spelled-2").embed(TEXTS).tobytes()
    assert other.embedded == len(TEXTS)
    assert other.prune() == len(TEXTS)
    assert other.prune() == 0
    assert other.embed(TEXTS).tobytes() == Spelled("spelled-2").embed(TEXTS).tobytes()
    assert other.embedded == len(TEXTS)
    other.close()
    other.close()
    first = VectorCache.open(path, Spelled())
    first.embed(TEXTS)
    assert first.embedded == len(TEXTS)


def test_a_place_that_cannot_hold_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(IndexUnavailable, match=r"vector cache .*/file/v cannot be made"):
        VectorCache.open(tmp_path / "file" / "v", Spelled())
    with pytest.raises(IndexUnavailable, match="cannot be used: unable to open"):
        VectorCache.open(tmp_path, Spelled())


def test_a_writer_that_never_ends_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BUSY_S", 0.05)
    filled(tmp_path / "v")
    writer = sqlite3.connect(tmp_path / "v")
    writer.execute("BEGIN IMMEDIATE")
    cache = VectorCache.open(tmp_path / "v", Spelled())
    assert len(cache.embed(TEXTS)) == len(TEXTS), "what is on file can be read meanwhile"
    with pytest.raises(IndexUnavailable, match=r"locked.*no other process") as caught:
        cache.embed(["new"])
    assert caught.value.retryable
    writer.rollback()
    writer.close()
    assert cache.embed(["new"]).tobytes() == Spelled().embed(["new"]).tobytes()
