"""Chat models by ``provider:name``; the only module that builds one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from langchain_core.caches import BaseCache
from langchain_core.language_models import BaseChatModel

from agent.errors import ModelNotConfigured
from agent.llm.local import LocalServer, share_gguf
from agent.llm.scripted import load_scripted
from agent.llm.spec import ModelSpec

__all__ = ["ModelSpec", "build_chat_model"]

_OPENAI_KIND = frozenset({"openai", "azure_openai"})
_OPENAI_ADDRESS = "https://api.openai.com/v1"
_WITHOUT_JSON_SCHEMA = ("gpt-3", "gpt-4-")
"""OpenAI models for which LangChain silently falls back to function calling."""
_KEY_VARIABLE = {"openai": "OPENAI_API_KEY", "azure_openai": "AZURE_OPENAI_API_KEY"}


def build_chat_model(spec: ModelSpec, cache: BaseCache | None, *, http_client: object | None = None) -> BaseChatModel:
    """The chat model that ``spec`` names: no retries of its own, explicit time-outs, ``cache`` as its ledger.

    ``scripted:PATH`` answers from a file of replies and ``gguf:PATH`` is served by this process. Everything else is
    built by LangChain. ``http_client`` is an asynchronous HTTP client of the kind the openai package takes, through
    which all calls of an OpenAI model then go. Raises ModelNotConfigured when the provider's package, key or address
    is missing, or an ``http_client`` is given to a provider that cannot take it.
    """
    if http_client is not None and spec.provider not in _OPENAI_KIND:
        raise ModelNotConfigured(
            f"Calls of {spec.name!r} cannot be recorded or replayed: only openai: and azure_openai: models can."
        )
    if spec.provider == "scripted":
        return load_scripted(Path(spec.model), cache=cache)
    if spec.provider == "gguf":
        return _build_by_langchain("openai", *_local_arguments(spec, share_gguf(Path(spec.model))), cache)
    if spec.provider in _OPENAI_KIND and (spec.model == "gpt-4" or spec.model.startswith(_WITHOUT_JSON_SCHEMA)):
        raise ModelNotConfigured(
            f"The model {spec.name!r} cannot give structured output by JSON schema. Name a later one in TRIAGE_MODEL."
        )
    arguments = _arguments(spec)
    if http_client is not None:
        arguments["http_async_client"] = http_client
    return _build_by_langchain(spec.provider, spec.model, arguments, cache)


def _build_by_langchain(provider: str, model: str, arguments: dict[str, Any], cache: BaseCache | None) -> BaseChatModel:
    # Imported here: langchain and the provider's package take 2 s, which no command without a model should pay.
    from langchain.chat_models import init_chat_model

    name = f"{provider}:{model}"
    try:
        # cache=False, because None would let LangChain fall back on a process-wide cache.
        built = init_chat_model(
            model, model_provider=provider, max_retries=0, cache=False if cache is None else cache, **arguments
        )
    except ImportError as exc:
        package = "langchain-" + provider.replace("_", "-") if "pip install" not in str(exc) else ""
        advice = f"Install it: pip install {package}" if package else str(exc)
        raise ModelNotConfigured(f"The model {name!r} needs a package that is not installed. {advice}") from exc
    except Exception as exc:  # each provider's constructor refuses missing settings in its own way
        text = str(exc)
        if "provider" in text.lower() and "support" in text.lower():
            raise ModelNotConfigured(
                f"The provider {provider!r} of model {name!r} is not known. Write TRIAGE_MODEL as provider:name, "
                "as openai:gpt-4.1 or ollama:llama3.1."
            ) from exc
        variable = _KEY_VARIABLE.get(provider, f"{provider.upper()}_API_KEY")
        raise ModelNotConfigured(
            f"The model {name!r} cannot be built: {text[:300]} "
            f"Set TRIAGE_API_KEY (or {variable}), and TRIAGE_BASE_URL where the provider needs an address."
        ) from exc
    if not isinstance(built, BaseChatModel):  # init_chat_model's type allows a configurable one, which we never ask for
        raise ModelNotConfigured(f"The model {name!r} is not a chat model.")
    return built


def _arguments(spec: ModelSpec) -> dict[str, Any]:
    """The constructor's arguments under the names that LangChain's providers share."""
    arguments: dict[str, Any] = {"timeout": spec.timeout_s, "max_tokens": spec.max_output_tokens}
    if spec.temperature is not None:
        arguments["temperature"] = spec.temperature
    if spec.api_key is not None:
        arguments["api_key"] = spec.api_key
    if spec.provider in _OPENAI_KIND:
        # One connection a call: LangChain shares its connections among all models of a process, and one kept alive
        # fails every call of a later event loop. Beside seconds of answering, a handshake is nothing.
        arguments["default_headers"] = {"Connection": "close"}
    if spec.provider == "azure_openai":
        if spec.base_url is None or spec.api_version is None:
            raise ModelNotConfigured(
                f"The model {spec.name!r} needs the resource's address in TRIAGE_BASE_URL and TRIAGE_API_VERSION."
            )
        return arguments | {
            "azure_endpoint": spec.base_url,
            "azure_deployment": spec.model,
            "api_version": spec.api_version,
        }
    if spec.provider == "openai":
        # The address is always given, so that no variable of the environment can send alert text elsewhere.
        arguments["base_url"] = spec.base_url or _OPENAI_ADDRESS
        if spec.base_url and spec.api_key is None:
            arguments["api_key"] = "none"  # a server of one's own asks for no key, but the client insists on a word
        # Chat completions is what compatible servers, the ledger and the fault table speak.
        return arguments | {"use_responses_api": False}
    if spec.base_url is not None:
        arguments["base_url"] = spec.base_url
    if spec.provider == "ollama":
        arguments["num_predict"] = arguments.pop("max_tokens")
        arguments["client_kwargs"] = {"timeout": arguments.pop("timeout")}
    return arguments


def _local_arguments(spec: ModelSpec, server: LocalServer) -> tuple[str, dict[str, Any]]:
    address = {"name": f"openai:{server.model}", "base_url": server.base_url, "api_key": server.api_key}
    local = spec.model_copy(update=address)
    return server.model, _arguments(local)
