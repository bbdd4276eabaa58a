"""Proposals of portfolios: made of target weights, kept as files, approved by a second person, then sent.

What is proposed, approved and sent is periphery.portfolio's; this keeps the files, and asks the core.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec

from periphery.backend.config import Config
from periphery.backend.problems import Refusal, missing
from periphery.client import Client, connect
from periphery.portfolio import proposal as papers
from periphery.portfolio.desk import Wish, propose, send
from periphery.portfolio.orders import CannotPlan

NAME = "portfolio"
KEPT_MOST = 100
PENDING, APPROVED, SENT, OVER = "pending", "approved", "sent", "over"


class Portfolios:
    """In a folder of the backend's state; one thread at a time."""

    def __init__(self, folder: Path, socket: Path, config: Config) -> None:
        self._folder = folder
        self._socket = socket
        self._token = Path(config.token_file).read_text().strip() if config.token_file else None
        self._answer_s = config.answer_s
        self._turn = threading.Lock()

    def all(self) -> list[dict[str, Any]]:
        """The newest first."""
        found = [self._told(path) for path in self._folder.glob("*.json")]
        return sorted(found, key=lambda row: -row["made_ns"])

    def preview(self, weights: Mapping[str, str], wish: Wish) -> dict[str, Any]:
        """A proposal of what the core has now, kept. Refusal (409): it can't be planned. ClientError."""
        wanted = {name: Fraction(weight) for name, weight in weights.items()}
        with self._turn:
            try:
                made = self._with_core(lambda core: propose(core, wanted, wish))
            except (CannotPlan, KeyError) as error:
                hint = "mend the weights, or wait for quotes"
                raise Refusal(
                    409, "cannot_plan", str(error).strip("'"), hint=hint, place="body.weights"
                ) from error
            self._folder.mkdir(mode=0o700, exist_ok=True)
            path = self._folder / f"{made.id}.json"
            papers.write(path, made)
            self._forget()
            return self._told(path)

    def account(self, proposal_id: str) -> str:
        """Whose it is. Refusal (404)."""
        return _read(self._path(proposal_id)).content.account

    def approve(self, proposal_id: str, by: str) -> dict[str, Any]:
        """Refusal: 404; 403 the same person; 409 it is over, or has no orders."""
        with self._turn:
            path = self._path(proposal_id)
            found = _read(path)
            if by.casefold() == found.content.by.casefold():
                raise Refusal(
                    403, "same_person", f"{by} made it: a second person approves", reason="second_person",
                    hint="ask somebody else with scope risk", place="header.Authorization",
                )  # fmt: skip
            _tried(lambda: papers.approve(found, by))
            papers.write(path, found)
            return self._told(path)

    def send(self, proposal_id: str) -> list[dict[str, Any]]:
        """What became of each order; sent again nothing happens. Refusal: 404, 409. ClientError."""
        with self._turn:
            path = self._path(proposal_id)
            found = _read(path)
            _tried(lambda: papers.need_approved(found))
            became = self._with_core(lambda core: send(core, found, self._answer_s))
            path.with_suffix(".sent").write_bytes(msgspec.json.encode(became))
            return became

    # ---- inside --------------------------------------------------------------------------------------------

    def _with_core[T](self, work: Callable[[Client], T]) -> T:
        """A session of its own: the backend's hears other things."""
        with connect(
            self._socket, self._token, NAME, cancel_on_disconnect=False, timeout=self._answer_s
        ) as core:
            return work(core)

    def _path(self, proposal_id: str) -> Path:
        path = self._folder / f"{proposal_id}.json"
        if not path.is_file():
            raise none_such(proposal_id)
        return path

    def _told(self, path: Path) -> dict[str, Any]:
        found = _read(path)
        sent = path.with_suffix(".sent")
        became = msgspec.json.decode(sent.read_bytes()) if sent.exists() else []
        content: dict[str, Any] = msgspec.to_builtins(found.content)
        lines = [
            line | {"denied": check["denied"]}
            for line, check in zip(found.lines, content.pop("checks"), strict=True)
        ]
        approvals = [{"by": each.by, "at": each.at} for each in found.approvals]
        about = {"id": found.id, "state": _state(found, sent.exists()), "approvals": approvals}
        return content | about | {"orders": lines, "became": became}

    def _forget(self) -> None:
        """The oldest of too many."""
        paths = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        for path in paths[:-KEPT_MOST]:
            path.unlink(missing_ok=True)
            path.with_suffix(".sent").unlink(missing_ok=True)


def none_such(proposal_id: str) -> Refusal:
    return missing("proposal", proposal_id, "GET /portfolio lists them", "path.proposal_id")


def _state(found: papers.Proposal, sent: bool) -> str:
    if sent:
        return SENT
    over = time.time_ns() > found.content.made_ns + found.content.valid_s * papers.SECOND_NS
    return OVER if over else APPROVED if found.approvals else PENDING


def _read(path: Path) -> papers.Proposal:
    """Refusal (409): it was changed since it was made."""
    return _tried(lambda: papers.read(path))


def _tried[T](work: Callable[[], T]) -> T:
    try:
        return work()
    except papers.BadProposal as error:
        raise Refusal(409, "not_now", str(error), hint="preview it anew", place="path.proposal_id") from error
