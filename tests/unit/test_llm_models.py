"""Building models: names, limits, and what is said when something is missing."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from langchain_core.caches import InMemoryCache
from pydantic import SecretStr, ValidationError

from agent.domain.record import Usage
from agent.domain.summary import draft_schema
from agent.errors import ModelError, ModelNotConfigured, Refused, ReplyInvalid, ReplyTruncated, SettingInvalid
from agent.llm.answer import Answer, judge_answer
from agent.llm.behaviours import FAULTS, fault, load_behaviours
from agent.llm.callcache import identify_call
from agent.llm.models import ModelSpec, build_chat_model
from agent.llm.schema import adapt_schema
from agent.llm.telemetry import disable_telemetry


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


def test_openai_gets_no_retries_and_explicit_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")
    cache = InMemoryCache()
    spec = ModelSpec(name="openai:gpt-4.1", api_key=SecretStr("k"), timeout_s=7, max_output_tokens=99)
    built = build_chat_model(spec, cache)
    assert built.max_retries == 0  # type: ignore[attr-defined]
    assert built.request_timeout == 7  # type: ignore[attr-defined]
    assert built.max_tokens == 99  # type: ignore[attr-defined]
    assert built.temperature == 0  # type: ignore[attr-defined]
    assert str(built.root_async_client.base_url) == "https://api.openai.com/v1/"  # type: ignore[attr-defined]
    assert built.root_async_client.max_retries == 0  # type: ignore[attr-defined]
    assert built.cache is cache


def test_azure_is_built_from_address_version_and_deployment() -> None:
    spec = ModelSpec(
        name="azure_openai:triage-4",
        base_url="https://bank.example",
        api_key=SecretStr("k"),
        api_version="2024-10-21",
    )
    built = build_chat_model(spec, None)
    assert built.deployment_name == "triage-4"  # type: ignore[attr-defined]
    assert built.max_retries == 0  # type: ignore[attr-defined]
    with pytest.raises(ModelNotConfigured, match="TRIAGE_API_VERSION"):
        build_chat_model(spec.model_copy(update={"api_version": None}), None)


def test_a_server_of_ones_own_needs_no_key() -> None:
    build_chat_model(ModelSpec(name="openai:any", base_url="http://127.0.0.1:9/v1"), None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("openai:gpt-4.1", "TRIAGE_API_KEY"),
        ("anthropic:claude", "pip install langchain-anthropic"),
        ("nosuch:model", "provider:name"),
        ("openai:gpt-4", "JSON schema"),
        ("gguf:/nowhere/m.gguf", "/nowhere/m.gguf"),
        ("scripted:/nowhere/r.yaml", "/nowhere/r.yaml"),
    ],
)
def test_what_is_missing_is_named(name: str, words: str) -> None:
    with pytest.raises(ModelNotConfigured, match=words):
        build_chat_model(ModelSpec(name=name), None)


@pytest.mark.parametrize("name", ["gpt-4.1", "openai:", "", ":x", "Open AI:x"])
def test_a_name_without_provider_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        ModelSpec(name=name)


def test_a_key_shows_nowhere() -> None:
    spec = ModelSpec(name="openai:x", base_url="https://ana:hush@llm.example/v1?k=hush", api_key=SecretStr("hush"))
    shown = identify_call(spec, {}, 0) + str(spec.parameters()) + str(spec.endpoint) + str(spec.api_key)
    assert "hush" not in shown
    assert spec.endpoint == "https://llm.example/v1"


def test_what_makes_a_call_the_same_call() -> None:
    spec = ModelSpec(name="openai:x", base_url="http://127.0.0.1:9/v1")
    key = identify_call(spec, {"a": 1}, 0)
    assert key == identify_call(spec.model_copy(update={"timeout_s": 3.0, "api_key": SecretStr("n")}), {"a": 1}, 0)
    changed = [
        identify_call(spec.model_copy(update={"temperature": 1.0}), {"a": 1}, 0),
        identify_call(spec.model_copy(update={"max_output_tokens": 5}), {"a": 1}, 0),
        identify_call(spec.model_copy(update={"name": "openai:y"}), {"a": 1}, 0),
        identify_call(spec.model_copy(update={"base_url": "http://127.0.0.1:8/v1"}), {"a": 1}, 0),
        identify_call(spec, {"a": 2}, 0),
        identify_call(spec, {"a": 1}, 1),
    ]
    assert len({key, *changed}) == 7


def test_strict_mode_loses_only_what_openai_refuses() -> None:
    strict, bounded = adapt_schema(draft_schema(), strict=True), adapt_schema(draft_schema(), strict=False)
    assert "maxLength" in json.dumps(bounded)
    assert "maxLength" not in json.dumps(strict)
    assert "minLength" not in json.dumps(strict)
    assert "maxItems" in json.dumps(strict)
    assert "pattern" in json.dumps(strict)
    assert strict["properties"].keys() == bounded["properties"].keys()
    assert strict["title"]


def test_a_property_named_like_a_keyword_is_kept() -> None:
    schema = {"type": "object", "properties": {"default": {"type": "string", "maxLength": 3}}}
    assert adapt_schema(schema, strict=True)["properties"] == {"default": {"type": "string"}}


def test_strictness_belongs_to_openai_and_azure() -> None:
    assert ModelSpec(name="openai:gpt-4.1").enforces_strictly
    assert ModelSpec(name="azure_openai:d", base_url="https://bank.example").enforces_strictly
    assert not ModelSpec(name="openai:m", base_url="http://127.0.0.1:9/v1").enforces_strictly
    assert not ModelSpec(name="anthropic:c").enforces_strictly


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("MAX_TOKENS", ReplyTruncated),
        ("max_tokens", ReplyTruncated),
        ("length", ReplyTruncated),
        ("SAFETY", Refused),
        ("refusal", Refused),
        ("content_filter", Refused),
    ],
)
def test_finish_reasons_of_other_providers(reason: str, error: type[ModelError]) -> None:
    with pytest.raises(error) as caught:
        judge_answer(Answer("half", "m", Usage(), finish_reason=reason))
    assert caught.value.raw == "half"  # type: ignore[attr-defined]


@pytest.mark.parametrize("reason", ["stop", "end_turn", "STOP", ""])
def test_finish_reasons_of_a_whole_answer(reason: str) -> None:
    judge_answer(Answer("whole", "m", Usage(), finish_reason=reason))
    with pytest.raises(ReplyInvalid):
        judge_answer(Answer(" ", "m", Usage(), finish_reason=reason))


def test_telemetry_is_off_even_when_a_shell_switched_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import langsmith.utils as langsmith

    for name in ("LANGSMITH_TRACING", "LANGCHAIN_TRACING_V2", "LANGSMITH_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    monkeypatch.setenv("LANGSMITH_GATEWAY", "true")
    for name in ("LANGCHAIN_TRACING", "ANONYMIZED_TELEMETRY", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
        monkeypatch.delenv(name, raising=False)
    langsmith.get_env_var.cache_clear()  # type: ignore[attr-defined]
    assert langsmith.tracing_is_enabled()
    disable_telemetry()
    assert not langsmith.tracing_is_enabled()
    assert os.environ["LANGSMITH_GATEWAY"] == "false"
    assert os.environ["ANONYMIZED_TELEMETRY"] == "False"


def test_every_fault_can_be_scripted(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(
        "\n".join(f"- fault: {name}" for name in FAULTS)
        + "\n- reply: {answer: yes}\n  latency_s: 0.5\n- fault: rate_limited\n  headers: {Retry-After: '9'}\n",
        encoding="utf-8",
    )
    behaviours = load_behaviours(script)
    assert len(behaviours) == len(FAULTS) + 2
    assert behaviours[-2].latency_s == 0.5
    assert behaviours[-1].headers == {"Retry-After": "9"}


@pytest.mark.parametrize("entry", ["- fault: nosuch", "- 3", "- answer: 1", "[]", "{}", "- fault: hang\n  nosuch: 1"])
def test_a_script_that_cannot_be_read_is_refused(tmp_path: Path, entry: str) -> None:
    script = tmp_path / "script.yaml"
    script.write_text(entry, encoding="utf-8")
    with pytest.raises(SettingInvalid):
        load_behaviours(script)


def test_unknown_fault_lists_the_known() -> None:
    with pytest.raises(SettingInvalid, match="drip"):
        fault("nosuch")
