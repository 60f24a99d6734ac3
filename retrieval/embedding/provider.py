"""Embedders by name: the shipped ones, and any model that LangChain can build, at a provider or a server of one's own.

With ``provider:model`` the texts of profiles, precedents and searches leave this machine for the provider's endpoint.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import SecretStr
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from agent.domain.fingerprint import content_hash
from agent.errors import IndexMismatch, SettingInvalid, TriageError
from retrieval.embedding.answers import read_vectors, translate_failure
from retrieval.embedding.embedder import DescribedEmbedder, Vectors, encodable
from retrieval.embedding.minilm import MiniLmEmbedder
from retrieval.embedding.multilingual import MultilingualEmbedder

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

WINDOW_CHARACTERS: Final = 2_000
"""What one vector is asked for: about 450 tokens of English, which the smaller models still read to their end."""
BATCH: Final = 64
"""Windows in one request: at most 128,000 characters."""
_OPENAI_ADDRESS: Final = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a remote embedder and how often to ask again. Times are seconds."""

    timeout_s: float = 30.0
    """The longest silence within one request."""
    attempts: int = 4
    base_s: float = 0.5
    """The first wait is drawn between 0 and this; each later one between 0 and twice the one before."""
    cap_s: float = 20.0
    longest_pause_s: float = 60.0
    """A server that asks for a longer pause is not waited for."""


def build_embedder(
    name: str, *, base_url: str | None = None, api_key: SecretStr | None = None, patience: Patience | None = None
) -> DescribedEmbedder:
    """The embedder of that name: ``minilm``, ``multilingual`` or LangChain's ``provider:model``. Nothing is loaded yet.

    ``base_url`` and ``api_key`` belong to the last kind; an OpenAI-compatible server of one's own is
    ``openai:MODEL`` with its address. Raises SettingInvalid for a name that means nothing or lacks its key, and
    ConfigError when a package is missing.
    """
    provider, _, model = name.partition(":")
    if name in {"minilm", "multilingual"}:
        if base_url is not None:
            raise SettingInvalid(
                f"TRIAGE_EMBEDDER is {name!r}, which runs on this machine, but TRIAGE_EMBEDDER_BASE_URL is set. Unset "
                "it, or name the model there, as openai:MODEL."
            )
        return MiniLmEmbedder() if name == "minilm" else MultilingualEmbedder()
    if not provider or not model:
        raise SettingInvalid(
            f"TRIAGE_EMBEDDER is {name!r}: write minilm, multilingual, or provider:model, as "
            "openai:text-embedding-3-small."
        )
    patience = patience or Patience()
    built = _build_model(provider, model, base_url, api_key, patience.timeout_s)
    return ProviderEmbedder(name, base_url, built, patience)


