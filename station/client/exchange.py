"""Packages and archives between stations, the ledger, the keys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from station.client.connection import Connection
from station.client.goldens import of_golden
from station.service.views import AuditView
from station.values.order_exchange import (
    OrderCheckDocument,
    OrderComparisonDocument,
    OrderExportDocument,
    ReceivedOrder,
)
from station.values.sign_off import (
    ExportDocument,
    KeyDocument,
    LedgerEntryDocument,
    LedgerHeadDocument,
    PackageDocument,
)


class Exchange(Connection):
    """What goes between stations. keys : public keys that are trusted, in hexadecimal. All raise Refused."""

    def export_package(self, number: str, *, version: int | None = None) -> tuple[ExportDocument, bytes]:
        """The sealed package of a golden sample."""
        return self.made(ExportDocument, of_golden(number, "packages"), {"version": version})

    def verify_package(self, file: Path, *, keys: Sequence[str]) -> PackageDocument:
        """Hold a package to itself and to public keys."""
        return self.say(PackageDocument, "/packages/verified", {"file": self.upload(file), "keys": list(keys)})

    def export_archive(self, order: str, *, pictures: bool = False) -> tuple[OrderExportDocument, bytes]:
        """Everything about an order as one sealed archive."""
        return self.made(OrderExportDocument, "/archives", {"order": order, "pictures": pictures})

    def verify_archive(self, file: Path, *, keys: Sequence[str]) -> OrderCheckDocument:
        """Hold an archive to itself and to public keys."""
        return self.made(OrderCheckDocument, "/archives/verified", {"file": self.upload(file), "keys": list(keys)})[0]

    def receive_archive(self, file: Path, *, party: str, keys: Sequence[str] = ()) -> ReceivedOrder:
        """Keep another station's archive beside the own records."""
        body = {"file": self.upload(file), "party": party, "keys": list(keys)}
        return self.made(ReceivedOrder, "/archives/received", body)[0]

    def received_archives(self) -> Iterator[ReceivedOrder]:
        """Orders as other stations recorded them."""
        return self.pages("/archives/received", ReceivedOrder)

    def compare_archive(
        self, *, file: Path | None = None, order: str | None = None, keys: Sequence[str] = ()
    ) -> OrderComparisonDocument:
        """Another station's records beside this one's: of an archive, or of an order that was received."""
        body = {"file": self.handed_in(file), "order": order, "keys": list(keys)}
        return self.made(OrderComparisonDocument, "/archives/comparisons", body)[0]

    def ledger(self) -> Iterator[LedgerEntryDocument]:
        """Every entry of the ledger, in order."""
        return self.pages("/ledger", LedgerEntryDocument)

    def ledger_head(self) -> LedgerHeadDocument:
        """The newest head, to be kept elsewhere."""
        return self.one(LedgerHeadDocument, "/ledger/head")

    def check_records(self, head: str | None = None) -> AuditView:
        """Walk records, evidence and ledger. head : of the ledger, as it was kept elsewhere."""
        return self.made(AuditView, "/ledger/checks", {"head": head})[0]

    def known_keys(self) -> list[KeyDocument]:
        """The public keys that the station knows."""
        return [KeyDocument.model_validate(k) for k in self.get("/keys")]

    def own_key(self) -> KeyDocument:
        """The station's public key."""
        return self.one(KeyDocument, "/keys/own")

    def trust_key(self, key: str, name: str) -> KeyDocument:
        """Know another station's key, in hexadecimal."""
        return self.say(KeyDocument, "/keys", {"key": key, "name": name})
