"""Builds side by side: the pointer, the locks, the hashes, and what a sweep may take."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.domain.base import Frozen
from agent.errors import IndexUnavailable
from retrieval.layout import (
    FolderHeld,
    FolderLock,
    check_files,
    current_build,
    hash_files,
    is_build_name,
    lock_current,
    measure_folder,
    name_build,
    new_build,
    point_to,
    read_manifest,
    sweep_builds,
    write_manifest,
)
from retrieval.standing import Standing


class _Manifest(Frozen):
    generation: int


class _Opened:
    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False

    def close(self) -> None:
        self.closed = True


def make_build(root: Path, *, current: bool = True) -> Path:
    build = new_build(root)
    if current:
        point_to(root, build)
    return build


class TestPointer:
    def test_there_is_no_build_before_the_first(self, tmp_path: Path) -> None:
        assert current_build(tmp_path) is None
        assert current_build(tmp_path / "absent") is None
        assert lock_current(tmp_path, "held") is None

    def test_it_names_the_build_put_in_use_last(self, tmp_path: Path) -> None:
        first, second = make_build(tmp_path), make_build(tmp_path, current=False)
        assert current_build(tmp_path) == first
        point_to(tmp_path, second)
        assert current_build(tmp_path) == second

    def test_names_of_builds_are_told_from_others_and_sort_by_time(self) -> None:
        names = [name_build() for _ in range(3)]
        assert all(map(is_build_name, names))
        assert names == sorted(names)
        assert not any(map(is_build_name, ["", "..", "x/../y", "20261122T165417450500-", "current"]))


class TestLocks:
    def test_an_exclusive_lock_keeps_everybody_out_and_names_its_holder(self, tmp_path: Path) -> None:
        path = tmp_path / "a.lock"
        lock = FolderLock.acquire(path, "Held")
        for shared in (False, True):
            with pytest.raises(FolderHeld, match=rf"^Held \(pid {os.getpid()}\)\. Do this\.$"):
                FolderLock.acquire(path, "Held", shared=shared, remedy="Do this.")
        lock.release()
        lock.release()
        FolderLock.acquire(path, "Held").release()

    def test_shared_locks_stand_beside_each_other_and_keep_an_exclusive_one_out(self, tmp_path: Path) -> None:
        path = tmp_path / "a.lock"
        first, second = (FolderLock.acquire(path, "Held", shared=True) for _ in range(2))
        first.release()
        with pytest.raises(FolderHeld):
            FolderLock.acquire(path, "Held")
        second.release()
        FolderLock.acquire(path, "Held").release()

    def test_a_lock_that_cannot_be_made_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(IndexUnavailable, match="cannot be opened for locking"):
            FolderLock.acquire(tmp_path / "absent" / "a.lock", "Held")


class TestSweep:
    def test_it_takes_what_is_neither_current_nor_open(self, tmp_path: Path) -> None:
        old, open_one = make_build(tmp_path), make_build(tmp_path)
        found = lock_current(tmp_path, "held", shared=True)
        assert found is not None
        assert found[0] == open_one
        current = make_build(tmp_path)
        sweep_builds(tmp_path)
        assert sorted((tmp_path / "builds").iterdir()) == sorted([open_one, current])
        assert not old.exists()
        found[1].release()
        sweep_builds(tmp_path)
        assert [*(tmp_path / "builds").iterdir()] == [current]

    def test_a_build_that_is_swept_while_it_is_opened_is_not_missed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        make_build(tmp_path)
        acquire = FolderLock.acquire

        def overtaken(path: Path, held: str, *, shared: bool = False, remedy: str = "") -> FolderLock:
            monkeypatch.setattr(FolderLock, "acquire", staticmethod(acquire))
            make_build(tmp_path)
            sweep_builds(tmp_path)
            return acquire(path, held, shared=shared, remedy=remedy)

        monkeypatch.setattr(FolderLock, "acquire", staticmethod(overtaken))
        found = lock_current(tmp_path, "held")
        assert found is not None
        assert found[0] == current_build(tmp_path)
        found[1].release()


class TestFiles:
    def test_every_kind_of_change_is_noticed(self, tmp_path: Path) -> None:
        (tmp_path / "a.bin").write_bytes(b"one")
        (tmp_path / "index_metadata.pickle").write_bytes(b"two")
        (tmp_path / "open.lock").write_bytes(b"")
        hashes = hash_files(tmp_path)
        assert set(hashes) == {"a.bin", "index_metadata.pickle"}
        check_files(tmp_path, hashes)
        for change in (lambda: (tmp_path / "a.bin").write_bytes(b"onf"), (tmp_path / "a.bin").unlink):
            change()
            with pytest.raises(IndexUnavailable, match=r"a\.bin is missing or changed\. Run `triage index build`"):
                check_files(tmp_path, hashes)

    def test_a_manifest_comes_back_or_is_told(self, tmp_path: Path) -> None:
        write_manifest(tmp_path, _Manifest(generation=3))
        assert read_manifest(tmp_path, _Manifest).generation == 3
        for content in ("", "{}", '{"generation": "x"}', '{"generation": 1, "more": 2}'):
            (tmp_path / "manifest.json").write_text(content)
            with pytest.raises(IndexUnavailable, match=r"manifest\.json \(malformed\)\. Run"):
                read_manifest(tmp_path, _Manifest)
        (tmp_path / "manifest.json").unlink()
        with pytest.raises(IndexUnavailable, match="No such file"):
            read_manifest(tmp_path, _Manifest)

    def test_a_folder_is_measured(self, tmp_path: Path) -> None:
        assert measure_folder(tmp_path / "absent") == 0
        (tmp_path / "below").mkdir()
        (tmp_path / "below" / "a").write_bytes(b"12345")
        assert measure_folder(tmp_path) == 5


class TestStanding:
    def test_it_opens_once_and_again_only_when_the_pointer_moves(self, tmp_path: Path) -> None:
        opened: list[_Opened] = []

        def open_current() -> _Opened | None:
            build = current_build(tmp_path)
            if build is None:
                return None
            opened.append(_Opened(build.name))
            return opened[-1]

        standing = Standing(tmp_path, open_current)
        with standing.lease() as nothing:
            assert nothing is None
        first = make_build(tmp_path)
        for _ in range(3):
            with standing.lease() as one:
                assert one is not None
                assert one.name == first.name
        with standing.lease() as old:
            second = make_build(tmp_path)
            with standing.lease() as new:
                assert new is not None
                assert new.name == second.name
            assert old is opened[0]
            assert not opened[0].closed  # a search is in it
        assert opened[0].closed
        standing.close()
        assert opened[1].closed
        assert len(opened) == 2

    def test_a_new_build_that_is_held_elsewhere_leaves_the_old_one_in_use(self, tmp_path: Path) -> None:
        make_build(tmp_path)
        answers: list[_Opened | FolderHeld] = [_Opened("old"), FolderHeld("x"), FolderHeld("x"), _Opened("new")]

        def open_current() -> _Opened:
            answer = answers.pop(0)
            if isinstance(answer, FolderHeld):
                raise answer
            return answer

        standing = Standing(tmp_path, open_current)
        names = []
        for _ in range(4):
            with standing.lease() as one:
                assert one is not None
                names.append(one.name)
            if len(names) == 1:
                make_build(tmp_path)
        assert names == ["old", "old", "old", "new"]

    def test_the_first_build_held_elsewhere_is_told(self, tmp_path: Path) -> None:
        def held() -> _Opened:
            raise FolderHeld("held")

        with pytest.raises(FolderHeld), Standing(tmp_path, held).lease():
            pass
