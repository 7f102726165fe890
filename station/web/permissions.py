"""Which role may do what, in one table over all routes. A route without an entry is closed but to administrators, and
fails a test.

The table is read from top to bottom: of entries whose path fits, the first with the request's method holds. Where a
home has no accounts, its one user may do everything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from starlette.routing import compile_path

from station.values.account import ROLES, Role

API = "/api/v1"

_OPERATORS = frozenset[Role]({"operator", "inspector", "reviewer", "approver"})
_INSPECTORS = frozenset[Role]({"inspector", "reviewer", "approver"})
_REVIEWERS = frozenset[Role]({"reviewer", "approver"})
_APPROVERS = frozenset[Role]({"approver"})
_ADMINISTRATORS = frozenset[Role]({"administrator"})
_ALL = frozenset[Role](ROLES)


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may send a request. public : whoever reaches the station. pin : signing it takes the PIN of the account.
    page : a browser is led to the page on which one signs in."""

    roles: frozenset[Role]
    public: bool = False
    pin: bool = False
    page: bool = False


_PUBLIC = Rule(_ALL, public=True)
_READ = Rule(_ALL)
_OPERATE = Rule(_OPERATORS)
_INSPECT = Rule(_INSPECTORS)
_REVIEW = Rule(_REVIEWERS)
_APPROVE = Rule(_APPROVERS)
_SIGN = Rule(_APPROVERS, pin=True)
_ADMINISTER = Rule(_ADMINISTRATORS)

_NC = f"{API}/nonconformities"

