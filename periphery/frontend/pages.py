"""The bundle over HTTP: `/` and what it loads, to anyone; what it shows is asked for with a token."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from periphery.frontend.bundle import STATIC

HEADERS = {
    # Styles: the grid and the charts make theirs as they go.
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # asked for each time; unchanged is 304
}


class _Assets(StaticFiles):
    def file_response(self, *args: object, **more: object) -> Response:
        found = super().file_response(*args, **more)  # type: ignore[arg-type]
        found.headers.update(HEADERS)
        return found


def install(app: FastAPI) -> None:
    """After all routers: their paths come first."""

    @app.get("/", include_in_schema=False)
    def index(_request: Request) -> FileResponse:
        return FileResponse(STATIC / "index.html", headers=HEADERS)

    app.mount("/assets", _Assets(directory=STATIC / "assets", check_dir=False), name="assets")
