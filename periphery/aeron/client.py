"""A client of Aeron and the media driver that it has for itself: both begin anew when the driver dies.

What a driver's logs held dies with it. An offer that it took may be lost then, and offers of up to ten
seconds after its death are in logs that nobody reads: so a client asks whether its driver lives before each.
"""

from __future__ import annotations

import importlib
from typing import Any

from periphery.aeron.driver import Driver

pyaeron: Any = importlib.import_module("pyaeron")  # it has no types, and is an extra

TIMEOUT_MS = 10_000
ERRORS = (pyaeron.AeronError, pyaeron.PublicationClosed, pyaeron.ResourceClosed, pyaeron.DriverTimeout)
"""What Aeron raises where a driver is gone, or a channel is none."""


class Client:
    """Used by one thread. wrong: what Aeron said last that it shouldn't have."""

    def __init__(self) -> None:
        """RuntimeError: the driver doesn't come. AeronError."""
        self.wrong = ""
        self.driver = Driver()
        self._aeron: Any = None
        self._open()

    def _open(self) -> None:
        context = pyaeron.Context(
            dir=self.driver.folder, driver_timeout_ms=TIMEOUT_MS, error_handler=self._noted
        )  # without a handler of ours Aeron's ends the process
        try:
            self._aeron = pyaeron.Aeron(context=context)
        except ERRORS:
            self.driver.stop()
            raise

    def _noted(self, *what: object) -> None:
        self.wrong = str(what)

    @property
    def is_whole(self) -> bool:
        """Whether driver and client live: what was made of a client that doesn't is of no use."""
        return self.driver.is_alive() and self._aeron is not None and not self._aeron.is_closed

    def subscribe(self, channel: str, stream: int) -> Any:
        """AeronError: there can be none."""
        return self._aeron.add_subscription(channel, stream)

    def publish(self, channel: str, stream: int) -> Any:
        """One that this thread alone offers to. AeronError: there can be none."""
        return self._aeron.add_exclusive_publication(channel, stream)

    def restart(self, *made: Any) -> None:
        """A new driver, and a client of it; made: what was made of this one, which is closed."""
        self._shut(made)
        self.driver.start()
        self._open()

    def close(self, *made: Any) -> None:
        self._shut(made)
        self.driver.stop()

    def _shut(self, made: tuple[Any, ...]) -> None:
        """Whatever the driver is."""
        for each in (*made, self._aeron):
            if each is not None:
                try:
                    each.close()
                except ERRORS as error:
                    self.wrong = str(error)
        self._aeron = None
