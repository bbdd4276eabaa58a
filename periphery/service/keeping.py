"""A state goes to the disk beside its engine: events that come meanwhile don't wait for that."""

from __future__ import annotations

import threading
from pathlib import Path

from periphery.service.state import Said, write_saved


class Keeping:
    """Of one engine. A state, as msgpack has it, is kept once all that was said by then is on the disk."""

    def __init__(self, path: Path, said: Said) -> None:
        self._path = path
        self._said = said
        self._thread: threading.Thread | None = None
        self._error: OSError | None = None

    @property
    def is_busy(self) -> bool:
        """Whether one is under way. OSError: the one before could not be kept."""
        if self._thread is not None and not self._thread.is_alive():
            self.wait()
        return self._thread is not None

    def begin(self, saved: bytes) -> None:
        """Where none is under way: keeps it while the caller goes on."""
        self._thread = threading.Thread(target=self._try, args=(saved,), name="keeping")
        self._thread.start()

    def _try(self, saved: bytes) -> None:
        try:
            self.keep(saved)
        except OSError as error:
            self._error = error

    def keep(self, saved: bytes) -> None:
        """OSError."""
        self._said.sync()
        write_saved(self._path, saved)

    def wait(self) -> None:
        """Until none is under way. OSError: it could not be kept."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._error is not None:
            error, self._error = self._error, None
            raise error
