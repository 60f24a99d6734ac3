"""The exception tree. A message says what happened, names the alert or setting, and says what to do.

TriageError
├ ConfigError          SettingInvalid · PolicyInvalid
├ InputError           AlertInvalid · AlertTooLarge · EncodingUnknown · ReferenceInvalid
├ PromptError          PromptNotFound · PromptInvalid · PromptDrift
├ RetrievalError       IndexUnavailable* · IndexMismatch
├ ModelError           RateLimited* · ModelTimeout* · ModelUnavailable* · ReplyTruncated · ReplyInvalid · Refused
│                      ContextTooLong · ModelNotConfigured · EndpointInvalid
│                      AccessDenied! · QuotaExhausted! · BreakerOpen!
└ StoreError           StoreBusy* · RecordConflict · SchemaMismatch

``*`` is the class attribute ``retryable``: asking again may help, and it is the only thing the retry policy looks at.
``!`` is the class attribute ``stops_queue``: no alert will succeed until a person acts, so the queue pauses.
"""

from __future__ import annotations


class TriageError(Exception):
    """Root of every error the product raises on purpose."""

    retryable: bool = False
    stops_queue: bool = False


class ConfigError(TriageError):
    """A setting, policy or installed part is wrong; nothing runs until it is mended."""


class SettingInvalid(ConfigError):
    """A setting has a value that cannot work."""


class PolicyInvalid(ConfigError):
    """The policy file does not validate."""


class InputError(TriageError):
    """What was handed in cannot become an alert or a reference entry."""


class AlertInvalid(InputError):
    """A file or payload is not an alert (empty, no id, wrong shape)."""


class AlertTooLarge(InputError):
    """An alert exceeds the size limit and is refused before any work or call."""


class EncodingUnknown(InputError):
    """Bytes that cannot be decoded without guessing."""


class ReferenceInvalid(InputError):
    """A profile or precedent row that cannot be loaded."""


class PromptError(TriageError):
    """A prompt file is missing, malformed or not the locked one."""


class PromptNotFound(PromptError):
    """No prompt file carries that name and version."""


class PromptInvalid(PromptError):
    """A prompt file has bad front matter, an undeclared input or a missing one."""


class PromptDrift(PromptError):
    """A prompt's hash differs from LOCK.json: its text or schema changed without a new version."""


class RetrievalError(TriageError):
    """The reference index could not answer."""


class IndexUnavailable(RetrievalError):
    """The index is missing, held by another process or its server is down."""

    retryable = True


class IndexMismatch(RetrievalError):
    """The index was built with another embedder, dimension or schema and must be rebuilt."""


class ModelError(TriageError):
    """A chat model call did not give a usable draft."""


class RateLimited(ModelError):
    """The provider asked for a pause; ``retry_after`` holds its seconds when it named them."""

    retryable = True

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelTimeout(ModelError):
    """No complete answer within the attempt's deadline."""

    retryable = True


class ModelUnavailable(ModelError):
    """Connection refused or broken, a 5xx, or an answer that is not an API answer."""

    retryable = True


class ReplyTruncated(ModelError):
    """The reply ended at its token limit, or its body was cut; ``raw`` keeps what came."""

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw


class ReplyInvalid(ModelError):
    """The reply does not parse or validate; ``raw`` keeps it for the record."""

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw


class Refused(ModelError):
    """The model or its content filter declined; ``raw`` keeps the words."""

    def __init__(self, message: str, raw: str = "") -> None:
        super().__init__(message)
        self.raw = raw


class ContextTooLong(ModelError):
    """The prompt exceeds the model's context; the article must be split."""


class ModelNotConfigured(ModelError):
    """The named provider is not installed or has no credentials."""


class EndpointInvalid(ModelError):
    """The endpoint rejects the request itself (wrong parameter, unsupported schema)."""


class AccessDenied(ModelError):
    """401, 403 or unknown model: a setting is wrong, no alert will succeed."""

    stops_queue = True


class QuotaExhausted(ModelError):
    """The account has no money or quota left."""

    stops_queue = True


class BreakerOpen(ModelError):
    """Calls are paused after repeated failures; the reason is in the message."""

    stops_queue = True


class StoreError(TriageError):
    """The database could not do what was asked."""


class StoreBusy(StoreError):
    """The database is locked by another process for longer than the wait allowed."""

    retryable = True


class RecordConflict(StoreError):
    """A write contradicts what is already stored."""


class SchemaMismatch(StoreError):
    """The database was written by a newer version of the product."""
