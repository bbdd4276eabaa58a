"""A journal or recording that a command reads, and what is said where it can't be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from core.cli.lazy import load
from core.cli.output import EXIT_FAILED, BadInput, say


@contextmanager
def readable(path: str) -> Iterator[None]:
    """Turn what can't be read into a message and exit code 2; a journal that doesn't hold into 1."""
    try:
        yield
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: {error}") from error
    except (load("core_ext.journal", "JournalError"), load("core.errors", "CoreFault"), MemoryError) as error:
        say(f"{path}: {error}")
        sys.exit(EXIT_FAILED)
