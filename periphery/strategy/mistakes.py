"""A mistake in a strategy's file, as its writer wants to see it: the own lines that led there, the error."""

from __future__ import annotations

import traceback
from pathlib import Path

PACKAGES = Path(__file__).resolve().parents[2]
_OURS = tuple(PACKAGES / name for name in ("core", "core_ext", "periphery"))


def told_of(error: BaseException, file: Path) -> str | None:
    """File, line and text of each own frame, then the error; None: no line of the file's folder is in it."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename, file)]
    if not frames and not (isinstance(error, SyntaxError) and _is_own(error.filename or "", file)):
        return None
    lines = [*traceback.format_list(frames), *traceback.format_exception_only(error)]
    return "".join(lines).rstrip()


def _is_own(name: str, file: Path) -> bool:
    """Whether it is the file, or one by it that is no library's. Compiled modules have relative names."""
    path, file = Path(name), file.resolve()
    if not path.is_absolute():
        return False
    path = path.resolve()
    is_library = "site-packages" in path.parts or any(path.is_relative_to(each) for each in _OURS)
    return path == file or (path.is_relative_to(file.parent) and not is_library)