class ProviderEmbedder:
    """A model behind LangChain's ``Embeddings``: **the texts leave this machine**.

    A text longer than 2,000 characters is cut into equal windows and gets the mean of their vectors. The dimension is
    the first answer's, so ``dimension`` and ``fingerprint`` ask the endpoint once when nothing was embedded before. A
    remote model may give a text slightly other vectors on another day; the vector cache keeps the first.
    """

    def __init__(self, name: str, base_url: str | None, model: Embeddings, patience: Patience) -> None:
        self.model_id = name
        self._base_url = base_url
        self._model = model
        self._patience = patience
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """Length of a vector, as the endpoint's first answer has it. Raises as ``embed``."""
        if self._dimension is None:
            self.embed(["dimension"])
        assert self._dimension is not None
        return self._dimension

    @property
    def fingerprint(self) -> str:
        """A hash over provider, model, address, dimension and window. Raises as ``embed``."""
        parts = {"model": self.model_id, "base_url": self._base_url, "dimension": self.dimension}
        return content_hash(parts | {"window": WINDOW_CHARACTERS})

    def describe(self) -> str:
        """Which model, and where it runs."""
        place = self._base_url or "its provider's address"
        return f"{self.model_id} at {place}; texts of profiles, precedents and searches are sent there"

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (n, dimension), of length 1 each.

        Raises IndexUnavailable when the endpoint does not answer with vectors, after ``attempts``; AccessDenied and
        QuotaExhausted when it refuses; EndpointInvalid when it rejects the request; IndexMismatch when the length of
        its vectors changes.
        """
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        windows = [(owner, window) for owner, text in enumerate(texts) for window in _windows(encodable(text))]
        fetched = [
            self._fetch_patiently([window for _, window in windows[start : start + BATCH]])
            for start in range(0, len(windows), BATCH)
        ]
        sums = np.zeros((len(texts), self.dimension))
        for (owner, _), vector in zip(windows, np.concatenate(fetched), strict=True):
            sums[owner] += vector
        return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), dtype=np.float32)

    def _fetch(self, windows: list[str]) -> Vectors:
        try:
            answer = self._model.embed_documents(windows)
        except Exception as error:  # each provider's library raises its own kinds
            raise translate_failure(error, self.model_id) from error
        vectors = read_vectors(answer, len(windows), self.model_id)
        length = vectors.shape[1]
        if self._dimension is None:
            self._dimension = length
        elif length != self._dimension:
            raise IndexMismatch(
                f"The embedder {self.model_id} now gives vectors of {length} numbers, before of {self._dimension}: its "
                "model was changed. Check TRIAGE_EMBEDDER, then run `triage index build`."
            )
        return vectors

    def _fetch_patiently(self, windows: list[str]) -> Vectors:
        backoff = wait_random_exponential(multiplier=self._patience.base_s, max=self._patience.cap_s)

        def pause(state: RetryCallState) -> float:
            asked_for = _asked_pause(state)
            return backoff(state) if asked_for is None else asked_for

        def stop(state: RetryCallState) -> bool:
            too_long = (_asked_pause(state) or 0.0) > self._patience.longest_pause_s
            return too_long or stop_after_attempt(self._patience.attempts)(state)

        retrying = Retrying(
            retry=retry_if_exception(_is_retryable), wait=pause, stop=stop, sleep=time.sleep, reraise=True
        )
        return retrying(self._fetch, windows)


def _is_retryable(failure: BaseException) -> bool:
    return isinstance(failure, TriageError) and failure.retryable


def _asked_pause(state: RetryCallState) -> float | None:
    failure = state.outcome.exception() if state.outcome else None
    return getattr(failure, "retry_after", None)


def _windows(text: str) -> Iterator[str]:
    """The text in the fewest windows of nearly equal size; endpoints refuse an empty text, so it becomes a dash."""
    if not text.strip():
        text = "-"
    size = -(-len(text) // -(-len(text) // WINDOW_CHARACTERS))
    for start in range(0, len(text), size):
        yield text[start : start + size].strip() or "-"


def _build_model(
    provider: str, model: str, base_url: str | None, api_key: SecretStr | None, timeout_s: float
) -> Embeddings:
    # Imported here: langchain and the provider's package take 2 s, which a command that embeds nothing need not pay.
    from langchain.embeddings import init_embeddings

    name = f"{provider}:{model}"
    arguments = _arguments(name, provider, base_url, api_key, timeout_s)
    try:
        return init_embeddings(model, provider=provider, **arguments)
    except ImportError as error:
        raise SettingInvalid(f"The embedder {name!r} needs a package that is not installed. {error}") from error
    except Exception as error:  # each provider's constructor refuses missing settings in its own way
        raise SettingInvalid(
            f"The embedder {name!r} cannot be built: {str(error)[:300]} Check TRIAGE_EMBEDDER, "
            "TRIAGE_EMBEDDER_BASE_URL and TRIAGE_EMBEDDER_API_KEY."
        ) from error


def _arguments(
    name: str, provider: str, base_url: str | None, api_key: SecretStr | None, timeout_s: float
) -> dict[str, Any]:
    if provider == "azure_openai":
        raise SettingInvalid(
            f"TRIAGE_EMBEDDER is {name!r}: write openai:DEPLOYMENT and the resource's OpenAI-compatible address, "
            "https://RESOURCE.openai.azure.com/openai/v1, in TRIAGE_EMBEDDER_BASE_URL."
        )
    if provider == "openai":
        if api_key is None and base_url is None:
            raise SettingInvalid(f"The embedder {name!r} needs a key: set TRIAGE_EMBEDDER_API_KEY or OPENAI_API_KEY.")
        return {
            # Always given, so that no variable of the environment can send texts elsewhere.
            "base_url": base_url or _OPENAI_ADDRESS,
            "api_key": api_key or SecretStr("none"),  # a server of one's own asks for none; the client insists
            "timeout": timeout_s,
            "max_retries": 0,
            # Text is sent, not OpenAI's token ids, which no other server understands; long texts are cut here.
            "check_embedding_ctx_length": False,
            "model_kwargs": {"encoding_format": "float"},
        }
    given = {"base_url": base_url, "api_key": api_key}
    return {argument: value for argument, value in given.items() if value is not None}
