"""What is traded where, and for whom."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from periphery.backend.access import Viewer
from periphery.backend.routers.common import CORE, Services
from periphery.backend.schemas import system as s
from periphery.client import Client
from periphery.client.units import from_units

router = APIRouter(prefix="/reference", tags=["reference"])


@router.get("", response_model=s.Reference, responses=CORE)
def reference(backend: Services, viewer: Viewer) -> dict[str, Any]:
    """Instruments, venues, accounts, strategies, and whether orders can reach a market."""
    found = backend.link.call(_read)
    return found | {"accounts": [row for row in found["accounts"] if viewer.may(row["name"])]}


def _read(client: Client) -> dict[str, Any]:
    known = client.directory
    return {
        "live": client.is_live,
        "instruments": [
            {
                "name": each.name,
                "kind": each.kind,
                "price_precision": each.price_precision,
                "qty_precision": each.qty_precision,
                "currency": each.currency,
                "venues": list(each.venues),
                "tick": str(from_units(each.tick, each.price_precision)),
                "lot": str(from_units(each.lot, each.qty_precision)),
            }
            for each in known.symbols
        ],
        "venues": list(known.venues),
        "accounts": [{"name": name} for name in known.accounts],
        "strategies": list(known.strategies),
    }
