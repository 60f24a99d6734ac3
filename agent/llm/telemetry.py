"""Telemetry of the model libraries: off."""

from __future__ import annotations

import os
import sys

_SWITCHES = {
    "LANGSMITH_TRACING": "false",
    "LANGSMITH_TRACING_V2": "false",
    "LANGSMITH_GATEWAY": "false",
    "LANGCHAIN_TRACING": "false",
    "LANGCHAIN_TRACING_V2": "false",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def disable_telemetry() -> None:
    """Switch off every dependency's reporting (LangSmith, Chroma, Hugging Face) for this process.

    To be called before any model or index is built: alert text is personal data, and a tracing variable left over in
    a shell must not send it anywhere. Writes the environment, because that is where these libraries look.
    """
    os.environ.update(_SWITCHES)
    remembered = sys.modules.get("langsmith.utils")
    if remembered is not None:  # it keeps what it read before; not importing it saves half a second
        remembered.get_env_var.cache_clear()
