"""Settings into services: the only module that names concrete adapters. Heavy parts load when first asked for."""

from __future__ import annotations

import re
import secrets
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from agent.errors import SettingInvalid
from agent.settings import Settings, provider_key

if TYPE_CHECKING:
    from agent.llm.client import ModelClient
    from agent.reading.reader import Reader
    from agent.store.store import Store
    from agent.triage.llm_draft import Drafter
    from agent.triage.pipeline import ArticleReader, Pipeline
    from agent.triage.policy import Policy
    from agent.triage.prices import PriceTable
    from prompts.library import PromptLibrary
    from retrieval.chroma.place import ChromaPlace
    from retrieval.embedding.embedder import DescribedEmbedder
    from retrieval.index import ReferenceIndex

# Imports inside methods keep start-up fast: chromadb, langchain and spaCy take seconds that `triage --help` must not.


MODEL_NAME = re.compile(r"[a-z][a-z0-9_]*:\S.*")


def code_version() -> str:
    """The installed version of the product."""
    try:
        return version("adverse-media-triage")
    except PackageNotFoundError:
        return "unknown"


def load_prompts(settings: Settings) -> PromptLibrary:
    """The prompts as they stand, whether locked or not. Raises PromptError."""
    from prompts.library import SHIPPED_PROMPTS, PromptLibrary

    return PromptLibrary.load(settings.prompts_folder or SHIPPED_PROMPTS)


class Services:
    """The services of one process, each built once, from one Settings."""

    def __init__(self, settings: Settings, *, http_client: object | None = None) -> None:
        """``http_client`` stands in for the model's own connection, for instance one that records and replays."""
        self.settings = settings
        self._http_client = http_client

    @cached_property
    def store(self) -> Store:
        """The database, created or migrated on opening. Raises StoreError."""
        from agent.store.store import Store

        return Store.open(self.settings.store_url, price=self.prices.cost)

    @cached_property
    def reader(self) -> Reader:
        """The deterministic reader."""
        from agent.reading.reader import Reader

        return Reader()

    @cached_property
    def policy(self) -> Policy:
        """The policy. Raises PolicyInvalid."""
        from agent.triage.policy import load_policy

        return load_policy(self.settings.policy_file)

    @cached_property
    def prices(self) -> PriceTable:
        """What models cost."""
        from agent.triage.prices import PriceTable

        return PriceTable.load(self.settings.prices_file)

    @cached_property
    def prompts(self) -> PromptLibrary:
        """The prompts, checked against their lock. Raises PromptError."""
        library = load_prompts(self.settings)
        library.check_lock()
        return library

    @cached_property
    def embedder(self) -> DescribedEmbedder:
        """The embedding model, loaded at its first use. Raises SettingInvalid, ConfigError."""
        from retrieval.embedding.provider import build_embedder

        settings = self.settings
        key = settings.embedder_api_key or (provider_key(settings.embedder) if not settings.embedder_base_url else None)
        return build_embedder(settings.embedder, base_url=settings.embedder_base_url, api_key=key)

    @cached_property
    def chroma_place(self) -> ChromaPlace:
        """Where Chroma lives: in this process, in a server of this machine, or at an address."""
        from retrieval.chroma.place import ChromaPlace

        return ChromaPlace.parse(self.settings.chroma)

    @cached_property
    def index(self) -> ReferenceIndex:
        """The reference index over the store's records; Chroma is opened when first searched."""
        from retrieval.index import open_index

        return open_index(
            self.settings.index_root, embedder=self.embedder, records=self.store, chroma=self.chroma_place
        )

    @cached_property
    def client(self) -> ModelClient:
        """The configured chat model behind retry, deadline, breaker and ledger. Raises ModelError, SettingInvalid."""
        from agent.llm.client import ModelClient
        from agent.llm.models import build_chat_model
        from agent.llm.retry import RetryPolicy
        from agent.llm.spec import ModelSpec
        from agent.llm.telemetry import disable_telemetry

        disable_telemetry()
        settings = self.settings
        if settings.model is None:
            raise SettingInvalid("No model is configured: set TRIAGE_MODEL or give --model provider:name.")
        if not MODEL_NAME.fullmatch(settings.model):
            raise SettingInvalid(
                f"TRIAGE_MODEL (or --model) is {settings.model!r}: write provider:name, as openai:gpt-4.1."
            )
        spec = ModelSpec(
            name=settings.model,
            base_url=settings.base_url,
            api_key=settings.api_key or (provider_key(settings.model) if settings.base_url is None else None),
            api_version=settings.api_version,
            temperature=settings.temperature,
            max_output_tokens=settings.max_output_tokens,
            timeout_s=settings.timeout_s,
            deadline_s=settings.deadline_s,
        )
        ledger = self.store.ledger
        return ModelClient(
            build_chat_model(spec, ledger, http_client=self._http_client),
            spec,
            retry=RetryPolicy(attempts=settings.attempts),
            paid_failures=ledger,
        )

    @cached_property
    def fence_secret(self) -> bytes:
        """The secret behind the fence: the setting's, else one made for this folder and kept for its owner's eyes."""
        if self.settings.secret is not None:
            return self.settings.secret.get_secret_value().encode()
        return _kept_secret(self.settings.home / "fence.key")

    @cached_property
    def drafter(self) -> Drafter:
        """The model's drafter with the extractive one behind it; the extractive one alone when no model is set."""
        return self.build_drafter()

    def build_drafter(
        self,
        prompts: PromptLibrary | None = None,
        *,
        version: int | None = None,
        sample: int = 0,
        fallback: bool = True,
    ) -> Drafter:
        """A drafter with the prompt ``summary`` in this version (the newest unless named), for this sample.

        ``prompts`` stand in for the locked ones. Without a model no prompt is looked at. Without ``fallback`` a model
        that gives no usable draft is a failure, not an extractive draft. Raises PromptNotFound.
        """
        from agent.triage.extractive import ExtractiveDrafter

        if self.settings.model is None:
            return ExtractiveDrafter()
        from agent.triage.llm_draft import LlmDrafter

        return LlmDrafter(
            self.client,
            prompts or self.prompts,
            version=version,
            secret=self.fence_secret,
            max_input_tokens=self.settings.max_input_tokens,
            prices=self.prices,
            fallback=ExtractiveDrafter() if fallback else None,
            sample=sample,
        )

    @cached_property
    def pipeline(self) -> Pipeline:
        """The spine, ready to triage. An index that cannot be opened costs its part of the dossier, with a note."""
        return self.build_pipeline(self.drafter)

    def build_pipeline(self, drafter: Drafter, *, reader: ArticleReader | None = None) -> Pipeline:
        """The spine with this drafter, and with this reader where one is given."""
        from agent.errors import RetrievalError
        from agent.triage.pipeline import Pipeline

        notes: tuple[str, ...] = ()
        source: ReferenceIndex | None = None
        try:
            source = self.index
        except RetrievalError as error:
            notes = (f"Profiles and precedents are not available: {error}",)
        return Pipeline(
            reader=reader or self.reader,
            drafter=drafter,
            policy=self.policy,
            code_version=code_version(),
            source=source,
            notes=notes,
        )

    def close(self) -> None:
        """Give back the index and the database, as far as they were opened."""
        for name in ("index", "store"):
            service = self.__dict__.pop(name, None)
            if service is not None:
                service.close()


def _kept_secret(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_bytes(secrets.token_hex(32).encode())
        return path.read_bytes()
