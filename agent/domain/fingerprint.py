"""Canonical JSON, and content hashes over it, tagged with the algorithm that made them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from agent.domain.alert import Alert


def canonical_json(value: Any) -> bytes:
    """The one byte form of a JSON value: sorted keys, no spaces, UTF-8; NaN and infinities are refused.

    Raises ValueError on a float that JSON cannot carry and TypeError on a type it has no form for.
    """
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        "utf-8", "surrogatepass"
    )


def content_hash(value: Any) -> str:
    """``sha256:`` and the hex digest of the canonical form."""
    return "sha256:" + hashlib.sha256(canonical_json(value)).hexdigest()


def hash_bytes(raw: bytes) -> str:
    """``sha256:`` and the hex digest of the bytes as they are."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def alert_fingerprint(alert: Alert) -> str:
    """What makes an alert's revision: its id, subject and article; not when it came or how it was read."""
    return content_hash(alert.model_dump(mode="json", include={"alert_id", "subject", "article"}))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("canonical JSON has no form for NaN or infinity")
    return value
