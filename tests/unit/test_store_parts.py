"""The store's pure parts: call keys, replies as JSON, erasure keys, error sentences, table and DDL details."""

from __future__ import annotations

import json
import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, Generation
from pydantic import BaseModel
from sqlalchemy import create_engine, create_mock_engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.schema import CreateTable

from agent.domain.record import Usage
from agent.errors import RecordConflict, StoreBusy, StoreError
from agent.store.audit import hash_entry
from agent.store.callkeys import identify_call
from agent.store.content import name_key, salted_hash
from agent.store.dialects import adapt_ddl, forbid_changes, name_writer, translate_error
from agent.store.migrations import MIGRATIONS
from agent.store.replies import read_model_name, read_reply, read_usage, write_reply
from agent.store.tables import metadata

SERIALISED = {
    "id": ["langchain", "chat_models", "openai", "ChatOpenAI"],
    "kwargs": {
        "model_name": "gpt-x",
        "temperature": 0.0,
        "max_retries": 0,
        "request_timeout": 30.0,
        "openai_api_base": "https://user:secret@host/v1",
        "openai_api_key": {"id": ["OPENAI_API_KEY"], "lc": 1, "type": "secret"},
    },
    "lc": 1,
    "name": "ChatOpenAI",
    "type": "constructor",
}


def describe(call: str = "[('stop', None)]", **changes: object) -> str:
    model = SERIALISED | {"kwargs": {**SERIALISED["kwargs"], **changes}}  # type: ignore[dict-item]
    return json.dumps(model, sort_keys=True) + "---" + call


def test_a_call_is_named_and_keeps_listed_parameters_only() -> None:
    call = identify_call("Q", describe("[('seed', 7), ('stop', ['END'])]"))
    assert (call.provider, call.model) == ("ChatOpenAI", "gpt-x")
    assert call.parameters == {"temperature": 0.0, "seed": 7, "stop": ["END"]}
    assert "secret" not in json.dumps(call.__dict__)


def test_the_key_follows_the_question_and_not_the_connection() -> None:
    key = identify_call("Q", describe()).key
    assert identify_call("Q", describe(request_timeout=99.0, max_retries=3, default_headers={"a": "b"})).key == key
    others = [
        identify_call("Q ", describe()),
        identify_call("Q", describe(temperature=0.1)),
        identify_call("Q", describe(model_name="gpt-y")),
        identify_call("Q", describe(openai_api_base="https://elsewhere/v1")),
        identify_call("Q", describe("[('response_format', {'type': 'json_schema'}), ('stop', None)]")),
        identify_call("Q", describe(), sample=1),
    ]
    assert len({key, *(call.key for call in others)}) == 7


@given(st.text(), st.text(), st.text(), st.text())
def test_prompt_and_model_cannot_trade_characters(one: str, two: str, three: str, four: str) -> None:
    same = identify_call(one, two).key == identify_call(three, four).key
    assert same == ((one, two) == (three, four))


@pytest.mark.parametrize(
    "described",
    ["", "{", "{}---", "[('a', <object>)]", "[1, 2]", '{"kwargs": {}}---[(', "(" * 5_000, "[('_type', 'x')"],
)
def test_a_description_that_cannot_be_read_still_has_a_key(described: str) -> None:
    call = identify_call("Q", described)
    assert call.key.startswith("sha256:")
    assert call.parameters == {}


class Extra(BaseModel):
    """A parsed reply."""

    stage: str


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.text(), st.dictionaries(st.text(), JSON_VALUES, max_size=4), st.dictionaries(st.text(), JSON_VALUES, max_size=4)
)
def test_a_reply_comes_back_as_it_was(text: str, extras: dict[str, object], metadata: dict[str, object]) -> None:
    message = AIMessage(content=text, additional_kwargs=extras, response_metadata=metadata, id="run-1")
    generations = [ChatGeneration(message=message, generation_info={"finish_reason": "stop"})]
    assert read_reply(write_reply(generations)) == generations


