"""ModelSpec: which chat model to ask, where, and with what limits."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field, SecretStr, StringConstraints

from agent.domain.base import Frozen

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*:\S.*$", max_length=1_000)]
"""``provider:name``: ``openai:gpt-4.1``, ``azure_openai:my-deployment``, ``gguf:m.gguf``, ``scripted:r.yaml``."""


class ModelSpec(Frozen):
    """A chat model by name, its address and the limits of a call. Times are seconds.

    ``base_url`` is an OpenAI-compatible server's address for ``openai:``, the resource's endpoint for
    ``azure_openai:`` and the provider's own setting elsewhere. ``timeout_s`` is the longest silence of the server,
    which says nothing until its reply is whole; ``deadline_s`` is the wall clock of one attempt, because a server that
    drips is never silent.
    """

    name: ModelName
    base_url: str | None = None
    api_key: SecretStr | None = None
    api_version: str | None = None
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_output_tokens: int = Field(default=8_000, ge=1)
    timeout_s: float = Field(default=100.0, gt=0)
    deadline_s: float = Field(default=120.0, gt=0)

    @property
    def provider(self) -> str:
        """What stands before the colon."""
        return self.name.partition(":")[0]

    @property
    def model(self) -> str:
        """What stands after the colon: the provider's name of the model, or a path."""
        return self.name.partition(":")[2]

    @property
    def enforces_strictly(self) -> bool:
        """Whether the endpoint is known to enforce a schema in OpenAI's strict mode (OpenAI itself, Azure)."""
        return self.provider == "azure_openai" or (self.provider == "openai" and self.base_url is None)

    @property
    def endpoint(self) -> str | None:
        """The address without user, password and query, as it may be kept and shown."""
        if self.base_url is None:
            return None
        parts = urlsplit(self.base_url)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))

    def parameters(self) -> dict[str, Any]:
        """What steers the answer, for the record."""
        return {
            "temperature": self.temperature,
            "max_output_tokens": self.max_output_tokens,
            "structured_output": "json_schema, strict" if self.enforces_strictly else "json_schema",
        }
