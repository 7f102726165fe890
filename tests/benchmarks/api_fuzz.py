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


def fuzz(address: str, *, examples: int, seconds: float, seed: int, headers: dict[str, str] | None = None) -> Found:
    """Up to ``examples`` fitting and as many unfitting requests for every operation, within about ``seconds``.

    Checks : no 5xx, only described statuses, content types, headers and bodies; what does not fit the description is
    refused; a method that is not there is refused.
    """
    import requests
    import schemathesis
    from schemathesis import GenerationMode

    schema = schemathesis.openapi.from_url(f"{address}/api/v1/openapi.json", headers=headers or {}, timeout=120)
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
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _run(operation, mode, session, headers, excluded, found, examples, until, seed)
    return found


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
