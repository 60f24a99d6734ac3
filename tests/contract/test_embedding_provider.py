"""Remote embedders against a real HTTP endpoint that answers as scripted: what is sent, what is checked, what fails."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from agent.errors import (
    AccessDenied,
    EndpointInvalid,
    IndexMismatch,
    IndexUnavailable,
    QuotaExhausted,
    SettingInvalid,
    TriageError,
)
from retrieval.embedding.embedder import DescribedEmbedder
from retrieval.embedding.minilm import MiniLmEmbedder
from retrieval.embedding.provider import BATCH, WINDOW_CHARACTERS, Patience, build_embedder

Answer = Callable[[BaseHTTPRequestHandler, list[str]], None]
QUICK = Patience(timeout_s=30, attempts=3, base_s=0.001, cap_s=0.002, longest_pause_s=1.0)
HURRIED = replace(QUICK, timeout_s=1.0)
"""For the endpoint that hangs; any other has all the time it needs, on however busy a machine."""


def vector(text: str, dimension: int = 6) -> list[float]:
    """What the endpoint answers for a text: not of length 1."""
    return [byte + 1.0 for byte in hashlib.sha256(text.encode()).digest()[:dimension]]


def unit(numbers: Any) -> Any:
    return np.asarray(numbers) / np.linalg.norm(numbers)


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def send_vectors(request: BaseHTTPRequestHandler, vectors: list[Any]) -> None:
    rows = [{"object": "embedding", "index": index, "embedding": row} for index, row in enumerate(vectors)]
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    send(request, json.dumps({"object": "list", "data": rows, "model": "m", "usage": usage}).encode())


def whole(request: BaseHTTPRequestHandler, texts: list[str]) -> None:
    send_vectors(request, [vector(text) for text in texts])


def status(code: int, message: str = "as scripted", **headers: str) -> Answer:
    body = json.dumps({"error": {"message": message, "type": "scripted", "code": message}}).encode()
    return lambda request, _: send(request, body, code, **headers)


def hang(request: BaseHTTPRequestHandler, texts: list[str]) -> None:
    time.sleep(3 * HURRIED.timeout_s)
    request.close_connection = True


def hang_up(request: BaseHTTPRequestHandler, texts: list[str]) -> None:
    request.close_connection = True


FAULTS: dict[str, Answer] = {
    "500": status(500),
    "502 page": lambda request, _: send(request, b"<html>Bad gateway</html>", 502, Content_Type="text/html"),
    "429": status(429),
    "hang": hang,
    "hang up": hang_up,
    "a login page": lambda request, _: send(request, b"<html>Sign in</html>", Content_Type="text/html"),
    "cut JSON": lambda request, _: send(request, b'{"data": [{"embed'),
    "another JSON": lambda request, _: send(request, b'{"status": "ok"}'),
    "no vectors": lambda request, _: send_vectors(request, []),
    "one too few": lambda request, texts: send_vectors(request, [vector(text) for text in texts[1:]]),
    "one too many": lambda request, texts: send_vectors(request, [vector(text) for text in [*texts, "more"]]),
    "not a number": lambda request, texts: send_vectors(request, [[float("nan"), *vector(text)[1:]] for text in texts]),
    "infinite": lambda request, texts: send_vectors(request, [[float("inf"), *vector(text)[1:]] for text in texts]),
    "zeros": lambda request, texts: send_vectors(request, [[0.0] * 6 for _ in texts]),
    "words": lambda request, texts: send_vectors(request, [["a", "b"] for _ in texts]),
    "null": lambda request, texts: send_vectors(request, [None for _ in texts]),
    "unequal": lambda request, texts: send_vectors(request, [vector(text, 3 + row) for row, text in enumerate(texts)]),
}


class Endpoint:
    """Answers ``POST /v1/embeddings`` from ``script`` in order, then wholly; logs what was asked."""

    def __init__(self, *script: Answer) -> None:
        self.script = list(script)
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.bodies.append(body)
                outer.headers.append({name.lower(): value for name, value in self.headers.items()})
                assert self.path == "/v1/embeddings"
                (outer.script.pop(0) if outer.script else whole)(self, body["input"])

            def log_message(self, format: str, *arguments: Any) -> None:
                """Nothing on the terminal."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def build(self, model: str = "openai:some-model", key: SecretStr | None = None) -> DescribedEmbedder:
        patience = HURRIED if hang in self.script else QUICK
        return build_embedder(model, base_url=self.base_url, api_key=key, patience=patience)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    one = Endpoint()
    yield one
    one.close()


