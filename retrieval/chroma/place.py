"""Where Chroma lives, from one setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from agent.errors import SettingInvalid

_DEFAULT_PORTS = {"http": 8000, "https": 443}


@dataclass(frozen=True, slots=True)
class ChromaPlace:
    """Where Chroma lives: in the one process that has its folder open, in this machine's server, or at an address."""

    kind: Literal["embedded", "shared", "http"] = "embedded"
    host: str = ""
    """The server's host; empty unless ``kind`` is ``http``."""
    port: int = 0
    encrypted: bool = False
    """Whether the server is spoken to over TLS."""

    @staticmethod
    def parse(setting: str) -> ChromaPlace:
        """The place that TRIAGE_CHROMA names: ``embedded``, ``shared`` or ``http(s)://host:port``.

        Raises SettingInvalid for anything else.
        """
        if setting == "embedded":
            return ChromaPlace("embedded")
        if setting == "shared":
            return ChromaPlace("shared")
        try:
            parts = urlsplit(setting)
            port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
        except ValueError:
            parts, port = urlsplit(""), 0
        if (
            parts.scheme not in _DEFAULT_PORTS
            or not port
            or not parts.hostname
            or parts.username
            or parts.path.strip("/")
            or parts.query
        ):
            raise SettingInvalid(
                f"TRIAGE_CHROMA is {setting!r}: write embedded, shared, or the address of a Chroma server as "
                "http://host:port."
            )
        return ChromaPlace("http", parts.hostname, port, parts.scheme == "https")

    def __str__(self) -> str:
        if self.kind != "http":
            return self.kind
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.encrypted else 'http'}://{host}:{self.port}"
