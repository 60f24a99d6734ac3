"""One prompt file: Markdown under YAML front matter, read, checked, hashed and rendered.

A file holds up to two messages, each under a line ``<!-- message: system -->`` or ``<!-- message: user -->``. The
system message holds constants only. In the user message every input stands alone between its own markers, so that no
template can show data outside a fence::

    <<<article {{nonce}}>>>
    {{article}}
    <<<end article {{nonce}}>>>
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints, ValidationError

from agent.domain.base import ContentHash, Frozen, Line
from agent.domain.fingerprint import content_hash
from agent.errors import PromptInvalid
from prompts.fence import neutralise

NONCE = "nonce"
"""The one variable that is not an input: the fence's code."""

_VARIABLE = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_MESSAGE = re.compile(r"^<!-- message: (\w+) -->[ \t]*\n", re.MULTILINE)
_Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class FrontMatter(Frozen):
    """What a prompt file says of itself."""

    name: _Word
    version: int = Field(ge=1)
    purpose: Line
    inputs: tuple[_Word, ...] = Field(max_length=20)
    output: str | None
    """Name of the schema the answer must fill."""
    changed: datetime.date


class PromptMessage(Frozen):
    """One message of a chat, as a template or filled in."""

    role: Literal["system", "user"]
    text: str


class Prompt(Frozen):
    """One version of one prompt."""

    front: FrontMatter
    messages: tuple[PromptMessage, ...]
    hash: ContentHash
    path: Path
    source: str = Field(repr=False)

    @property
    def key(self) -> str:
        """``name@version``."""
        return f"{self.front.name}@{self.front.version}"

    @property
    def reference(self) -> str:
        """``name@version#sha256-`` and twelve digits of the hash: what a record keeps."""
        return f"{self.key}#{self.hash.replace(':', '-')[:19]}"

    def render(self, values: Mapping[str, str], nonce: str) -> tuple[PromptMessage, ...]:
        """The messages with every input filled in, in one pass: what an input contains is never looked at again.

        Each value is neutralised first (see ``prompts.fence``). Raises PromptInvalid on a missing or undeclared input.
        """
        missing = [name for name in self.front.inputs if name not in values]
        undeclared = sorted(set(values) - set(self.front.inputs))
        if missing or undeclared:
            raise PromptInvalid(
                f"prompt {self.key}: missing inputs {missing}, undeclared inputs {undeclared}. "
                f"Give exactly the inputs its front matter declares: {list(self.front.inputs)}."
            )
        filled = {name: neutralise(text).replace(nonce, "") for name, text in values.items()} | {NONCE: nonce}
        return tuple(
            PromptMessage(role=message.role, text=_VARIABLE.sub(lambda found: filled[found[1]], message.text))
            for message in self.messages
        )


def read_prompt(path: Path, schemas: Mapping[str, Mapping[str, Any]]) -> Prompt:
    """Read and check a prompt file; PromptInvalid names the file and the line of what is wrong."""
    try:
        source = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptInvalid(f"{path}:1: cannot be read as UTF-8 text: {error}.") from error
    head, body, first_line = _split(path, source)
    front = _front_matter(path, head)
    if front.output is not None and front.output not in schemas:
        line = _line_of(head, "output")
        raise PromptInvalid(f"{path}:{line}: unknown output {front.output!r}; known are {sorted(schemas)}.")
    if path.stem != f"{front.name}.v{front.version}":
        wanted = f"{front.name}.v{front.version}.md"
        raise PromptInvalid(f"{path}:{_line_of(head, 'version')}: {front.name}@{front.version} must be named {wanted}.")
    for line, problem in _body_problems(front, body):
        raise PromptInvalid(f"{path}:{first_line + line}: {problem}")
    schema = schemas[front.output] if front.output is not None else None
    return Prompt(
        front=front,
        messages=tuple(_messages(body)),
        hash=content_hash({"front": front.model_dump(mode="json"), "body": body, "schema": schema}),
        path=path,
        source=source,
    )


def _split(path: Path, source: str) -> tuple[str, str, int]:
    """Front matter, body, and the number of lines before the body."""
    found = re.match(r"---[ \t]*\n(.*?\n)---[ \t]*\n", source, re.DOTALL)
    if found is None:
        raise PromptInvalid(f"{path}:1: a prompt file starts with front matter between two lines '---'.")
    return found[1], source[found.end() :], source.count("\n", 0, found.end())


def _front_matter(path: Path, head: str) -> FrontMatter:
    try:
        fields = yaml.safe_load(head)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 2 if mark is not None else 1
        raise PromptInvalid(f"{path}:{line}: front matter is not YAML: {getattr(error, 'problem', error)}.") from error
    if not isinstance(fields, dict):
        raise PromptInvalid(f"{path}:2: front matter must hold {', '.join(FrontMatter.model_fields)}.")
    try:
        front = FrontMatter.model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0])
        raise PromptInvalid(f"{path}:{_line_of(head, field)}: front matter field {field!r}: {first['msg']}.") from error
    if NONCE in front.inputs or len(set(front.inputs)) != len(front.inputs):
        raise PromptInvalid(f"{path}:{_line_of(head, 'inputs')}: inputs must differ and may not be named {NONCE!r}.")
    return front


def _line_of(head: str, field: str) -> int:
    """The line of a front matter field in the file, or 1 where it is missing."""
    numbers = (number for number, line in enumerate(head.splitlines(), start=2) if line.startswith(f"{field}:"))
    return next(numbers, 1)


def _messages(body: str) -> Iterator[PromptMessage]:
    pieces = _MESSAGE.split(body)
    for role, text in zip(pieces[1::2], pieces[2::2], strict=True):
        yield PromptMessage.model_validate({"role": role, "text": text.strip("\n")})


def _body_problems(front: FrontMatter, body: str) -> Iterator[tuple[int, str]]:
    """Line within the body (from 1) and what is wrong there."""
    markers = list(_MESSAGE.finditer(body))
    roles = [marker[1] for marker in markers]
    if roles not in (["user"], ["system", "user"]) or body[: markers[0].start()].strip():
        yield 1, "the body must be '<!-- message: system -->' (optional) and then '<!-- message: user -->'."
        return
    user_from = markers[-1].end()
    for found in re.finditer(r"\{\{", body):
        line = body.count("\n", 0, found.start()) + 1
        variable = _VARIABLE.match(body, found.start())
        if variable is None:
            yield line, "'{{' starts a variable, written {{name}} without spaces."
        elif variable[1] not in (*front.inputs, NONCE):
            yield line, f"unknown variable {variable[0]}; declared inputs are {list(front.inputs)}."
        elif found.start() < user_from:
            yield line, f"variable {variable[0]} in the system message, which holds constants only."
        elif variable[1] != NONCE and not _is_fenced(body, variable):
            opening, closing = _fence(variable[1])
            yield line, f"{variable[0]} must stand alone between {opening} and {closing}."
    for name in front.inputs:
        if f"{{{{{name}}}}}" not in body:
            yield 1, f"declared input {name!r} is not used."


def _is_fenced(body: str, variable: re.Match[str]) -> bool:
    opening, closing = _fence(variable[1])
    return body.endswith(f"{opening}\n", 0, variable.start()) and body.startswith(f"\n{closing}", variable.end())


def _fence(name: str) -> tuple[str, str]:
    return f"<<<{name} {{{{{NONCE}}}}}>>>", f"<<<end {name} {{{{{NONCE}}}}}>>>"
