"""python -m tests.conformance.fix: QuickFIX's definitions over TCP, against our acceptor or another one."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from tests.conformance.fix.definitions import definitions
from tests.conformance.fix.runner import Failed, Player
from tests.conformance.fix.server import OverTcp, Server
from tests.support_fix import FIX_DATA, dictionary_of


def main() -> int:
    asked = _arguments()
    begin, dictionary = asked.begin.encode(), asked.dictionary or dictionary_of(asked.begin)
    if asked.serve:
        server = Server(begin, dictionary, _address(asked.serve))
        stopped: list[int] = []
        signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
        print(f"{asked.begin}: ISLD for TW44 and TW42, echoing, at {asked.serve}", file=sys.stderr)
        server.run(lambda: bool(stopped))
        return 0
    own = None if asked.against else Server(begin, dictionary)
    address = own.address if own else _address(asked.against)
    failed = 0
    for each in definitions(asked.definitions, begin):
        if asked.only and asked.only not in each.name:
            continue
        wires, started = OverTcp(address, own.turn if own else None), time.monotonic()
        try:
            Player(wires).play(each)
            said = "kept"
        except Failed as wrong:
            failed, said = failed + 1, str(wrong)
        finally:
            wires.close()
        if own:
            own.turn(0.01)
        print(f"{each.name}: {said} ({time.monotonic() - started:.1f} s)", flush=True)
    print(f"{failed} not kept")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.fix", description=__doc__)
    parser.add_argument("--definitions", type=Path, default=FIX_DATA / "quickfix_at_fix44_defs.tgz",
                        help="a folder of .def files, or a .tgz of them")  # fmt: skip
    parser.add_argument("--begin", default="FIX.4.4", help="what takes the place of their FIX.4.4")
    parser.add_argument("--dictionary", type=Path, help="else the one of --begin beside the definitions")
    parser.add_argument("--only", default="", help="definitions whose name has this in it")
    parser.add_argument("--against", metavar="HOST:PORT", help="an acceptor that runs already")
    parser.add_argument("--serve", metavar="HOST:PORT", help="only run the echoing acceptor, until SIGTERM")
    return parser.parse_args()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


if __name__ == "__main__":
    sys.exit(main())
