"""Requests made from the OpenAPI description, fitting and not fitting, each answer held to the description."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

LEFT_OUT = {
    "positive_data_acceptance": "what is well formed may still be refused, such as a plan that no table has",
    "ignored_auth": "a station without accounts asks nobody; every role on every route is tested by the table",
}

FIRST_ACCOUNT = ("POST", "/api/v1/accounts")
"""Left out: one account more, and every later request would be answered with 401."""


@dataclass
class Found:
    """What came of it: answers by status, and every answer that is not as described."""

    cases: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def fuzz(
    address: str, *, examples: int, seconds: float, seed: int, headers: dict[str, str] | None = None,
    known: dict[str, list[str]] | None = None,
) -> Found:  # fmt: skip
    """Up to ``examples`` fitting and as many unfitting requests for every operation, within about ``seconds``.

    known : values that the records hold, by the names of parameters and fields; then only fitting requests are made.

    Checks : no 5xx, only described statuses, content types, headers and bodies; what does not fit the description is
    refused; a method that is not there is refused.
    """
    import requests
    import schemathesis
    from schemathesis import GenerationMode

    described = requests.get(f"{address}/api/v1/openapi.json", headers=headers or {}, timeout=120).json()
    _plain(described)
    if known:
        _narrow(described, known)
    schema = schemathesis.openapi.from_dict(described)
    schema.config.update(base_url=address)
    refusing = schema.config.checks.negative_data_rejection
    refusing.expected_statuses = [*refusing.expected_statuses, "413"]  # too long a text may be too large a body first
    schemathesis.checks.load_all_checks()
    excluded = list(schemathesis.checks.CHECKS.get_by_names(list(LEFT_OUT)))
    found = Found()
    every = [result.ok() for result in schema.get_all_operations()]
    operations = [o for o in every if (o.method.upper(), o.path) != FIRST_ACCOUNT]
    ends = time.monotonic() + seconds
    with requests.Session() as session:
        session.trust_env = False
        for number, operation in enumerate(operations):
            share = (ends - time.monotonic()) / (len(operations) - number)
            until = time.monotonic() + share
            # a name that the records do not hold may be a new one's, so what does not fit is not told by it
            for mode in (GenerationMode.POSITIVE,) if known else (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _run(operation, mode, session, headers, excluded, found, examples, until, seed)
    return found


def _plain(node: Any) -> None:
    """Say of a tuple what all its entries are: the generator rewrites ``prefixItems`` to a list of ``items`` itself,
    and then finds fault with that."""
    if isinstance(node, dict):
        first = node.pop("prefixItems", None)
        if isinstance(first, list):
            node["items"] = first[0] if all(x == first[0] for x in first) else {"anyOf": first}
    for inner in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        _plain(inner)


def _narrow(described: dict[str, Any], known: dict[str, list[str]]) -> None:
    """Let parameters of addresses and fields of bodies take values that the records hold, by their names: requests then
    reach what answers them."""
    for item in described["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] in ("path", "query") and parameter["name"] in known:
                    parameter["schema"] = {"enum": known[parameter["name"]]}
    for schema in described["components"]["schemas"].values():
        if schema.get("title", "").startswith("New"):
            for name, values in known.items():
                if name in schema.get("properties", {}):
                    schema["properties"][name] = {"enum": values}


def _run(
    operation: Any, mode: Any, session: Any, headers: Any, excluded: Any, found: Found, examples: int, until: float,
    seed: int,
) -> None:  # fmt: skip
    import hypothesis
    from hypothesis.errors import Unsatisfiable

    where = f"{operation.method.upper()} {operation.path}"

    @hypothesis.settings(
        max_examples=examples, deadline=None, database=None, phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )  # fmt: skip
    @hypothesis.seed(seed)
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        if time.monotonic() > until:
            return
        if operation.path.endswith("/v1/events"):
            case.query = {**(case.query or {}), "once": "true"}  # it would go on telling
        response = case.call(session=session, headers=headers or {}, timeout=120)
        found.cases += 1
        found.statuses[response.status_code] += 1
        try:
            case.validate_response(response, excluded_checks=excluded, headers=headers or {})
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            faults = getattr(error, "exceptions", [error])
            told = "; ".join(" ".join(str(f).split())[:300] for f in faults)
            found.wrong.append(f"{where} ({mode.value}) {response.status_code}: {told}")

    with contextlib.suppress(Unsatisfiable):  # an operation that takes anything has nothing that does not fit
        one()
