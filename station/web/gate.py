"""Who asks, and whether the role allows it: held to the table of permissions before a route is reached."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from station.errors import AccessError, NotSignedInError, StationError
from station.service import Station
from station.values.account import Who
from station.web.errors import refusal
from station.web.permissions import Rule, rule_for

COOKIE = "station_session"
PIN = "station-pin"


def token_of(headers: Headers) -> str | None:
    """The token of the session cookie, None without one."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value[:100] if found and found.value else None


class Gate:
    """ASGI middleware: refuses whoever may not, tells the routes who asks (``request.state.who``)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        template, rule = rule_for(scope["method"], scope["path"])
        headers = Headers(scope=scope)
        state = scope.setdefault("state", {})
        state["template"] = template
        try:
            state["who"] = (
                Who()
                if rule.public
                else await run_in_threadpool(
                    admit, scope["app"].state.station, rule, token_of(headers), headers.get(PIN)
                )
            )
        except NotSignedInError as error:
            answer = RedirectResponse("/sign-in", 303) if rule.page else refusal(error)
            await answer(scope, receive, send)
        except StationError as error:
            await refusal(error)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def admit(station: Station, rule: Rule, token: str | None, pin: str | None) -> Who:
    """Who asks, where the rule allows it. Raises NotSignedInError, AccessError, TooManyError."""
    who = station.accounts.who(token, polled=rule.polled)
    if who.role is None:
        return who
    if who.role not in rule.roles:
        allowed = ", ".join(sorted(rule.roles))
        article = "an" if who.role[0] in "aeiou" else "a"
        raise AccessError(f"{article} {who.role} may not do this", f"It takes one of these roles: {allowed}.")
    if rule.pin:
        station.accounts.confirm(who, pin)
    return who
