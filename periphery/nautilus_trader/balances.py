"""A venue's account as a file for `nacre position reconcile`: the gateway's words beside the core's books.

The core books a bought asset as a position in the instrument, and pays from cash; a venue for cash products
tells balances of currencies. So the balance of an instrument's base asset is the row of its symbol, any
other one a currency's.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path


class Balances:
    """bases: the core's symbol by its base asset."""

    def __init__(self, path: Path, account: str, bases: Mapping[str, str]) -> None:
        self.path = path
        self.account = account
        self.bases = bases
        self.totals: dict[str, Decimal] = {}

    def tell(self, totals: Mapping[str, Decimal]) -> None:
        """What the venue says of some currencies, or all: the file is replaced whole."""
        self.totals |= totals
        beside = self.path.with_name(f".{self.path.name}.new")
        with beside.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("account", "symbol", "qty"))
            for currency, total in sorted(self.totals.items()):
                rows.writerow((self.account, self.bases.get(currency, currency), f"{total:f}"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.path)