TABLE: tuple[tuple[str, str, Rule], ...] = (
    # pages
    ("GET", "/", Rule(_ALL, page=True)),
    ("GET", "/lots", Rule(_ALL, page=True)),
    ("GET", "/orders", Rule(_ALL, page=True)),
    ("GET", "/bench", Rule(_ALL, page=True)),
    ("GET", "/light", Rule(_ALL, page=True)),
    ("GET", "/streams", Rule(_ALL, page=True)),
    ("GET", "/golden", Rule(_ALL, page=True)),
    ("GET", "/sign-in", _PUBLIC),
    ("GET", "/help", _PUBLIC),
    ("GET", "/help/{document:path}", _PUBLIC),
    ("GET", "/static/{path:path}", _PUBLIC),
    # the station
    ("GET", f"{API}/openapi.json", _READ),
    ("GET", f"{API}/health", _PUBLIC),
    ("GET", f"{API}/metrics", _READ),
    ("GET", f"{API}/events", _READ),
    ("GET", f"{API}/sample-line", _READ),
    ("POST", f"{API}/sample-line", _SIGN),
    # accounts
    ("GET", f"{API}/session", _PUBLIC),
    ("POST", f"{API}/session", _PUBLIC),
    ("DELETE", f"{API}/session", _PUBLIC),
    ("POST", f"{API}/accounts/first", _PUBLIC),
    ("GET", f"{API}/accounts", _ADMINISTER),
    ("POST", f"{API}/accounts", _ADMINISTER),
    ("PATCH", f"{API}/accounts/{{name}}", _ADMINISTER),
    # benches and goldens
    ("GET", f"{API}/bench", _READ),
    ("GET", f"{API}/bench/{{rig}}", _READ),
    ("GET", f"{API}/bench/{{rig}}/drift", _READ),
    ("GET", f"{API}/bench/{{rig}}/card", _READ),
    ("GET", f"{API}/drift-bounds", _READ),
    ("GET", f"{API}/rigs", _READ),
    ("GET", f"{API}/gauge/studies", _READ),
    ("GET", f"{API}/gauge/studies/{{study_id}}", _READ),
    ("POST", f"{API}/rigs", _REVIEW),
    ("POST", f"{API}/bench/{{rig}}/lens", _INSPECT),
    ("POST", f"{API}/bench/{{rig}}/light", _INSPECT),
    ("POST", f"{API}/bench/{{rig}}/checks", _OPERATE),
    ("GET", f"{API}/goldens", _READ),
    ("GET", f"{API}/sign-offs", _READ),
    ("POST", f"{API}/goldens", _SIGN),
    ("POST", f"{API}/goldens/drafts", _REVIEW),
    ("POST", f"{API}/sheets/lint", _READ),
    ("GET", f"{API}/sheets/templates/{{kind}}", _READ),
    ("GET", f"{API}/goldens/{{number}}", _READ),
    ("GET", f"{API}/goldens/{{number}}/versions", _READ),
    ("GET", f"{API}/goldens/{{number}}/status", _READ),
    ("GET", f"{API}/goldens/{{number}}/frame", _READ),
    ("GET", f"{API}/goldens/{{number}}/sheet", _READ),
    ("GET", f"{API}/goldens/{{number}}/capability", _READ),
    ("POST", f"{API}/goldens/{{number}}/capability", _REVIEW),
    ("GET", f"{API}/goldens/{{number}}/master", _READ),
    ("GET", f"{API}/goldens/{{number}}/limits", _READ),
    ("GET", f"{API}/goldens/{{number}}/record", _READ),
    ("GET", f"{API}/goldens/{{number}}/checklist", _READ),
    ("GET", f"{API}/goldens/{{number}}/paper", _READ),
    ("POST", f"{API}/goldens/{{number}}/items", _REVIEW),
    ("POST", f"{API}/goldens/{{number}}/items/settled", _REVIEW),
    ("POST", f"{API}/goldens/{{number}}/sign-offs", _SIGN),
    # files that are handed in, and jobs
    ("POST", f"{API}/uploads", _OPERATE),
    ("GET", f"{API}/jobs", _READ),
    ("GET", f"{API}/jobs/{{job}}", _READ),
    ("GET", f"{API}/jobs/{{job}}/picture", _READ),
    ("POST", f"{API}/jobs/{{job}}/stop", _INSPECT),
    # units
    ("POST", f"{API}/inspections", _OPERATE),
    ("GET", f"{API}/camera", _READ),
    ("GET", f"{API}/camera/view", _READ),
    ("GET", f"{API}/camera/view/{{frame}}", _READ),
    ("POST", f"{API}/camera/captures", _OPERATE),
    ("GET", f"{API}/units", _READ),
    ("GET", f"{API}/queue", _READ),
    ("GET", f"{API}/queue/columns", _READ),
    ("GET", f"{API}/queue/units", _READ),
    ("GET", f"{API}/findings", _READ),
    ("GET", f"{API}/entered", _READ),
    ("GET", f"{API}/units/{{unit_id}}", _READ),
    ("GET", f"{API}/units/{{unit_id}}/document", _READ),
    ("GET", f"{API}/units/{{unit_id}}/layers", _READ),
    ("GET", f"{API}/units/{{unit_id}}/layers/heat", _READ),
    ("GET", f"{API}/units/{{unit_id}}/sources", _READ),
    ("GET", f"{API}/units/{{unit_id}}/findings", _READ),
    ("GET", f"{API}/units/{{unit_id}}/reviews", _READ),
    ("POST", f"{API}/units/{{unit_id}}/reviews", _REVIEW),
    ("POST", f"{API}/units/{{unit_id}}/findings/{{number}}/reviews", _REVIEW),
    ("GET", f"{API}/claims", _READ),
    ("PUT", f"{API}/units/{{unit_id}}/claim", _REVIEW),
    ("DELETE", f"{API}/units/{{unit_id}}/claim", _REVIEW),
    ("GET", f"{API}/pictures/{{sha256}}", _READ),
    # lots, plans, streams
    ("GET", f"{API}/lots", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/tally", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/decision", _READ),
    ("POST", f"{API}/lots/{{lot:path}}/decisions", _SIGN),
    ("GET", f"{API}/lots/{{lot:path}}/map", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/density", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/explanation", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/counted", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/draw", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/pulled", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/report", _READ),
    ("GET", f"{API}/lots/{{lot:path}}", _READ),
    ("GET", f"{API}/plan", _READ),
    ("POST", f"{API}/orders/plan", _READ),
    ("GET", f"{API}/orders", _READ),
    ("GET", f"{API}/orders/{{order}}", _READ),
    ("GET", f"{API}/streams", _READ),
    ("POST", f"{API}/streams", _APPROVE),
    ("GET", f"{API}/streams/{{name:path}}/next", _READ),
    ("GET", f"{API}/streams/{{name:path}}/events", _READ),
    ("POST", f"{API}/streams/{{name:path}}/lots", _INSPECT),
    ("POST", f"{API}/streams/{{name:path}}/words", _APPROVE),
    ("GET", f"{API}/streams/{{name:path}}", _READ),
    # nonconformities and corrective actions
    ("GET", _NC, _READ),
    ("POST", _NC, _REVIEW),
    ("GET", f"{_NC}/{{number}}", _READ),
    ("GET", f"{_NC}/{{number}}/events", _READ),
    ("POST", f"{_NC}/{{number}}/seen", _REVIEW),
    ("POST", f"{_NC}/{{number}}/answers", _REVIEW),
    ("POST", f"{_NC}/{{number}}/classes", _REVIEW),
    ("POST", f"{_NC}/{{number}}/asks", _REVIEW),
    ("POST", f"{_NC}/{{number}}/dispositions", _APPROVE),
    ("POST", f"{_NC}/{{number}}/costs", _REVIEW),
    ("POST", f"{_NC}/{{number}}/sent", _SIGN),
    ("POST", f"{_NC}/{{number}}/closed", _SIGN),
    ("POST", f"{_NC}/{{number}}/actions", _REVIEW),
    ("POST", f"{_NC}/{{number}}/actions/{{action}}/due", _REVIEW),
    ("POST", f"{_NC}/{{number}}/actions/{{action}}/done", _REVIEW),
    ("POST", f"{_NC}/{{number}}/actions/{{action}}/verified", _SIGN),
    ("POST", f"{_NC}/{{number}}/actions/{{action}}/withdrawn", _APPROVE),
    ("GET", f"{API}/corrective-actions", _READ),
)

_COMPILED: tuple[tuple[re.Pattern[str], str, str, Rule], ...] = tuple(
    (compile_path(path)[0], method, path, rule) for method, path, rule in TABLE
)


def rule_for(method: str, path: str) -> tuple[str, Rule]:
    """The entry of a request: its path in the table and its rule; "" and administrators alone where there is none."""
    method = "GET" if method == "HEAD" else method
    other = ""
    for pattern, its_method, template, rule in _COMPILED:
        if pattern.match(path):
            if its_method == method:
                return template, rule
            other = other or template
    return (other, _READ) if other else ("", _ADMINISTER)
