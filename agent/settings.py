"""Settings: one frozen value, read once from defaults, a TOML file and the environment, in that order."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError

from agent.domain.base import Frozen
from agent.errors import SettingInvalid

PREFIX = "TRIAGE_"
CONFIG_FILE = "triage.toml"
SHIPPED_DATA = Path(__file__).parent / "data"


class Settings(Frozen):
    """Everything a user can set. Each field is ``TRIAGE_<FIELD>`` in the environment and a key of ``triage.toml``."""

    home: Path = Path(platformdirs.user_data_dir("triage"))
    """Folder of the database and the reference index."""
    database_url: str | None = None
    """``sqlite:///path``; a file in ``home`` when not set."""
    policy_file: Path = SHIPPED_DATA / "policy.yaml"
    """The policy that turns a summary into a recommendation."""
    prompts_folder: Path | None = None
    """Folder of the prompts and their LOCK.json; the shipped ones when not set."""
    prices_file: Path = SHIPPED_DATA / "prices.yaml"
    """What models cost, with dates."""
    chroma: str = Field(default="embedded", pattern=r"^(embedded|shared|https?://\S+)$")
    """``embedded`` (one process at a time), ``shared`` (a server on this machine that the first process starts), or
    the address of a Chroma server."""
    embedder: str = Field(default="minilm", pattern=r"^[a-z][a-z0-9_]*(:\S+)?$")
    """What turns reference texts into vectors: ``minilm``, ``multilingual``, or LangChain's ``provider:model``."""
    embedder_base_url: str | None = None
    """An OpenAI-compatible embedding server's address."""
    embedder_api_key: SecretStr | None = None
    """The embedding endpoint's key; the provider's own variable is used when not set."""
    model: str | None = None
    """``provider:name``; none means the extractive drafter."""
    base_url: str | None = None
    """An OpenAI-compatible server's address, or the Azure resource's endpoint."""
    api_key: SecretStr | None = None
    """The endpoint's key; the provider's own variable (OPENAI_API_KEY …) is used when not set."""
    api_version: str | None = None
    """Azure OpenAI's API version."""
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    """Sampling temperature; ``none`` leaves it to the model."""
    max_output_tokens: int = Field(default=8_000, ge=256)
    """Longest reply asked for."""
    max_input_tokens: int = Field(default=100_000, ge=2_000)
    """Longest prompt sent; a longer article is read in parts."""
    timeout_s: float = Field(default=100.0, gt=0)
    """Seconds the server may stay silent; one that does not stream is silent until its reply is whole."""
    deadline_s: float = Field(default=120.0, gt=0)
    """Seconds one attempt may take in all."""
    attempts: int = Field(default=4, ge=1, le=10)
    """Attempts at one model call."""
    secret: SecretStr | None = None
    """Deployment secret of the fence round article text; made and kept in ``home`` when not set."""
    max_article_bytes: int = Field(default=2_000_000, ge=1_000, le=2_000_000)
    """Largest article taken in."""

    @property
    def store_url(self) -> str:
        """Where the database is."""
        return self.database_url or f"sqlite:///{self.home / 'triage.db'}"

    @property
    def index_root(self) -> Path:
        """Where the reference index is."""
        return self.home / "index"


class LoadedSettings(Frozen):
    """Settings, and for each field where its value came from."""

    settings: Settings
    origins: dict[str, str]


def load_settings(environment: Mapping[str, str] | None = None) -> LoadedSettings:
    """Read the settings. Raises SettingInvalid naming the setting, its origin and what is wrong."""
    variables = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    origins = dict.fromkeys(Settings.model_fields, "default")
    path = Path(variables.get(f"{PREFIX}CONFIG", CONFIG_FILE))
    for key, value in _read_file(path, explicit=f"{PREFIX}CONFIG" in variables).items():
        if key not in Settings.model_fields:
            known = ", ".join(sorted(Settings.model_fields))
            raise SettingInvalid(f"{path}: {key!r} is no setting. Known settings: {known}.")
        values[key], origins[key] = value, str(path)
    for name, text in variables.items():
        key = name.removeprefix(PREFIX).lower()
        if name.startswith(PREFIX) and key in Settings.model_fields and text != "":
            values[key], origins[key] = text, name
    for key, value in list(values.items()):
        if isinstance(value, str) and value.lower() == "none":
            values[key] = None
    try:
        return LoadedSettings(settings=Settings(**values), origins=origins)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        raise SettingInvalid(
            f"Setting {key!r} (from {origins.get(key, 'default')}) is wrong: {first['msg']}. Correct it and try again."
        ) from None


def _read_file(path: Path, *, explicit: bool) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        if explicit:
            raise SettingInvalid(f"{PREFIX}CONFIG names {path}, which does not exist.") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingInvalid(f"{path} cannot be read as TOML: {error}.") from error


PROVIDER_KEYS = {"openai": "OPENAI_API_KEY", "azure_openai": "AZURE_OPENAI_API_KEY"}
"""The variables in which these providers' own tools keep their keys."""


def provider_key(model: str, environment: Mapping[str, str] | None = None) -> SecretStr | None:
    """The key that the provider's own variable holds, if any."""
    variables = os.environ if environment is None else environment
    name = PROVIDER_KEYS.get(model.partition(":")[0])
    value = variables.get(name) if name else None
    return SecretStr(value) if value else None
