"""Every failure that a person can cause, as one tree, and the exit codes (design, section 11).

    ScanflowError                      exit code
    ├── UsageError                     2   command line, arguments
    ├── InputError                     2   pipeline, batch, labels: a document with errors
    ├── RunFailed                      3   a run failed or was cancelled
    ├── DamagedSession                 4   a session file is damaged, was altered, or is none
    ├── Missing                        5   something needed is missing or unreachable
    ├── Refused                        6   not permitted
    └── PersonNeeded                   7   suspended: a person has to act

A defect of ScanFlow's own is 1, an interrupt 130. An error says what is wrong, where, and what to
do.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_DONE = 0
EXIT_DEFECT = 1
EXIT_INTERRUPTED = 130


class ScanflowError(Exception):
    """A failure with one sentence for a person: what, where, and a hint what to do."""

    exit_code: ClassVar[int] = EXIT_DEFECT

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def sentence(self) -> str:
        """The error as one line: ``where: what; hint``, or ``where: what. Hint``."""
        text = f"{self.where}: {self.what}" if self.where else self.what
        if not self.hint:
            return text
        return text.rstrip(".") + ("; " if self.hint[0].islower() else ". ") + self.hint.rstrip()

    def __str__(self) -> str:
        return self.sentence()


class UsageError(ScanflowError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class InputError(ScanflowError):
    """A document (pipeline, batch, labels) has errors; ``findings`` holds each with its place."""

    exit_code = 2

    def __init__(
        self, what: str, *, where: str = "", hint: str = "", findings: tuple[str, ...] = ()
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.findings = findings


class RunFailed(ScanflowError):
    """A run ended without success."""

    exit_code = 3


class DamagedSession(ScanflowError):
    """A session file is damaged, was altered, or is none."""

    exit_code = 4


class Missing(ScanflowError):
    """Something needed is missing or unreachable: engine, image, file, disk space, a newer
    ScanFlow.
    """

    exit_code = 5


class Refused(ScanflowError):
    """The act is not permitted, now or to this person."""

    exit_code = 6


class PersonNeeded(ScanflowError):
    """The run waits for a person."""

    exit_code = 7


BY_CODE: dict[int, type[ScanflowError]] = {
    kind.exit_code: kind
    for kind in (RunFailed, DamagedSession, Missing, Refused, PersonNeeded, InputError)
}
"""The error class that stands for an exit code that travelled over the wire."""
