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
    page : a browser is led to the page on which one signs in. polled : an open page sends it by itself, which does not
    show that anybody is there: it keeps no session from ending idle."""

    roles: frozenset[Role]
    public: bool = False
    pin: bool = False
    page: bool = False
    polled: bool = False


_PUBLIC = Rule(_ALL, public=True)
_READ = Rule(_ALL)
_LOOK = Rule(_ALL, polled=True)
_OPERATE = Rule(_OPERATORS)
_INSPECT = Rule(_INSPECTORS)
_REVIEW = Rule(_REVIEWERS)
_APPROVE = Rule(_APPROVERS)
_SIGN = Rule(_APPROVERS, pin=True)
_ADMINISTER = Rule(_ADMINISTRATORS)
_NOWHERE = Rule(_ALL, page=True)

_NC = f"{API}/nonconformities"
_ORDER = f"{API}/orders/{{order}}"
_GOLDEN = f"{API}/goldens/{{number}}"

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
    ("GET", "/static/languages/sentences/{language}", _PUBLIC),
    ("GET", "/static/{path:path}", _PUBLIC),
    # the station
    ("GET", f"{API}/openapi.json", _READ),
    ("GET", f"{API}/health", _PUBLIC),
    ("GET", f"{API}/metrics", _READ),
    ("GET", f"{API}/events", _LOOK),
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
    ("GET", f"{API}/bench/{{rig}}/board", _READ),
    ("GET", f"{API}/bench/{{rig}}/picture", _READ),
    ("GET", f"{API}/drift-bounds", _READ),
    ("GET", f"{API}/rigs", _READ),
    ("GET", f"{API}/gauge/studies", _READ),
    ("GET", f"{API}/gauge/studies/{{study_id}}", _READ),
    ("POST", f"{API}/gauge/studies", _INSPECT),
    ("POST", f"{API}/gauge/studies/values", _INSPECT),
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
    ("GET", _GOLDEN, _READ),
    ("GET", f"{_GOLDEN}/versions", _READ),
    ("GET", f"{_GOLDEN}/status", _READ),
    ("GET", f"{_GOLDEN}/frame", _READ),
    ("GET", f"{_GOLDEN}/sheet", _READ),
    ("GET", f"{_GOLDEN}/capability", _READ),
    ("POST", f"{_GOLDEN}/capability", _REVIEW),
    ("GET", f"{_GOLDEN}/master", _READ),
    ("GET", f"{_GOLDEN}/limits", _READ),
    ("GET", f"{_GOLDEN}/record", _READ),
    ("GET", f"{_GOLDEN}/checklist", _READ),
    ("GET", f"{_GOLDEN}/paper", _READ),
    ("POST", f"{_GOLDEN}/items", _REVIEW),
    ("POST", f"{_GOLDEN}/items/settled", _REVIEW),
    ("POST", f"{_GOLDEN}/sign-offs", _SIGN),
    ("POST", f"{_GOLDEN}/sign-offs/detached", _SIGN),
    ("POST", f"{API}/countersignatures", _SIGN),
    ("POST", f"{_GOLDEN}/artefacts", _REVIEW),
    ("POST", f"{_GOLDEN}/acknowledgements", _REVIEW),
    ("GET", f"{_GOLDEN}/statement", _READ),
    ("GET", f"{_GOLDEN}/approval-sheet", _READ),
    ("GET", f"{_GOLDEN}/tolerance", _READ),
    ("GET", f"{_GOLDEN}/lint", _READ),
    ("GET", f"{_GOLDEN}/regions", _READ),
    ("GET", f"{_GOLDEN}/capability/picture", _READ),
    ("POST", f"{_GOLDEN}/record", _REVIEW),
    ("POST", f"{_GOLDEN}/photos", _REVIEW),
    ("POST", f"{_GOLDEN}/copies", _REVIEW),
    ("POST", f"{_GOLDEN}/copies/checked", _INSPECT),
    ("POST", f"{_GOLDEN}/copies/used", _INSPECT),
    ("POST", f"{_GOLDEN}/copies/removed", _REVIEW),
    ("POST", f"{_GOLDEN}/resolutions", _REVIEW),
    ("POST", f"{_GOLDEN}/changes", _REVIEW),
    ("POST", f"{_GOLDEN}/changes/{{change}}/acknowledged", _REVIEW),
    ("POST", f"{_GOLDEN}/holds", _REVIEW),
    ("POST", f"{_GOLDEN}/clones", _READ),
    ("GET", f"{_GOLDEN}/origin", _READ),
    ("POST", f"{_GOLDEN}/artwork", _REVIEW),
    ("POST", f"{_GOLDEN}/artwork/checks", _OPERATE),
    ("GET", f"{_GOLDEN}/thresholds", _READ),
    ("GET", f"{_GOLDEN}/thresholds/history", _READ),
    ("POST", f"{_GOLDEN}/thresholds", _APPROVE),
    # between stations, the ledger
    ("POST", f"{_GOLDEN}/packages", _REVIEW),
    ("POST", f"{API}/packages/verified", _OPERATE),
    ("POST", f"{API}/archives", _REVIEW),
    ("POST", f"{API}/archives/verified", _OPERATE),
    ("GET", f"{API}/archives/received", _READ),
    ("POST", f"{API}/archives/received", _REVIEW),
    ("POST", f"{API}/archives/comparisons", _OPERATE),
    ("GET", f"{API}/ledger", _READ),
    ("GET", f"{API}/ledger/head", _READ),
    ("POST", f"{API}/ledger/checks", Rule(_REVIEWERS | _ADMINISTRATORS)),
    ("GET", f"{API}/keys", _READ),
    ("GET", f"{API}/keys/own", _READ),
    ("POST", f"{API}/keys", _ADMINISTER),
    # files that are handed in, and jobs
    ("POST", f"{API}/uploads", _OPERATE),
    ("GET", f"{API}/jobs", _READ),
    ("GET", f"{API}/jobs/{{job}}", _READ),
    ("GET", f"{API}/jobs/{{job}}/picture", _READ),
    ("GET", f"{API}/jobs/{{job}}/file", _READ),
    ("POST", f"{API}/jobs/{{job}}/stop", _READ),
    # what is seen in photos
    ("POST", f"{API}/photos/described", _OPERATE),
    ("POST", f"{API}/photos/card", _OPERATE),
    ("POST", f"{API}/alignments", _OPERATE),
    ("POST", f"{API}/models/runs", _OPERATE),
    ("GET", f"{API}/models", _READ),
    ("POST", f"{API}/comparisons", _OPERATE),
    ("POST", f"{API}/charts/photo", _OPERATE),
    ("GET", f"{API}/charts/control", _READ),
    ("GET", f"{API}/charts/control/picture", _READ),
    ("GET", f"{API}/charts/trend", _READ),
    ("GET", f"{API}/charts/trend/picture", _READ),
    # units
    ("POST", f"{API}/inspections", _OPERATE),
    ("GET", f"{API}/camera", _READ),
    ("GET", f"{API}/camera/view", _LOOK),
    ("GET", f"{API}/camera/view/{{frame}}", _LOOK),
    ("POST", f"{API}/camera/captures", _OPERATE),
    ("POST", f"{API}/camera/pictures", _OPERATE),
    ("GET", f"{API}/units", _READ),
    ("GET", f"{API}/queue", _READ),
    ("GET", f"{API}/queue/columns", _READ),
    ("GET", f"{API}/queue/units", _READ),
    ("GET", f"{API}/findings", _READ),
    ("GET", f"{API}/entered", _READ),
    ("POST", f"{API}/entered", _OPERATE),
    ("GET", f"{API}/units/{{unit_id}}", _READ),
    ("GET", f"{API}/units/{{unit_id}}/document", _READ),
    ("GET", f"{API}/units/{{unit_id}}/layers", _READ),
    ("GET", f"{API}/units/{{unit_id}}/layers/heat", _READ),
    ("GET", f"{API}/units/{{unit_id}}/sources", _READ),
    ("GET", f"{API}/units/{{unit_id}}/paper", _READ),
    ("GET", f"{API}/units/{{unit_id}}/findings", _READ),
    ("GET", f"{API}/units/{{unit_id}}/reviews", _READ),
    ("POST", f"{API}/units/{{unit_id}}/reviews", _REVIEW),
    ("POST", f"{API}/units/{{unit_id}}/findings/{{number}}/reviews", _REVIEW),
    ("GET", f"{API}/claims", _READ),
    ("PUT", f"{API}/units/{{unit_id}}/claim", Rule(_REVIEWERS, polled=True)),
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
    ("POST", f"{API}/lots/{{lot:path}}/draws", _INSPECT),
    ("GET", f"{API}/lots/{{lot:path}}/picks", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/pulled", _READ),
    ("POST", f"{API}/lots/{{lot:path}}/pulled", _OPERATE),
    ("GET", f"{API}/lots/{{lot:path}}/picture", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/sets", _READ),
    ("GET", f"{API}/lots/{{lot:path}}/report", _READ),
    ("GET", f"{API}/lots/{{lot:path}}", _READ),
    ("GET", f"{API}/plan", _READ),
    ("POST", f"{API}/plans", _READ),
    ("POST", f"{API}/plans/curve", _READ),
    ("POST", f"{API}/orders/plan", _READ),
    ("POST", f"{API}/orders/plan/picture", _READ),
    ("POST", f"{API}/orders/check", _READ),
    # orders and their gates
    ("GET", f"{API}/orders", _READ),
    ("POST", f"{API}/orders", _REVIEW),
    ("GET", _ORDER, _READ),
    ("GET", f"{_ORDER}/first-article", _READ),
    ("GET", f"{_ORDER}/first-article/paper", _READ),
    ("POST", f"{_ORDER}/answers", _REVIEW),
    ("POST", f"{_ORDER}/samples", _INSPECT),
    ("POST", f"{_ORDER}/plans", _REVIEW),
    ("POST", f"{_ORDER}/started", _REVIEW),
    ("POST", f"{_ORDER}/made", _OPERATE),
    ("POST", f"{_ORDER}/bonded", _OPERATE),
    ("POST", f"{_ORDER}/checks", _INSPECT),
    ("POST", f"{_ORDER}/lots", _INSPECT),
    ("POST", f"{_ORDER}/releases", _SIGN),
    ("POST", f"{_ORDER}/waivers", _SIGN),
    ("POST", f"{_ORDER}/anomalies", _OPERATE),
    ("POST", f"{_ORDER}/anomalies/{{number}}/levels", _INSPECT),
    ("POST", f"{_ORDER}/anomalies/{{number}}/resolutions", _REVIEW),
    # streams
    ("GET", f"{API}/streams", _READ),
    ("POST", f"{API}/streams", _APPROVE),
    ("GET", f"{API}/streams/{{name:path}}/next", _READ),
    ("GET", f"{API}/streams/{{name:path}}/events", _READ),
    ("GET", f"{API}/streams/{{name:path}}/picture", _READ),
    ("POST", f"{API}/streams/{{name:path}}/lots", _INSPECT),
    ("POST", f"{API}/streams/{{name:path}}/words", _APPROVE),
    ("GET", f"{API}/streams/{{name:path}}", _READ),
    # nonconformities and corrective actions
    ("GET", _NC, _READ),
    ("POST", _NC, _REVIEW),
    ("GET", f"{_NC}/{{number}}", _READ),
    ("GET", f"{_NC}/{{number}}/events", _READ),
    ("POST", f"{_NC}/{{number}}/seen", _REVIEW),
    ("POST", f"{_NC}/{{number}}/seen/table", _REVIEW),
    ("POST", f"{_NC}/{{number}}/photos", _REVIEW),
    ("POST", f"{_NC}/{{number}}/records", _REVIEW),
    ("GET", f"{_NC}/{{number}}/records/{{sha256}}", _READ),
    ("POST", f"{_NC}/{{number}}/causes", _REVIEW),
    ("GET", f"{_NC}/{{number}}/message", _READ),
    ("GET", f"{_NC}/{{number}}/words", _READ),
    ("GET", f"{_NC}/{{number}}/report", _READ),
    ("POST", f"{_NC}/{{number}}/package", _REVIEW),
    ("GET", f"{API}/nonconformity-kinds", _READ),
    ("GET", f"{API}/sourcing-risk", _READ),
    ("GET", f"{API}/reorder", _READ),
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
    """The entry of a request: its path in the table and its rule; "" where there is none: in the API for administrators
    alone, elsewhere a page that is missing, which is told to whoever is signed in."""
    method = "GET" if method == "HEAD" else method
    other = ""
    for pattern, its_method, template, rule in _COMPILED:
        if pattern.match(path):
            if its_method == method:
                return template, rule
            other = other or template
    if other:
        return other, _READ
    return "", _ADMINISTER if path.startswith(API) else _NOWHERE
