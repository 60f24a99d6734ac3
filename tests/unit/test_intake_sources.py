"""Files, directories and standard input, and what arbitrary bytes do to them."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agent.domain.alert import Alert
from agent.domain.record import TriageFailure
from agent.intake import FORMATS, read_alerts
from tests.unit.intake_samples import feed, only_alert, payload, refusal, row

TEXT = "Name: Lina Ortvald Alert ID: T-1\nThe firm was fined."


def test_a_directory_is_read_in_order_and_unknown_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.txt").write_text(TEXT)
    (tmp_path / ".hidden.json").write_text("{}")
    (tmp_path / "b" / "one.TXT").write_text(TEXT)
    (tmp_path / "a.jsonl").write_text(row(alert_id="A-1") + "\n" + row(alert_id="A-2"))
    (tmp_path / "c.docx").write_bytes(b"PK")
    (tmp_path / "d.ndjson").write_text(row(alert_id="A-3"))
    outcomes = list(read_alerts([tmp_path]))
    assert [outcome.alert_id for outcome in outcomes] == ["A-1", "A-2", "T-1", None, "A-3"]
    refused = outcomes[3]
    assert isinstance(refused, TriageFailure)
    assert refused.source == str(tmp_path / "c.docx")
    assert "'.docx'" in refused.failure.message
    for suffix in (".txt", ".json", ".jsonl", ".ndjson", ".csv", ".html", ".htm"):
        assert suffix in refused.failure.message


def test_what_cannot_be_opened_is_a_value_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pipes").mkdir()
    os.mkfifo(tmp_path / "pipes" / "p.txt")
    (tmp_path / "t.txt").write_text(TEXT)
    sources: list[Path | str] = [
        "gone.txt",
        tmp_path / "empty",
        tmp_path / "pipes",
        "a\x00.txt",
        "gone",
        tmp_path / "t.txt",
    ]
    *failures, last = read_alerts(sources)
    assert isinstance(last, Alert)
    messages = [outcome.failure.message for outcome in failures if isinstance(outcome, TriageFailure)]
    sentences = [
        "gone.txt could not be read: No such file",
        "holds no files",
        "not a regular file",
        "is not a file name",
    ]
    assert all(sentence in message for sentence, message in zip(sentences, messages, strict=False))
    assert len(messages) == 5


def test_format_overrides_the_suffix_and_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "export.dat"
    path.write_text(row())
    (alert,) = read_alerts([path], format="jsonl")
    assert alert.alert_id == "A-7"
    (failure,) = read_alerts([path], format="xml")
    assert isinstance(failure, TriageFailure)
    assert "'xml' is not a format; --format takes text, json, jsonl, csv, html." in failure.failure.message
    assert "is not a format" in refusal(feed(row(), "xml"))


def test_odd_file_names_reach_neither_terminal_nor_store_raw(tmp_path: Path) -> None:
    for name in (b"bad\xff.txt", b"\x1b[31mred.txt", b"x" * 240 + b".txt"):
        raw = os.path.join(os.fsencode(tmp_path), name)
        with open(raw, "wb"):
            pass
        (failure,) = read_alerts([os.fsdecode(raw)])
        assert isinstance(failure, TriageFailure)
        assert failure.source is not None
        assert (failure.source + failure.failure.message).isprintable()
        assert failure.source.endswith(".txt:1")


@pytest.mark.parametrize(
    ("content", "alert_ids"),
    [
        (TEXT, ["T-1"]),
        ("\n\n  " + TEXT, ["T-1"]),
        (row(), ["A-7"]),
        (row() + "\n" + row(alert_id="B"), ["A-7", "B"]),
        ("\n" + row() + "\nbroken\n" + row(alert_id="B"), ["A-7", None, "B"]),
        ('{\n "alert_id": "A-7",\n "article": {"text": "x"}\n}', ["A-7"]),
        (f"[{row()}]", ["A-7"]),
        ("alert_id;article.text\nC-1;x\n", ["C-1"]),
        ('<meta name="alert-id" content="H"><p>The firm was fined.', ["H"]),
    ],
)
def test_standard_input_shows_its_format(content: str, alert_ids: list[str | None]) -> None:
    assert [outcome.alert_id for outcome in feed(content)] == alert_ids


def test_standard_input_that_shows_none_asks_for_it() -> None:
    assert "say --format text|json|jsonl|csv|html" in refusal(feed("The firm was fined."))
    assert "is empty" in refusal(feed(""))


def test_standard_input_stands_in_its_place_among_files(tmp_path: Path) -> None:
    path = tmp_path / "t.txt"
    path.write_text(TEXT)
    outcomes = list(read_alerts([path, "-", path], stdin=io.BytesIO(row().encode())))
    assert [outcome.alert_id for outcome in outcomes] == ["T-1", "A-7", "T-1"]


def test_rows_are_streamed(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("\n".join(row(alert_id=f"A-{n}") for n in range(3)))
    outcomes = read_alerts([path, "gone.txt"])
    assert next(outcomes).alert_id == "A-0"
    assert next(outcomes).alert_id == "A-1"


STARTS = [b"", TEXT.encode(), row().encode()[:-3], b"[" + row().encode() + b",", b"alert_id,article.text\nA,", b"<p>"]
STARTS += [b'<meta name="alert-id" content="H"><p>x', b"Name: Alert ID: 1\n", b'{"alert_id":"A","article":{"text":"']


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=300), st.sampled_from([*FORMATS, None]))
@example(TEXT.encode(), b"\xad\xb0\x91", "text")
@example(b"", b"\xff\xfe", "text")
@example(b"", b"\xff\xfe\x00\x00", "csv")
@example(b"", b"a\x00b\x00c\x00d\x00\x00\xd8", "jsonl")
@example(b"", b"<![CDATA[\x00]]><?x", "html")
def test_arbitrary_bytes_yield_values(start: bytes, rest: bytes, format: str | None) -> None:
    outcomes = feed(start + rest, format)
    assert outcomes
    for outcome in outcomes:
        outcome.model_dump_json().encode("utf-8")
        if isinstance(outcome, Alert):
            assert "\x00" not in outcome.article.text
        else:
            assert outcome.failure.message.isprintable()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["alert_id", "subject", "article", "received_at", "due_at", "notes"]


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4))
def test_any_json_in_any_field_yields_one_value(changes: dict[str, object]) -> None:
    outcomes = feed(json.dumps(payload(**changes)), "jsonl")
    assert len(outcomes) == 1
    if isinstance(outcomes[0], Alert):
        assert only_alert(outcomes).article.text
