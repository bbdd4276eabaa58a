"""What a search in the audit finds."""

from __future__ import annotations

from periphery.backend.schemas.forms import Told
from periphery.backend.schemas.system import AuditRow


class FoundRows(Told):
    """The newest first; `next_before` is the `before` of the rows that follow, None: there are no more."""

    rows: list[AuditRow]
    next_before: int | None
