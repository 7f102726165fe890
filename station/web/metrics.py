"""What the station measures of itself, for Prometheus: requests by route, and what the records hold."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    from station.service import Station

TEXT = "text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class _Records(Collector):
    """What the records hold, counted when it is asked for."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def collect(self) -> Iterable[Metric]:
        found = self._station.watching.counts()
        units = GaugeMetricFamily("station_units", "Inspected units by the line's verdict", labels=["verdict"])
        for verdict, count in found.verdicts.items():
            units.add_metric([verdict], count)
        yield units
        for name in ("reviews", "lots", "goldens", "sessions", "ledger_entries"):
            yield GaugeMetricFamily(f"station_{name}", name.replace("_", " "), value=getattr(found, name))


class Metrics:
    """The measurements of one application."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("station_requests", "Requests answered", labels, registry=self._registry)
        self.seconds = Histogram(
            "station_request_seconds", "Seconds until the answer", ["method", "route"], buckets=SECONDS,
            registry=self._registry,
        )  # fmt: skip

    def text(self, station: Station) -> bytes:
        """All of it, in Prometheus's text format."""
        records = CollectorRegistry()
        records.register(_Records(station))
        return generate_latest(self._registry) + generate_latest(records)


class Measured:
    """ASGI middleware: counts and times what is answered."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                route = scope.get("state", {}).get("template") or "none"
                method = scope["method"] if scope["method"].isalpha() and len(scope["method"]) < 8 else "other"
                self._metrics.requests.labels(method, route, str(status)).inc()
                self._metrics.seconds.labels(method, route).observe(time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, noted)