def test_vectors_come_in_order_with_length_1_and_text_is_what_is_sent(endpoint: Endpoint) -> None:
    model = endpoint.build(key=SecretStr("word"))
    vectors = model.embed(["a court", "a bribe"])
    assert vectors.dtype == np.float32
    assert np.allclose(vectors, [unit(vector("a court")), unit(vector("a bribe"))], atol=1e-6)
    assert model.dimension == 6
    (body,) = endpoint.bodies
    assert (body["input"], body["model"], body["encoding_format"]) == (["a court", "a bribe"], "some-model", "float")
    assert endpoint.headers[0]["authorization"] == "Bearer word"


def test_a_server_of_one_s_own_gets_no_key_of_another_provider(endpoint: Endpoint) -> None:
    os.environ |= {"OPENAI_API_KEY": "secret-of-another", "OPENAI_BASE_URL": "http://127.0.0.1:9/elsewhere"}
    endpoint.build().embed(["a"])
    assert "secret-of-another" not in endpoint.headers[0]["authorization"]


def test_large_inputs_go_in_bounded_batches(endpoint: Endpoint) -> None:
    texts = [f"text {number}" for number in range(2 * BATCH + 3)]
    vectors = endpoint.build().embed(texts)
    assert [len(body["input"]) for body in endpoint.bodies] == [BATCH, BATCH, 3]
    assert np.allclose(vectors, [unit(vector(text)) for text in texts], atol=1e-6)


def test_a_long_text_is_cut_into_windows_and_gets_their_mean(endpoint: Endpoint) -> None:
    text = "".join(f"{number:06} words here " for number in range(300))
    assert len(text) > 2 * WINDOW_CHARACTERS
    (found,) = endpoint.build().embed([text])
    windows = endpoint.bodies[0]["input"]
    assert len(windows) == 3
    assert max(len(window) for window in windows) - min(len(window) for window in windows) < 10
    assert "".join(windows).replace(" ", "") == text.replace(" ", "")
    assert np.allclose(found, unit(sum(unit(vector(window)) for window in windows)), atol=1e-6)


def test_odd_texts_reach_the_endpoint_as_text(endpoint: Endpoint) -> None:
    vectors = endpoint.build().embed(["", " \n", "\ud800 alone", "x\x00y", "суд"])
    assert endpoint.bodies[0]["input"] == ["-", "-", "? alone", "x\x00y", "суд"]
    assert np.isfinite(vectors).all()
    assert endpoint.build().embed([]).shape == (0, 6)


def test_the_fingerprint_tells_model_address_and_dimension_apart() -> None:
    first, second, narrow = Endpoint(), Endpoint(), Endpoint(lambda r, t: send_vectors(r, [vector(x, 4) for x in t]))
    try:
        prints = [
            first.build().fingerprint,
            second.build().fingerprint,
            first.build("openai:another").fingerprint,
            narrow.build().fingerprint,
        ]
        assert len(set(prints)) == 4
        assert first.build().fingerprint == prints[0]
        model = first.build()
        assert first.base_url in model.describe()
        assert "are sent there" in model.describe()
        asked = len(first.bodies)
        assert model.dimension == 6
        assert model.fingerprint == prints[0]
        assert len(first.bodies) == asked + 1, "asked once for both"
    finally:
        for one in (first, second, narrow):
            one.close()


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_passing_fault_is_asked_again(endpoint: Endpoint, fault: Answer) -> None:
    endpoint.script = [fault, fault]
    vectors = endpoint.build().embed(["a", "b"])
    assert np.allclose(vectors, [unit(vector("a")), unit(vector("b"))], atol=1e-6)
    assert len(endpoint.bodies) == 3


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_lasting_fault_is_told_and_no_vector_comes_out(endpoint: Endpoint, fault: Answer) -> None:
    endpoint.script = [fault] * 9
    with pytest.raises(IndexUnavailable, match="The embedder openai:some-model") as caught:
        endpoint.build().embed(["a", "b"])
    assert caught.value.retryable
    assert len(endpoint.bodies) == QUICK.attempts, "one policy retries, no client of its own accord"


