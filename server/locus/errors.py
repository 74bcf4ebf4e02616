"""What can be expected to go wrong. Everything else is a bug and reported as one."""

from __future__ import annotations


class LocusError(Exception):
    """An expected failure: `message` says what happened, `hint` what to do about it."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


def expected(error: BaseException) -> LocusError | None:
    """The LocusError that `error` is, or the first of a group of nothing else; None for a bug."""
    if isinstance(error, LocusError):
        return error
    if not isinstance(error, BaseExceptionGroup):
        return None
    found = [expected(inner) for inner in error.exceptions]
    return found[0] if None not in found else None


class InvalidArguments(LocusError):
    """The caller's arguments are wrong (exit 2, JSON-RPC -32602)."""


class Refused(LocusError):
    """The request is understood and cannot be carried out as things stand; nothing was changed."""


class NotFound(LocusError):
    """A task, sprint, run or repository that does not exist."""


class OutOfReach(LocusError):
    """A service does not answer: whether what was asked of it arrived is not known. It may be there again in a while."""


class NotSetUp(LocusError):
    """A service cannot be used until a person has put something right here: a login that has expired, a program that is missing."""


class ProcessFailed(LocusError):
    """A child process could not be started, failed or ran out of time."""

    def __init__(self, message: str, hint: str | None = None, *, code: int | None = None, stdout: str = "", stderr: str = "") -> None:
        super().__init__(message, hint)
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
