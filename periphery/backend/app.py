"""The application: all routers, the form of errors, what stands before each request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from periphery.backend import openapi, problems
from periphery.backend.access import HEADER
from periphery.backend.config import Config
from periphery.backend.guard import Guard
from periphery.backend.metrics import BEAT_S
from periphery.backend.routers import (
    audits,
    auth,
    backtests,
    booking,
    costs,
    engine_map,
    engines,
    journals,
    live,
    market,
    me,
    orders,
    portfolio,
    positions,
    reconciliation,
    reference,
    risk,
    signals,
    strategies,
    stream,
    system,
    users,
)
from periphery.backend.services import Backend
from periphery.frontend import pages

ROUTERS = (
    auth,
    me,
    users,
    orders,
    positions,
    risk,
    reconciliation,
    strategies,
    backtests,
    engines,
    journals,
    reference,
    market,
    system,
    live,
    stream,
    engine_map,
    costs,
    audits,
    booking,
    signals,
    portfolio,
)
ABOUT = "Orders, positions, risk, strategies and journals of one core. Errors have one form: Problem."


async def _beat(backend: Backend) -> None:
    """On the loop of requests: where that stands still, nothing beats."""
    while True:
        backend.metrics.beat()
        await asyncio.sleep(BEAT_S)


def make_app(config: Config) -> FastAPI:
    """An application that opens its state when it is started. Refusal, OSError: what can't be opened."""
    backend = Backend(config)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        backend.start()
        beats = asyncio.create_task(_beat(backend))
        try:
            yield
        finally:
            beats.cancel()
            backend.close()

    app = FastAPI(
        title="nacre",
        version=version("nacre"),
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,
        openapi_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.backend = backend
    for each in ROUTERS:
        app.include_router(each.router)
    problems.install(app)
    openapi.install(app)
    pages.install(app)
    app.add_middleware(Guard, backend=backend)
    if config.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.origins,
            allow_methods=["*"],
            allow_headers=["Authorization", "Content-Type", "Idempotency-Key", HEADER],
        )
    return app