def test_tool_calls_content_blocks_and_plain_generations_come_back() -> None:
    message = AIMessage(
        content=[{"type": "text", "text": "a"}],
        tool_calls=[{"name": "f", "args": {"x": 1}, "id": "t1", "type": "tool_call"}],
        usage_metadata={"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
    )
    generations: list[Generation] = [ChatGeneration(message=message), Generation(text="old style")]
    assert read_reply(write_reply(generations)) == generations


def test_foreign_objects_among_the_extras_never_lose_the_answer() -> None:
    extras = {"parsed": Extra(stage="charged"), "odd": {1, 2}, "object": range(2)}
    (found,) = read_reply(write_reply([ChatGeneration(message=AIMessage("x", additional_kwargs=extras))]))
    assert isinstance(found, ChatGeneration)
    assert found.message.additional_kwargs == {"parsed": {"stage": "charged"}, "odd": [1, 2], "object": "range(0, 2)"}


def test_usage_and_model_are_read_where_they_are_stated() -> None:
    silent = [ChatGeneration(message=AIMessage("x"))]
    assert read_usage(silent) == Usage(calls=1)
    assert read_model_name(silent) is None
    assert read_usage([Generation(text="x")]) == Usage(calls=1)
    named = [ChatGeneration(message=AIMessage("x", response_metadata={"model_name": "m-1"}))]
    assert read_model_name(named) == "m-1"


def test_erasure_keys_fold_what_does_not_make_another_person() -> None:
    assert name_key("  Ilda\u00a0\n MORAVEC") == name_key("ilda moravec") == name_key("Ｉｌｄａ Moravec")
    assert name_key("Ilda Moravec") != name_key("Ilda Moravek")


def test_salted_hashes_need_the_salt() -> None:
    assert salted_hash("a", "k", "body") != salted_hash("b", "k", "body")
    assert salted_hash("a", "k", "body") == salted_hash("a", "k", "body")


@given(
    st.dictionaries(st.sampled_from(["writer", "at", "actor", "previous"]), st.text() | st.none(), min_size=1),
    st.text(min_size=1),
)
def test_an_entrys_hash_covers_every_column_but_itself(row: dict[str, str | None], other: str) -> None:
    assert hash_entry(row) == hash_entry(row | {"hash": other})
    for name, part in row.items():
        if part != other:
            assert hash_entry(row | {name: other}) != hash_entry(row)


@pytest.mark.parametrize(
    ("code", "kind", "words"),
    [
        ("SQLITE_BUSY", StoreBusy, "held by another process"),
        ("SQLITE_BUSY_SNAPSHOT", StoreBusy, "held by another process"),
        ("SQLITE_FULL", StoreError, "no room left"),
        ("SQLITE_READONLY_DBMOVED", StoreError, "check who owns"),
        ("SQLITE_CANTOPEN", StoreError, "cannot be opened"),
        ("SQLITE_IOERR_READ", StoreError, "cannot be opened or read"),
        ("SQLITE_CORRUPT", StoreError, "latest backup"),
        ("SQLITE_NOTADB", StoreError, "latest backup"),
        ("SQLITE_ERROR", StoreError, "failed: the driver's words"),
    ],
)
def test_driver_errors_become_sentences_that_name_the_file(code: str, kind: type[StoreError], words: str) -> None:
    engine = create_engine("sqlite:////data/triage.db")
    cause = sqlite3.OperationalError("the driver's words")
    cause.sqlite_errorname = code
    for error in (cause, OperationalError("SELECT 1", {}, cause)):
        translated = translate_error(error, engine)
        assert type(translated) is kind
        assert "'/data/triage.db'" in str(translated)
        assert words in str(translated)


def test_contradictions_and_an_exhausted_pool_have_their_own_errors() -> None:
    engine = create_engine("sqlite:////data/triage.db")
    refused = IntegrityError("INSERT", {"body": "a name"}, sqlite3.IntegrityError("UNIQUE constraint failed"))
    translated = translate_error(refused, engine)
    assert isinstance(translated, RecordConflict)
    assert "a name" not in str(translated), "messages do not carry what was written"
    assert isinstance(translate_error(PoolTimeout("full"), engine), StoreBusy)


def test_what_the_databases_spell_differently_is_spelled_for_each() -> None:
    assert adapt_ddl("sqlite", "seq {serial}") == "seq INTEGER PRIMARY KEY AUTOINCREMENT"
    assert "IDENTITY" in adapt_ddl("postgresql", "seq {serial}")
    assert all(
        "records" in statement for name in ("sqlite", "postgresql") for statement in forbid_changes(name, "records")
    )
    assert name_writer(create_engine("sqlite:////x")) == "main"


def test_every_table_is_created_by_a_migration_and_compiles_for_postgres() -> None:
    created = " ".join(statement for migration in MIGRATIONS for statement in migration.statements)
    for table in metadata.sorted_tables:
        if table.name != "schema_migrations":
            assert f"CREATE TABLE {table.name} (" in created
        assert str(CreateTable(table).compile(dialect=create_mock_engine("postgresql://", lambda *_: None).dialect))
