"""Bytes become UTF-8 without guessing: by byte order mark, by UTF-8's own check, else only when detection is sure."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from agent.errors import EncodingUnknown
from agent.intake.charsets import guess_charset, name_charset, resolve_declared

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CHUNK = 1 << 20
_HEAD = 4_096
_SAMPLE = 1 << 18
_SPOOL = 16 << 20
_MAX_DAMAGE = 20
_ESCAPED = re.compile("[\udc80-\udcff]")
"""An invalid byte as Python's surrogateescape keeps it; valid UTF-8 cannot produce one."""
_ESCAPED_RUN = re.compile("[\udc80-\udcff]+")
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True)
class Utf8Input:
    """A seekable stream whose bytes are meant as UTF-8, and what was done to get there."""

    stream: BinaryIO
    start: int
    """Offset of the first byte after a byte order mark."""
    size: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Scan:
    """How far a stream is UTF-8: its size, invalid bytes, the first of them, and continuation bytes that fit."""

    size: int
    faults: int
    first_fault: int
    continuations: int


def spool(stream: BinaryIO) -> BinaryIO:
    """A seekable copy of a pipe: detection has to read it twice. Large ones go to a temporary file."""
    copy = _new_spool()
    while chunk := stream.read(_CHUNK):
        copy.write(chunk)
    copy.seek(0)
    return copy


def open_as_utf8(stream: BinaryIO, source: str) -> Utf8Input:
    """The same content as UTF-8; bytes that stay invalid are judged later, piece by piece, by `decode_utf8`.

    Raises EncodingUnknown when a UTF-16 or UTF-32 stream breaks its own rules.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    for bom, codec in _BOMS:
        if head.startswith(bom):
            return _transcode_wide(stream, codec, len(bom), source)
    if wide := _find_wide_without_bom(head):
        return _transcode_wide(stream, wide, 0, source)
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    scan = _scan_utf8(stream, start)
    as_it_is = Utf8Input(stream, start, scan.size)
    if scan.faults <= scan.continuations:  # UTF-8, damaged or mixed at most
        return as_it_is
    declared = _DECLARED.search(head) if head.lstrip().startswith(b"<") else None
    charset = resolve_declared(declared[1].decode("ascii")) if declared else None
    note = "Read as {}, as the page declares."
    if charset is None:
        charset, note = guess_charset(_take_sample(stream, scan)), "Read as {}."
    if charset is None:
        return as_it_is
    try:
        recoded = _transcode(stream, charset, start)
    except UnicodeDecodeError:
        return as_it_is
    return Utf8Input(recoded, 0, _measure(recoded), (note.format(name_charset(charset)),))


def decode_utf8(raw: bytes, source: str, offset: int = 0) -> tuple[str, tuple[str, ...]]:
    """A piece of the input (a file, a row) as text, and a note where few invalid bytes became U+FFFD.

    ``offset`` is where the piece begins in the file. Raises EncodingUnknown, with the byte offset of the first
    invalid byte, unless nearly all of the piece is UTF-8.
    """
    try:
        return raw.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        first = offset + error.start
    escaped = raw.decode("utf-8", "surrogateescape")
    faults = len(_ESCAPED.findall(escaped))
    places = list(islice(_find_places(escaped, offset), _MAX_DAMAGE + 1))
    mostly_utf8 = len(raw) - len(escaped) >= 5 * faults
    mostly_ascii = faults <= 3 and len(raw) >= 200 * faults
    if len(places) > _MAX_DAMAGE or not (mostly_utf8 or mostly_ascii):
        raise EncodingUnknown(
            f"{source}: the bytes are not UTF-8 (first invalid byte at offset {first:,}) and no other encoding "
            "fits with certainty; save the file as UTF-8 and import it again."
        )
    where = ", ".join(f"{place:,}" for place in places)
    note = f"Bytes that are not UTF-8 were replaced by U+FFFD at byte offset {where}."
    return _ESCAPED_RUN.sub("\ufffd", escaped), (note,)


def _new_spool() -> BinaryIO:
    # Returned open on purpose: whoever reads the input closes it by letting go of it.
    return cast(BinaryIO, tempfile.SpooledTemporaryFile(max_size=_SPOOL))


def _find_wide_without_bom(head: bytes) -> str | None:
    """UTF-16 without a mark shows in NULs that keep to even or to odd places."""
    pairs = len(head) // 2
    if pairs < 4:
        return None
    even, odd = head[0 : 2 * pairs : 2].count(0), head[1 : 2 * pairs : 2].count(0)
    for wide, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros * 10 >= pairs and others * 100 <= pairs:
            return wide
    return None


def _transcode_wide(stream: BinaryIO, codec: str, start: int, source: str) -> Utf8Input:
    try:
        recoded = _transcode(stream, codec, start)
    except UnicodeDecodeError as error:
        raise EncodingUnknown(
            f"{source}: it looks like {codec.upper()} but is not valid ({error.reason}, about byte offset "
            f"{start + error.start:,}); save the file as UTF-8 and import it again."
        ) from error
    marked = "" if start else " without a byte order mark"
    return Utf8Input(recoded, 0, _measure(recoded), (f"Read as {codec.upper()}{marked}.",))


def _transcode(stream: BinaryIO, codec: str, start: int) -> BinaryIO:
    """A UTF-8 copy of the stream. Raises UnicodeDecodeError with ``start`` counted from the first byte read."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    copy = _new_spool()
    stream.seek(start)
    done = 0
    while True:
        chunk = stream.read(_CHUNK)
        pending = len(decoder.getstate()[0])
        try:
            copy.write(decoder.decode(chunk, final=not chunk).encode("utf-8"))
        except UnicodeDecodeError as error:
            error.start += done - pending
            raise
        if not chunk:
            copy.seek(0)
            return copy
        done += len(chunk)


def _scan_utf8(stream: BinaryIO, start: int) -> _Scan:
    """One pass in constant memory; a valid file costs a decode of its bytes and little else."""
    stream.seek(start)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    position, faults, first_fault, continuations = start, 0, -1, 0
    while True:
        chunk = stream.read(_CHUNK)
        text = decoder.decode(chunk, final=not chunk)
        size = len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))
        continuations += size - len(text)
        found = [] if text.isascii() else _ESCAPED.findall(text)
        if found and not faults:
            first_fault = next(_find_places(text, position))
        faults += len(found)
        position += size
        if not chunk:
            return _Scan(position, faults, first_fault, continuations)


def _find_places(escaped: str, offset: int) -> Iterator[int]:
    """Byte offsets of the invalid places, each a run of escaped bytes."""
    seen = 0
    for run in _ESCAPED_RUN.finditer(escaped):
        offset += len(escaped[seen : run.start()].encode("utf-8", "surrogateescape"))
        yield offset
        seen = run.start()


def _take_sample(stream: BinaryIO, scan: _Scan) -> bytes:
    """Whole lines from the first foreign byte on: plain ASCII tells nothing about an encoding."""
    stream.seek(0)
    if scan.size <= _SAMPLE:
        return stream.read()
    before = max(0, scan.first_fault - _CHUNK)
    stream.seek(before)
    lead = stream.read(scan.first_fault - before)
    stream.seek(before + lead.rfind(b"\n") + 1)
    sample = stream.read(_SAMPLE)
    return sample[: sample.rfind(b"\n") + 1] or sample


def _measure(stream: BinaryIO) -> int:
    end = stream.seek(0, 2)
    stream.seek(0)
    return end
