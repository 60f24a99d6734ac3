"""The embedder in the shapes that LangChain and Chroma expect; both give the vectors of the one ``embed``."""

from __future__ import annotations

from typing import Any, cast

from chromadb.api.types import Documents, EmbeddingFunction, Embeddings, Space
from langchain_core.embeddings import Embeddings as LangChainBase

from retrieval.embedding.embedder import Embedder
from retrieval.embedding.minilm import MiniLmEmbedder


class LangChainEmbeddings(LangChainBase):
    """The embedder as a LangChain ``Embeddings``."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One vector a text."""
        return cast(list[list[float]], self._embedder.embed(texts).tolist())

    def embed_query(self, text: str) -> list[float]:
        """The vector of one text; queries and documents are embedded alike."""
        return self.embed_documents([text])[0]


class ChromaEmbeddings(EmbeddingFunction[Documents]):
    """The embedder as a Chroma ``EmbeddingFunction``, for tools that open a collection by themselves."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def __call__(self, input: Documents) -> Embeddings:
        """One vector a document."""
        return list(self._embedder.embed(input))

    @staticmethod
    def name() -> str:
        """The name Chroma stores with a collection."""
        return "adverse_media_triage"

    def get_config(self) -> dict[str, Any]:
        """What Chroma stores to build the function again."""
        return {"model_id": self._embedder.model_id, "fingerprint": self._embedder.fingerprint}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> ChromaEmbeddings:
        """The shipped embedder again; raises ValueError when the collection names another."""
        embedder = MiniLmEmbedder()
        if config.get("fingerprint") != embedder.fingerprint:
            raise ValueError(f"collection was embedded with {config.get('model_id')!r}, not {embedder.model_id!r}")
        return ChromaEmbeddings(embedder)

    def default_space(self) -> Space:
        """Cosine, as every collection of the index."""
        return "cosine"

    def supported_spaces(self) -> list[Space]:
        """Vectors have length 1, so all three order alike."""
        return ["cosine", "l2", "ip"]
