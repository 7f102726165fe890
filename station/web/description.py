"""The OpenAPI description: what FastAPI makes of the routes, with what stands before every route."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from station.web.errors import ErrorBody, ErrorDocument
from station.web.gate import COOKIE
from station.web.once import OWN_KEYS, SECRETS
from station.web.permissions import rule_for
from station.web.security import SAFE_METHODS, UPLOADS

TEXT = """
What the station knows of golden samples, inspected units, findings, reviews, lots, streams, nonconformities and
corrective actions. Reading changes nothing; what is recorded is added and never changed. Every refusal has one shape:
`{"error": {"code", "message", "do"}}`. Long lists are read page by page: send the `next` of an answer as `cursor` of
the next request. What is read has an `ETag`; send it as `If-Match` with a change, and the change is refused with 412
where somebody else was faster. A POST with an `Idempotency-Key` may be sent again: it is done once.
"""

_ALWAYS = {
    400: ("bad-request", "The request cannot be read"),
    404: ("not-found", "There is no such thing"),
    421: ("foreign-host", "The request was sent to another host"),
    422: ("bad-request", "The request makes no sense"),
    500: ("unexpected", "The records are damaged, or this should not have happened"),
    503: ("store", "The station cannot answer now"),
}
_SIGNED_IN = {
    401: ("not-signed-in", "Nobody is signed in"),
    403: ("not-allowed", "The role does not allow it, or the request comes from another site"),
    429: ("too-many", "Asked too often; `Retry-After` says when to ask again"),
}
_CHANGES = {
    413: ("too-large", "The request is too large"),
    415: ("not-json", "The request is not JSON"),
    507: ("storage-full", "The disk is full or read-only; nothing was recorded"),
}
_PUBLIC_CHANGES = {
    401: ("not-signed-in", "Name, password or token is wrong"),
    403: ("foreign-origin", "The request comes from another site"),
    429: ("too-many", "Too many wrong attempts; `Retry-After` says when to try again"),
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 8, "maxLength": 100, "pattern": "^[A-Za-z0-9._~-]+$"},
    "description": "the same key again answers what was answered first, so the request may be repeated safely",
}
_PIN = {
    "name": "Station-PIN",
    "in": "header",
    "required": False,
    "schema": {"type": "string"},
    "description": "the PIN of whoever signs; needed where the station has accounts",
}


def of(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The function that answers the description, made once."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
            _add(made)
            app.openapi_schema = made
        return app.openapi_schema

    return described


def _add(document: dict[str, Any]) -> None:
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for model in (ErrorBody, ErrorDocument):
        schemas.setdefault(model.__name__, model.model_json_schema(ref_template="#/components/schemas/{model}"))
    schemas["ErrorDocument"].pop("$defs", None)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    parts["securitySchemes"] = {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            _complete(path, method.upper(), operation)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    template, rule = rule_for(method, path)
    known: dict[int, tuple[str, str]] = dict(_ALWAYS)
    changes = method not in SAFE_METHODS
    known |= _CHANGES if changes else {}
    known |= _PUBLIC_CHANGES if rule.public and changes else {} if rule.public else _SIGNED_IN
    responses = operation["responses"]
    for status, (code, words) in sorted(known.items()):
        given = responses.get(str(status), {})
        if status == 422 or "content" not in given:
            responses[str(status)] = _refusal(code, given.get("description") if status != 422 else None, words)
    for status, given in responses.items():
        given.get("content", {}).get("text/event-stream", {}).pop("schema", None)  # a stream is no one string
        if status >= "4" and "application/json" in given.get("content", {}):
            code = "conflict" if status.startswith("4") else known.get(int(status), ("unexpected", ""))[0]
            given["content"]["application/json"].setdefault("example", _example(code, given["description"]))
    if not changes and "application/json" in responses.get("200", {}).get("content", {}):
        responses["304"] = {"description": "It is what `If-None-Match` names"}
        operation.setdefault("parameters", []).append(
            {"name": "If-None-Match", "in": "header", "required": False, "schema": {"type": "string"}}
        )
    parameters = operation.setdefault("parameters", [])
    if method == "POST" and template not in OWN_KEYS | SECRETS | UPLOADS:
        parameters.append(_KEY)
        responses.setdefault("409", _refusal("conflict", None, "The key was used for another request"))
    if rule.pin:
        parameters.append(_PIN)
    if not rule.public:
        operation["security"] = [{"session": []}, {}]  # {}: a station without accounts
        roles = ", ".join(sorted(rule.roles)) if len(rule.roles) < 5 else "every role"
        operation["description"] = f"{operation.get('description', '')}\n\nMay: {roles}.".strip()


def _refusal(code: str, described: str | None, words: str) -> dict[str, Any]:
    text = described or words
    schema = {"$ref": "#/components/schemas/ErrorDocument"}
    return {"description": text, "content": {"application/json": {"schema": schema, "example": _example(code, text)}}}


def _example(code: str, words: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": words[:1].lower() + words[1:], "do": "See /api/v1/openapi.json."}}
