"""What a scripted endpoint does with one request: a reply, or one of the named faults real endpoints have."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from agent.errors import SettingInvalid

Ending = Literal["whole", "cut", "drip", "hang", "close"]
"""How the answer leaves: whole; half of its body; a few bytes at a time; never; or none, the connection closed."""

MODEL = "scripted-http"
_LOGIN_PAGE = "<!doctype html><html><head><title>Sign in</title></head><body>Proxy sign-in required</body></html>"


@dataclass(frozen=True)
class Behaviour:
    """One HTTP answer, when it leaves and how. Times are seconds."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    latency_s: float = 0.0
    ending: Ending = "whole"
    drip_s: float = 0.05
    """Between ten bytes and the next ten of a dripping answer."""


def answer(
    reply: str | Mapping[str, Any] | None,
    *,
    finish_reason: str = "stop",
    refusal: str | None = None,
    tokens: tuple[int, int] = (100, 20),
    latency_s: float = 0.0,
) -> Behaviour:
    """A chat completion whose content is ``reply``: words, or an object written as JSON."""
    content = json.dumps(reply, ensure_ascii=False) if isinstance(reply, Mapping) else reply
    message = {"role": "assistant", "content": content, "refusal": refusal}
    choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
    return Behaviour(_completion([choice], tokens), latency_s=latency_s)


def fault(name: str, reply: Mapping[str, Any] | None = None, **settings: Any) -> Behaviour:
    """The named fault, applied to ``reply`` where it spoils one. Raises SettingInvalid for a name not in ``FAULTS``.

    ``settings`` replace fields of the behaviour (``latency_s``, ``drip_s``, ``status``, ``headers``).
    """
    make = FAULTS.get(name)
    if make is None:
        raise SettingInvalid(f"There is no fault named {name!r}. Known: {', '.join(sorted(FAULTS))}.")
    return replace(make(dict(reply or {"answer": "yes"})), **settings)


def load_behaviours(path: Path) -> list[Behaviour]:
    """The script in a YAML or JSON file: a list of ``reply: …`` and ``fault: NAME`` entries, each with settings.

    Raises SettingInvalid, naming the entry, when it is not one.
    """
    try:
        script = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise SettingInvalid(f"The script {str(path)!r} cannot be read: {exc}") from exc
    if not isinstance(script, list) or not script:
        raise SettingInvalid(f"The script {str(path)!r} must be a list of at least one entry.")
    return [_read_entry(entry, number, path) for number, entry in enumerate(script, start=1)]


def _read_entry(entry: Any, number: int, path: Path) -> Behaviour:
    try:
        settings = dict(entry)
        if "fault" in settings:
            return fault(settings.pop("fault"), settings.pop("reply", None), **settings)
        return answer(settings.pop("reply"), **settings)
    except (TypeError, ValueError, KeyError) as exc:
        raise SettingInvalid(
            f"Entry {number} of the script {str(path)!r} is neither 'reply: …' nor 'fault: NAME': {exc}"
        ) from exc


def _completion(choices: Sequence[Mapping[str, Any]], tokens: tuple[int, int] = (100, 20)) -> bytes:
    body = {
        "id": "chatcmpl-scripted",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": list(choices),
        "usage": {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)},
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _error(status: int, code: str | None, message: str, headers: Mapping[str, str] | None = None) -> Behaviour:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return Behaviour(json.dumps(body).encode(), status=status, headers=headers or {})


def _spoil(reply: Mapping[str, Any], last_member: str) -> Behaviour:
    """The reply with one more member, written as it stands."""
    return answer(json.dumps(reply, ensure_ascii=False)[:-1] + f", {last_member}}}")


def _name_first(reply: Mapping[str, Any]) -> str:
    return json.dumps(next(iter(reply)))


FAULTS: Mapping[str, Callable[[dict[str, Any]], Behaviour]] = {
    "rate_limited": lambda _: _error(429, "rate_limit_exceeded", "Rate limit reached", {"Retry-After": "1"}),
    "rate_limited_long": lambda _: _error(429, "rate_limit_exceeded", "Rate limit reached", {"Retry-After": "3600"}),
    "insufficient_quota": lambda _: _error(429, "insufficient_quota", "You exceeded your current quota"),
    "server_error": lambda _: _error(500, None, "The server had an error"),
    "context_length": lambda _: _error(400, "context_length_exceeded", "Maximum context length is 8192 tokens"),
    "bad_request": lambda _: _error(400, "invalid_value", "Unsupported parameter"),
    "prompt_filtered": lambda _: _error(400, "content_filter", "The prompt was filtered"),
    "unauthorized": lambda _: _error(401, "invalid_api_key", "Incorrect API key provided"),
    "forbidden": lambda _: _error(403, "forbidden", "Country not supported"),
    "unknown_model": lambda _: _error(404, "model_not_found", "The model does not exist"),
    "html": lambda _: Behaviour(_LOGIN_PAGE.encode(), headers={"Content-Type": "application/json"}),
    "html_typed": lambda _: Behaviour(_LOGIN_PAGE.encode(), headers={"Content-Type": "text/html"}),
    "error_in_200": lambda _: Behaviour(json.dumps({"error": {"message": "upstream failed"}}).encode()),
    "close": lambda _: Behaviour(ending="close"),
    "hang": lambda _: Behaviour(ending="hang"),
    "drip": lambda reply: replace(answer(reply), ending="drip"),
    "cut": lambda reply: replace(answer(reply), ending="cut"),
    "empty_choices": lambda _: Behaviour(_completion([])),
    "null_content": lambda _: answer(None),
    "refusal": lambda _: answer(None, refusal="I cannot help with reports about crime."),
    "length": lambda reply: answer(json.dumps(reply)[:-2], finish_reason="length"),
    "content_filter": lambda reply: answer(json.dumps(reply)[:3], finish_reason="content_filter"),
    "truncated_json": lambda reply: answer(json.dumps(reply)[:-2]),
    "plain_refusal": lambda _: answer("I'm sorry, but I can't help with that."),
    "prose": lambda reply: answer(f"Here is the summary you asked for: {json.dumps(reply)}"),
    "fences": lambda reply: answer(f"```json\n{json.dumps(reply)}\n```"),
    "extra_field": lambda reply: _spoil(reply, '"unasked": 1'),
    "wrong_type": lambda reply: answer({name: {"wrong": "type"} for name in reply}),
    "nan": lambda reply: answer("{" + ", ".join(f"{json.dumps(name)}: NaN" for name in reply) + "}"),
    "duplicate_keys": lambda reply: _spoil(reply, f"{_name_first(reply)}: {json.dumps(next(iter(reply.values())))}"),
}
"""Each fault by the name a script uses."""
