"""The one form of an error: what went wrong, the reason in a word, what to do, and where it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from periphery.client import Busy, ClientError, HangUp, NoAnswer, NoCore, WrongToken
from periphery.recorder.store import StoreDown, StoreError

MEANING = {
    400: "What was sent can't be read.",
    401: "Who asks isn't known, or the token is over.",
    403: "Who asks may not do this, or the backend is read-only.",
    404: "There is no such thing.",
    405: "Not this method.",
    408: "The body took too long to come.",
    409: "It can't be done as things are: the core's risk or somebody else's change says no.",
    413: "The body is larger than the limit.",
    422: "A field is missing, or isn't of its form.",
    429: "Too many requests; Retry-After says when to ask again.",
    500: "An error of the backend's own.",
    503: "The core, the store, or a queue with room isn't there.",
    504: "The core said nothing in time; what was asked for may have happened.",
}


class Problem(BaseModel):
    """Every error has this form."""

    model_config = ConfigDict(extra="forbid")

    code: str = Field(description="What kind of error it is; programs decide by it.")
    message: str = Field(description="What went wrong, for a person.")
    reason: str = Field(description="The core's own word for it, where there is one, else empty.")
    hint: str = Field(description="What to do.")
    place: str = Field(description="Which part of the request, or which part of the system.")


class Refusal(Exception):
    """Answers a request with a Problem."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        reason: str = "",
        hint: str = "",
        place: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = {"code": code, "message": message, "reason": reason, "hint": hint, "place": place}

    def response(self) -> JSONResponse:
        return JSONResponse(self.body, self.status, self.headers)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The errors of an operation, for its OpenAPI."""
    return {status: {"model": Problem, "description": MEANING[status]} for status in statuses}


def missing(what: str, name: str, hint: str, place: str) -> Refusal:
    """404 of something that is named."""
    return Refusal(404, f"no_{what}", f"no {what} {name!r}", hint=hint, place=place)


# ---- other errors, as problems -----------------------------------------------------------------------------


def of_core(error: ClientError) -> Refusal:
    """What the client library raises."""
    text = str(error)
    if isinstance(error, NoAnswer):
        return Refusal(
            504,
            "no_answer",
            text,
            place="core",
            hint="ask for the order or the state before you ask again: it may have happened",
        )
    if isinstance(error, Busy):
        return Refusal(503, "busy", text, hint="ask again", place="core", headers={"Retry-After": "1"})
    if isinstance(error, NoCore | HangUp | WrongToken):
        hint = "see nacre core status; a kill works without the core"
        return Refusal(503, "no_core", text, hint=hint, place="core", headers={"Retry-After": "1"})
    return Refusal(409, "refused", text, hint="the message says what the core takes", place="core")


def of_store(error: StoreError) -> Refusal:
    """What the recorder's store raises."""
    code = "store_down" if isinstance(error, StoreDown) else "store"
    return Refusal(503, code, str(error), hint="see nacre recorder status", place="store")


def of_form(error: RequestValidationError) -> Refusal:
    """The first field that isn't of its form."""
    first: Mapping[str, Any] = error.errors()[0]
    place = ".".join(map(str, first["loc"]))
    if first["type"] == "json_invalid":
        return Refusal(400, "bad_json", f"{place}: {first['msg']}", hint="send JSON", place="body")
    return Refusal(
        422,
        "bad_field",
        f"{place}: {first['msg']}",
        reason=str(first["type"]),
        hint="see /openapi.json for the form of each field",
        place=place,
    )


def _of_http(error: HTTPException) -> Refusal:
    codes = {404: "no_such_path", 405: "no_such_method", 400: "bad_request"}
    return Refusal(
        error.status_code,
        codes.get(error.status_code, "http"),
        str(error.detail),
        hint="see /openapi.json for what there is",
        place="path",
        headers=error.headers,
    )


def of_any(error: Exception) -> Refusal | None:
    """None: an error of the backend's own."""
    for kind, told in _KINDS.items():
        if isinstance(error, kind):
            return cast(Refusal, told(error))
    return None


def _itself(error: Refusal) -> Refusal:
    return error


_KINDS: dict[type[Exception], Any] = {
    Refusal: _itself,
    ClientError: of_core,
    StoreError: of_store,
    RequestValidationError: of_form,
    HTTPException: _of_http,
}


def install(app: FastAPI) -> None:
    """Makes all of the app's errors problems."""

    async def told(request: Request, error: Exception) -> JSONResponse:
        found = of_any(error) or _own()
        request.app.state.backend.metrics.refused(found.body["code"])
        return found.response()

    for kind in (*_KINDS, Exception):
        app.add_exception_handler(kind, told)


def _own() -> Refusal:
    return Refusal(500, "internal", "an error of the backend's own", hint="its log has it", place="backend")
