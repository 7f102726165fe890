"""Which route a request reaches: they are tried in the order of ROUTERS, and the first that fits has it."""

from __future__ import annotations

import re

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Match

from station.web.app import ROUTERS

ROUTES = [route for router in ROUTERS for route in router.routes]


@pytest.mark.parametrize("name", ["7", "L/1"])
def test_no_route_before_it_takes_what_a_route_is_for(name: str) -> None:
    """The name of a lot or a stream may hold slashes, so that its route fits longer paths too: it stands after them."""
    taken, asked = [], 0
    for route in ROUTES:
        assert isinstance(route, APIRoute)
        path = re.sub(r"\{\w+\}", "7", re.sub(r"\{\w+:path\}", name, route.path))
        for method in route.methods:
            scope = {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}
            first = next(r for r in ROUTES if r.matches(scope)[0] is Match.FULL)
            asked += 1
            if first is not route:
                taken.append(f"{method} {path} of {route.name}")
    assert taken == []
    assert asked > 150
