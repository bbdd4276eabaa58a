"""What a service says about itself: a line of JSON each, on standard error, with the event that it was at."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO


class Log:
    """Lines of one service. seq: the last event, as it is when a line is written."""

    def __init__(self, name: str, seq: Callable[[], int], out: TextIO | None = None) -> None:
        self._name = name
        self._seq = seq
        self._out = out

    def say(self, message: str, **values: Any) -> None:
        line = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "service": self._name,
            "seq": self._seq(),
            "message": message,
        }
        print(json.dumps(line | values, default=str), file=self._out or sys.stderr, flush=True)
