"""How the core's stages and the services beside it are."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from fastapi import APIRouter

from core.cli.health_watch import read_status
from periphery.backend.access import Viewer
from periphery.backend.routers.common import Services
from periphery.backend.schemas import system as s
from periphery.backend.services import Backend
from periphery.client import Client, ClientError

router = APIRouter(prefix="/engines", tags=["engines"])
PROBE_S = 1.0
PROBE_BYTES = 1 << 16
SILENT_NS = 1_000_000_000


@router.get("", response_model=s.Engines, response_model_exclude_unset=True)
def engines(backend: Services, _viewer: Viewer) -> dict[str, Any]:
    """The stages of the core by their cursors, services by their probes, parts of `nacre up --local`."""
    told: dict[str, Any] = {"core": "", "seq": None, "events_per_s": None, "engines": []}
    try:
        status = backend.link.call(Client.status)
    except ClientError as error:
        told["core"] = str(error)
    else:
        told |= {"seq": status["seq"], "events_per_s": status["events_per_s"], "engines": stages(status)}
    told["engines"] += services(backend.config.engines) + local_parts(backend)
    return told


def stages(status: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the core, each with its process's and its own place on the spine."""
    out = []
    for worker in status["workers"]:
        silent = worker["silent_ns"] > SILENT_NS
        state = "down" if not worker["going"] else "unhealthy" if silent else "ready"
        why = f"silent for {worker['silent_ns'] / 1e9:.1f} s" if silent else ""
        for stage in worker["stages"]:
            seq = status["cursors"].get(stage)
            behind = None if seq is None else max(status["seq"] - seq, 0)
            about = {"pid": worker["pid"], "where": worker["where"], "wait": worker["wait"]}
            out.append(
                {
                    "name": stage,
                    "kind": "stage",
                    "state": state,
                    "why": why,
                    **about,
                    "seq": seq,
                    "behind": behind,
                }
            )
    return out


def services(addresses: dict[str, str]) -> list[dict[str, Any]]:
    """Asked at the same time, PROBE_S each at the most."""
    if not addresses:
        return []
    with ThreadPoolExecutor(min(len(addresses), 16)) as threads:
        return list(threads.map(_service, addresses.items()))


def _service(named: tuple[str, str]) -> dict[str, Any]:
    name, address = named
    row: dict[str, Any] = {"name": name, "kind": "service", "state": "unhealthy", "why": "", "seq": None}
    try:
        with urllib.request.urlopen(f"http://{address}/status", timeout=PROBE_S) as answer:
            told = json.loads(answer.read(PROBE_BYTES))
        state = "ready" if told["ready"] else "unready" if told["live"] else "unhealthy"
        return row | {"state": state, "why": str(told["why"]), "seq": int(told["last_seq"])}
    except (OSError, ValueError, KeyError, TypeError, urllib.error.URLError) as error:
        return row | {"state": "down", "why": f"{address}: {error}"}


def local_parts(backend: Backend) -> list[dict[str, Any]]:
    if not backend.config.local:
        return []
    try:
        rows = read_status(Path(backend.config.local))
    except ValueError as error:
        return [{"name": "local", "kind": "part", "state": "down", "why": str(error)}]
    return [
        {
            "name": row["name"],
            "kind": "part",
            "state": row["state"],
            "why": row["why"],
            "pid": row["pid"],
            "seq": row.get("last_seq"),
        }
        for row in rows
    ]
