"""What the console script exits with, and how an error reaches the person at the terminal."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from agent.errors import ConfigError, ModelNotConfigured, PromptError, TriageError

OK = 0
SOME_FAILED = 1
"""At least one alert, row or check failed; the others went through."""
USAGE = 2
"""The command line itself is wrong."""
CONFIG = 4
"""A setting, policy or prompt is wrong: nothing ran."""
STOPPED = 130
"""After Ctrl-C, as shells have it."""


def complain(message: str) -> None:
    """One line for a person, on standard error, with control characters written out."""
    print(plain(message), file=sys.stderr)


def plain(text: str) -> str:
    """Text safe for a terminal: control and invisible characters as visible codes, so no article can steer a screen.

    Spaces of any width, tabs and the line ends of other systems are white space, and shown as that.
    """
    return "".join(_visible(char) for char in text.replace("\r\n", "\n"))


def _visible(char: str) -> str:
    if char.isprintable() or char == "\n":
        return char
    return " " if char == "\t" or unicodedata.category(char) == "Zs" else f"<U+{ord(char):04X}>"


@contextmanager
def errors_as_exits() -> Iterator[None]:
    """Turn our own errors into a sentence and an exit code; bugs keep their traceback."""
    try:
        yield
    except (ConfigError, PromptError, ModelNotConfigured) as error:
        complain(f"triage: {error}")
        raise typer.Exit(CONFIG) from None
    except TriageError as error:
        complain(f"triage: {error}")
        raise typer.Exit(SOME_FAILED) from None
