"""The one shape of an error: what is wrong, in a code and in words, and what to do."""

from __future__ import annotations

import logging
import re
from difflib import get_close_matches
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import Field
from starlette.exceptions import HTTPException

from station.errors import StationError, StorageFullError, TooManyError, disk_error
from station.values.documents import Document
from station.values.faults import wrong
from station.web.showing import PLACES, page

logger = logging.getLogger("station.web")

_UPLOADED = re.compile(r"\S*[/\\]uploads[/\\]u-[\w-]{8,40}[/\\]")
"""The folder of a file that was handed in, see ``Uploads``; who handed it in knows its name alone."""
_OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")


class ErrorBody(Document):
    code: str = Field(examples=["not-found"])
    message: str = Field(examples=["there is no unit 7"])
    do: str = Field(examples=["Look it up in the list of units."])


class ErrorDocument(Document):
    """Every refusal: ``message`` says what is wrong, ``do`` what to do next."""

    error: ErrorBody


def error_response(status: int, code: str, message: str, do: str, headers: Any = None) -> JSONResponse:
    """An error as JSON."""
    body = ErrorDocument(error=ErrorBody(code=code, message=message, do=do))
    return JSONResponse(body.model_dump(), status_code=status, headers=headers)


def refusal(error: StationError) -> JSONResponse:
    """What the station refuses, as JSON."""
    headers = {"Retry-After": str(error.wait_s)} if isinstance(error, TooManyError) else None
    return error_response(error.status, error.code, fields(error.message), fields(error.do), headers)


def fields(text: str) -> str:
    """A text that names options of a command, with the fields of a request in their place; a command stays as it is.
    A file that was handed in goes by its name."""
    text = _UPLOADED.sub("", text)
    return text if "station " in text else _OPTION.sub(lambda m: m[1].replace("-", "_"), text)


def register(app: FastAPI) -> None:
    """Let every error of the application take the one shape."""

    @app.exception_handler(StationError)
    def refused(_request: Request, error: StationError) -> JSONResponse:
        return refusal(error)

    @app.exception_handler(OSError)
    def disk(_request: Request, error: OSError) -> JSONResponse:
        return refusal(full_disk(error))

    @app.exception_handler(RequestValidationError)
    def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return error_response(422, "bad-request", "the request is not valid JSON", "See /api/v1/openapi.json.")
        where = ".".join(str(part) for part in first["loc"][1:]) or "the request"
        return error_response(422, "bad-request", f"{where}: {wrong(first)}", "See /api/v1/openapi.json.")

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        path = request.url.path[:200]
        if error.status_code == HTTPStatus.NOT_FOUND:
            if not path.startswith(("/api/", "/static/")) and "text/html" in request.headers.get("accept", ""):
                near = get_close_matches(path, [address for address, _ in PLACES], n=1)
                return page(request, "missing.html", status=404, path=path, near=near)
            return error_response(404, "not-found", f"there is nothing at {path}", "See /api/v1/openapi.json.")
        if error.status_code == HTTPStatus.BAD_REQUEST:  # a body that is no UTF-8, or nested beyond measure
            return error_response(400, "bad-request", "the request cannot be read", "See /api/v1/openapi.json.")
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            text = f"{path} does not take {request.method}"
            return error_response(405, "method", text, "See /api/v1/openapi.json.", error.headers)
        return error_response(error.status_code, "request", str(error.detail), "See /api/v1/openapi.json.")


def full_disk(error: OSError) -> StorageFullError:
    """What a full disk refuses, that of temporary files too; any other error of the system is raised again."""
    told = disk_error(error)
    if not isinstance(told, StorageFullError):
        raise error
    return told


def unexpected(method: str, path: str, error: Exception) -> JSONResponse:
    """What nobody foresaw: the log has the whole of it, the answer its kind alone."""
    logger.error("%s %s failed", method, path[:200], exc_info=error)
    text = f"this should not have happened: {type(error).__name__}"
    return error_response(500, "unexpected", text, "Report it with the log.")
