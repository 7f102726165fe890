"""Orders and their gates: opened, answered, sampled, checked, released."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from station.client.connection import Connection
from station.values.gates import FirstArticleDocument, OrderGatesDocument
from station.values.orders import OrderAdvice, OrderDocument

Photos = Mapping[str, Path]
"""Photos by what they show: overall, detail, dimensions, packaging, logo, appearance, label or other."""


class Orders(Connection):
    """Orders. sku : where an order has several. by : who says so; of an account its own name, or nothing. if_match :
    the ``ETag`` of the order as it was read. All answer the order as it stands then; they raise Refused."""

    def plan_order(self, units: Sequence[int], **terms: Any) -> OrderDocument:
        """At which gates an order is inspected; nothing is recorded. terms : as ``station order plan`` has them."""
        return self.say(OrderDocument, "/orders/plan", {"units": list(units), **terms})

    def check_order(self, units: Sequence[int], **making: Any) -> OrderAdvice:
        """Risk, schedule and size of an order before it is placed. making : as ``station order check`` has it."""
        return self.say(OrderAdvice, "/orders/check", {"units": list(units), **making})

    def orders(self) -> Iterator[OrderGatesDocument]:
        """Every order with its gates, oldest first."""
        return self.pages("/orders", OrderGatesDocument)

    def order(self, order: str, *, sku: str | None = None) -> OrderGatesDocument:
        """One order with its gates."""
        return self.one(OrderGatesDocument, f"/orders/{quote(order, safe='')}", sku=sku)

    def open_order(self, order: str, *, golden: str, units: Sequence[int], by: str = "", **terms: Any
                   ) -> OrderGatesDocument:  # fmt: skip
        """Open an order. units : of each SKU, that of the golden sample first. terms : carded, hardware, cures and the
        like."""
        body = {"order": order, "golden": golden, "units": list(units), "by": by, **terms}
        return self.say(OrderGatesDocument, "/orders", body)

    def first_article(self, order: str, *, sku: str | None = None) -> FirstArticleDocument:
        """The first-article form."""
        return self.one(FirstArticleDocument, f"/orders/{quote(order, safe='')}/first-article", sku=sku)

    def first_article_paper(
        self, order: str, *, sku: str | None = None, language: str = "en", form: str = "pdf"
    ) -> bytes:
        """The first-article form as a PDF, or xlsx."""
        path = f"/orders/{quote(order, safe='')}/first-article/paper"
        return self.file(path, sku=sku, language=language, form=form)

    def answer_gate(
        self, order: str, question: str, text: str, *, file: Path | None = None, unit: str | None = None, by: str = "",
        **more: Any,
    ) -> OrderGatesDocument:  # fmt: skip
        """Answer a question of pre-production confirmation, with the file or the measured unit that shows it."""
        body = {"question": question, "text": text, "file": self.handed_in(file), "unit": unit, "by": by}
        return self._at(order, "answers", body, **more)

    def record_sample(
        self, order: str, kind: str, n: int, *, photos: Photos | None = None, units: Sequence[str] = (),
        text: str = "", by: str = "", **more: Any,
    ) -> OrderGatesDocument:  # fmt: skip
        """Record a sample with its photos and measured units."""
        body = {"kind": kind, "n": n, "photos": self._photos(photos), "units": list(units), "text": text, "by": by}
        return self._at(order, "samples", body, **more)

    def plan_gate(
        self, order: str, gate: str, plan: Mapping[str, Any], *, by: str = "", **more: Any
    ) -> OrderGatesDocument:
        """Record how incoming goods or the line are inspected. plan : what, ratio, sop, ladder and the like."""
        return self._at(order, "plans", {"gate": gate, "by": by, **plan}, **more)

    def start_production(self, order: str, *, by: str = "", **more: Any) -> OrderGatesDocument:
        """Record that mass production begins."""
        return self._at(order, "started", {"by": by}, **more)

    def units_made(self, order: str, units: int, *, by: str = "", **more: Any) -> OrderGatesDocument:
        """Record how many units are made."""
        return self._at(order, "made", {"units": units, "by": by}, **more)

    def batch_bonded(
        self, order: str, batch: str, *, at: datetime | None = None, by: str = "", **more: Any
    ) -> OrderGatesDocument:
        """Start the cure clock of a batch. at : with its time zone; now without it."""
        given = None if at is None else at.isoformat()
        return self._at(order, "bonded", {"batch": batch, "at": given, "by": by}, **more)

    def check_gate(
        self, order: str, gate: str, test: str, *, n: int, wrong: int, defect_class: str | None = None,
        lux: float | None = None, cct: float | None = None, photos: Photos | None = None, text: str = "", by: str = "",
        **more: Any,
    ) -> OrderGatesDocument:  # fmt: skip
        """Record the result of a test at a gate."""
        body = {"gate": gate, "test": test, "n": n, "wrong": wrong, "class": defect_class, "lux": lux, "cct": cct,
                "photos": self._photos(photos), "text": text, "by": by}  # fmt: skip
        return self._at(order, "checks", body, **more)

    def assign_lot(
        self, order: str, gate: str, lot: str, *, replaces: str | None = None, by: str = "", **more: Any
    ) -> OrderGatesDocument:
        """Have a lot inspected at a gate."""
        return self._at(order, "lots", {"gate": gate, "lot": lot, "replaces": replaces, "by": by}, **more)

    def release_gate(
        self, order: str, gate: str, *, party: str, by: str = "", role: str = "", text: str = "",
        pin: str | None = None, **more: Any,
    ) -> OrderGatesDocument:  # fmt: skip
        """Release a gate, signed with the station's key."""
        body = {"gate": gate, "party": party, "by": by, "role": role, "text": text}
        return self._at(order, "releases", body, pin=pin, **more)

    def waive(
        self, order: str, gate: str, requirement: str, *, reason: str, by: str = "", role: str = "",
        pin: str | None = None, **more: Any,
    ) -> OrderGatesDocument:  # fmt: skip
        """Excuse what a gate asks, signed by the buyer."""
        body = {"gate": gate, "requirement": requirement, "reason": reason, "by": by, "role": role}
        return self._at(order, "waivers", body, pin=pin, **more)

    def anomaly(self, order: str, text: str, *, gate: str = "in-line", by: str = "", **more: Any) -> OrderGatesDocument:
        """Record something odd in the process."""
        return self._at(order, "anomalies", {"gate": gate, "text": text, "by": by}, **more)

    def escalate(self, order: str, anomaly: int, level: int, *, by: str = "", **more: Any) -> OrderGatesDocument:
        """Take an anomaly up the ladder."""
        return self._at(order, f"anomalies/{anomaly}/levels", {"level": level, "by": by}, **more)

    def resolve_anomaly(self, order: str, anomaly: int, text: str, *, by: str = "", **more: Any) -> OrderGatesDocument:
        """Record what was done about an anomaly."""
        return self._at(order, f"anomalies/{anomaly}/resolutions", {"text": text, "by": by}, **more)

    def _at(
        self, order: str, what: str, body: dict[str, Any], *, sku: str | None = None, if_match: str | None = None,
        pin: str | None = None,
    ) -> OrderGatesDocument:  # fmt: skip
        path = f"/orders/{quote(order, safe='')}/{what}" + ("" if sku is None else f"?{urlencode({'sku': sku})}")
        return self.say(OrderGatesDocument, path, body, if_match=if_match, pin=pin)

    def _photos(self, photos: Photos | None) -> list[dict[str, str]]:
        return [{"what": what, "photo": self.upload(photo)} for what, photo in (photos or {}).items()]
