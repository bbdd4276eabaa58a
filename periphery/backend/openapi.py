"""The OpenAPI document: what each operation takes and tells, also which errors, and who may ask."""

from __future__ import annotations

import threading
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from periphery.backend.access import HEADER, Allow, allowed_by
from periphery.backend.guard import OPEN
from periphery.backend.problems import MEANING
from periphery.backend.users import SCOPES

PATH = "/openapi.json"
MEANS = {
    "view": "see everything but users and the audit",
    "trade": "send, change and cancel orders; run strategies and backtests; kill",
    "risk": "set limits, kill, re-arm, decide approvals, settle breaks",
    "admin": "users, the audit, modes",
}
SCHEMES = {
    "person": {
        "type": "oauth2",
        "flows": {
            "password": {"tokenUrl": "/auth/token", "scopes": {scope: MEANS[scope] for scope in SCOPES}}
        },
    },
    "program": {"type": "apiKey", "in": "header", "name": HEADER},
}


def install(app: FastAPI) -> None:
    """Makes the app tell this document."""

    turn = threading.Lock()

    def made() -> dict[str, Any]:
        with turn:
            if app.openapi_schema is None:
                app.openapi_schema = document(app)
            return app.openapi_schema

    app.openapi = made  # type: ignore[method-assign]

    @app.get(PATH, include_in_schema=False)
    def tell() -> JSONResponse:
        """On a thread: it takes a while to make, and a kill doesn't wait for it."""
        return JSONResponse(made())


def api_routes(app: FastAPI) -> list[RouteContext]:
    """Every route over HTTP that the document has."""
    found = iter_route_contexts(app.routes)
    return [each for each in found if isinstance(each.original_route, APIRoute) and each.include_in_schema]


def document(app: FastAPI) -> dict[str, Any]:
    found = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    found["components"]["securitySchemes"] = SCHEMES
    for name in ("HTTPValidationError", "ValidationError"):
        found["components"]["schemas"].pop(name, None)
    for route in api_routes(app):
        for method in route.methods or ():
            operation = found["paths"][route.path_format][method.lower()]
            _secure(operation, allowed_by(route.dependant))
            _complete(operation, route)
    return found


def _secure(operation: dict[str, Any], allow: Allow | None) -> None:
    """Any one of the scopes is enough, so each is an alternative."""
    if allow is None:
        operation["security"] = []
        return
    told = [{"person": [scope]} for scope in allow.scopes]
    operation["security"] = told if allow.people else [*told, {"program": []}]


def _complete(operation: dict[str, Any], route: RouteContext) -> None:
    """The errors that stand before every handler."""
    responses, statuses = operation["responses"], set[int]()
    allow = allowed_by(route.dependant)
    if route.path not in OPEN:
        statuses |= {413, 408, 429}
    if allow is not None:
        statuses |= {401, 403, 503}
    if "parameters" in operation or "requestBody" in operation:
        statuses |= {400, 422}
    for status in sorted(statuses):
        responses[str(status)] = {
            "description": MEANING[status],
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