REFUSALS: list[tuple[Answer, type[TriageError], str]] = [
    (status(401), AccessDenied, "check TRIAGE_EMBEDDER_API_KEY"),
    (status(403), AccessDenied, "check TRIAGE_EMBEDDER_API_KEY"),
    (status(404), AccessDenied, "check TRIAGE_EMBEDDER and TRIAGE_EMBEDDER_BASE_URL"),
    (status(402), QuotaExhausted, "no quota or money"),
    (status(429, "insufficient_quota"), QuotaExhausted, "no quota or money"),
    (status(400), EndpointInvalid, "rejects the request"),
    (status(429, retry_after="3600"), IndexUnavailable, "slower pace"),
]


@pytest.mark.parametrize(("answer", "error", "words"), REFUSALS)
def test_a_refusal_is_not_asked_again(endpoint: Endpoint, answer: Answer, error: type[TriageError], words: str) -> None:
    endpoint.script = [answer] * 9
    with pytest.raises(error, match=words):
        endpoint.build().embed(["a"])
    assert len(endpoint.bodies) == 1


def test_the_pause_that_a_server_asks_for_is_kept(endpoint: Endpoint) -> None:
    endpoint.script = [status(429, **{"retry-after-ms": "300"})]
    begun = time.monotonic()
    endpoint.build().embed(["a"])
    assert time.monotonic() - begun >= 0.3


def test_another_dimension_than_the_first_is_no_vector(endpoint: Endpoint) -> None:
    model = endpoint.build()
    model.embed(["a"])
    endpoint.script = [lambda request, texts: send_vectors(request, [vector(text, 5) for text in texts])] * 9
    with pytest.raises(IndexMismatch, match=r"vectors of 5 numbers, before of 6.*index build"):
        model.embed(["b"])
    assert len(endpoint.bodies) == 2


def test_no_server_at_the_address_is_told() -> None:
    gone = Endpoint()
    gone.close()
    with pytest.raises(IndexUnavailable, match=r"does not answer.*TRIAGE_EMBEDDER_BASE_URL"):
        gone.build().embed(["a"])


@pytest.mark.parametrize(
    ("name", "base_url", "words"),
    [
        ("openai", None, "write minilm, multilingual, or provider:model"),
        ("word2vec", None, "write minilm, multilingual, or provider:model"),
        ("openai:", None, "write minilm, multilingual, or provider:model"),
        (":small", None, "write minilm, multilingual, or provider:model"),
        ("nobody:small", None, "'nobody:small' cannot be built.*not supported"),
        ("cohere:embed", None, "needs a package that is not installed.*langchain-cohere"),
        ("openai:text-embedding-3-small", None, "needs a key: set TRIAGE_EMBEDDER_API_KEY or OPENAI_API_KEY"),
        ("azure_openai:small", "https://example.invalid", "write openai:DEPLOYMENT"),
        ("minilm", "http://127.0.0.1:9/v1", "runs on this machine, but TRIAGE_EMBEDDER_BASE_URL is set"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_before_anything_is_sent(
    name: str, base_url: str | None, words: str
) -> None:
    with pytest.raises(SettingInvalid, match=f"(?s){words}"):
        build_embedder(name, base_url=base_url)


def test_the_default_is_the_shipped_model() -> None:
    model = build_embedder("minilm")
    assert isinstance(model, MiniLmEmbedder)
    assert model.describe() == "all-MiniLM-L6-v2-onnx-int8, 384 dimensions, on this machine; English"
