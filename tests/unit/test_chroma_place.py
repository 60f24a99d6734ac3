"""One setting says where Chroma lives; what cannot be a place is refused with what to write."""

from __future__ import annotations

import pytest

from agent.errors import SettingInvalid
from retrieval.chroma.place import ChromaPlace


@pytest.mark.parametrize(
    ("setting", "place", "shown"),
    [
        ("embedded", ChromaPlace("embedded"), "embedded"),
        ("shared", ChromaPlace("shared"), "shared"),
        ("http://chroma.bank.example:8123", ChromaPlace("http", "chroma.bank.example", 8123), None),
        ("http://127.0.0.1:9/", ChromaPlace("http", "127.0.0.1", 9), "http://127.0.0.1:9"),
        ("http://chroma", ChromaPlace("http", "chroma", 8000), "http://chroma:8000"),
        ("https://chroma", ChromaPlace("http", "chroma", 443, encrypted=True), "https://chroma:443"),
        ("http://[::1]:8000", ChromaPlace("http", "::1", 8000), None),
    ],
)
def test_each_place_is_read_and_shown(setting: str, place: ChromaPlace, shown: str | None) -> None:
    assert ChromaPlace.parse(setting) == place
    assert str(place) == (shown or setting)


@pytest.mark.parametrize(
    "setting",
    ["", "Embedded", "chroma:8000", "http://", "http://:8000", "http://host:port", "http://host:99999", "ftp://host:1",
     "http://name:secret@host:8000", "http://host:8000/path", "http://host:8000?x=1", "http://[::1", "shared "],
)  # fmt: skip
def test_anything_else_is_refused_with_what_to_write(setting: str) -> None:
    with pytest.raises(SettingInvalid, match=r"TRIAGE_CHROMA is .* write embedded, shared, or .*http://host:port\."):
        ChromaPlace.parse(setting)
