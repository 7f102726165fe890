"""Documents about orders that two stations exchange: what an archive holds, what was received, how it compares."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from station.values.documents import Document
from station.values.sign_off import PackageFault


class OrderGolden(Document):
    """A version of a golden sample of the order. package : the file with its sealed package, None where nothing of the
    order was held to this version and a newer one is sealed: then it stands in the records alone."""

    number: str
    version: int
    sku: str
    digest: str
    sheet_digest: str
    package: str | None


class OrderContents(Document):
    """``order.json``: what an archive holds. order : the purchase order, or the number of the golden sample that was
    asked for. pictures : whether the evidence files are in the archive, or their digests alone. counts : rows by table.
    orders : with gates, each by its name and SKU. released : gates that were released, in words.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    order: str
    pictures: bool
    goldens: tuple[OrderGolden, ...]
    lots: tuple[str, ...]
    nonconformities: tuple[str, ...]
    counts: dict[str, int]
    orders: tuple[str, ...] = ()
    released: tuple[str, ...] = ()


class OrderProof(Document):
    """``ledger.json``: the sealing station's ledger from the first entry about the order to its newest head.

    links : entries about the order whole (``content``), the others by the SHA-256 of their content. cites : for each
    entry that is shown whole, by its number, the table, key and SHA-256 of every row that it cites.
    """

    first: int
    previous: str
    links: tuple[dict[str, str] | str, ...]
    head: dict[str, str | int]
    cites: dict[str, tuple[tuple[str, str, str], ...]]


class OrderExportDocument(Document):
    """An archive that was written."""

    file: str
    sha256: str
    size: int
    files: int
    contents: OrderContents
    key: str
    fingerprint: str
    head: str


class OrderCheckDocument(Document):
    """What the verification of an archive found. contents : None where it could not be read."""

    ok: bool
    file: str
    sha256: str
    faults: tuple[PackageFault, ...]
    contents: OrderContents | None = None
    sealed_by: str | None = None
    sealed_by_fingerprint: str | None = None
    head: str | None = None
    files: int = 0


class ReceivedOrder(Document):
    """An order as another station recorded it, kept whole beside this station's own records.

    party : the name under which this station keeps it. archive_sha256 : the evidence file that is the archive.
    new : by this command.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    party: str
    contents: OrderContents
    archive_sha256: str
    size: int
    key: str
    fingerprint: str
    head: str
    received_at: datetime
    digest: str = ""
    new: bool = False


class VersionDifference(Document):
    """Something that the two stations do not have in the same version. own, other : what each has, "" for nothing."""

    what: str
    own: str
    other: str


class ValueComparison(Document):
    """One characteristic of one unit as both stations have it.

    own_u, other_u : expanded uncertainties (k = 2). en : the difference over the root of the sum of their squares
    (E_n, ISO 13528, 9.7; ISO/IEC 17043, annex B); None where a value is missing or neither has an uncertainty.
    agrees : abs(en) is at most 1; None without it. delta_e_00 : CIEDE2000 between the two stations' colours.
    """

    characteristic: str
    unit: str
    own: float | None
    own_u: float | None
    own_verdict: str | None
    other: float | None
    other_u: float | None
    other_verdict: str | None
    difference: float | None
    en: float | None
    agrees: bool | None
    delta_e_00: float | None = None


class UnitComparison(Document):
    """One unit as both stations have it. verdict : of the line; standing : with what a reviewer made of it.
    same_photo : both measured the same file, so that only bench and program can differ. findings : by kind."""

    unit: str
    golden: str
    own_lot: str | None
    other_lot: str | None
    own_version: int
    other_version: int
    same_sheet: bool
    same_photo: bool
    own_verdict: str
    other_verdict: str
    own_standing: str
    other_standing: str
    own_findings: dict[str, int]
    other_findings: dict[str, int]
    values: tuple[ValueComparison, ...]


class CharacteristicComparison(Document):
    """One characteristic over all units that both stations measured.

    n : units with a value on both sides. mean_difference : own less other. sd_difference : None below two units.
    compared : units with an E_n; beyond : of these with abs(E_n) above 1. verdicts_differ : units.
    """

    golden: str
    characteristic: str
    unit: str
    n: int
    mean_difference: float | None
    sd_difference: float | None
    compared: int
    beyond: int
    worst_en: float | None
    worst_unit: str | None
    verdicts_differ: int


class LotComparison(Document):
    """A lot as both stations decided it; None where one has no such lot or did not decide it."""

    lot: str
    own: str | None
    other: str | None
    own_plans: tuple[str, ...] = ()
    other_plans: tuple[str, ...] = ()


class GateComparison(Document):
    """A gate of an order as both stations have it: the newest release in words, "" where none is on record there.

    differs : both released it, and on another golden sample or on other versions of the artefacts.
    """

    order: str
    sku: str
    gate: str
    own: str
    other: str
    differs: bool


class OrderComparisonDocument(Document):
    """An order as this station and another one have it. other : of whom. only_own, only_other : units that the other
    side does not have. gates : that at least one of them released."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    order: str
    other: str
    other_key: str
    other_head: str
    versions: tuple[VersionDifference, ...]
    lots: tuple[LotComparison, ...]
    characteristics: tuple[CharacteristicComparison, ...]
    units: tuple[UnitComparison, ...]
    only_own: tuple[str, ...]
    only_other: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    gates: tuple[GateComparison, ...] = ()

    @property
    def agrees(self) -> bool:
        """No version, verdict, decision, release or value differs, and there is something to compare."""
        return bool(
            self.units
            and not self.versions
            and all(lot.own == lot.other for lot in self.lots)
            and all(c.beyond == 0 and c.verdicts_differ == 0 for c in self.characteristics)
            and not any(g.differs for g in self.gates)
            and all(u.own_standing == u.other_standing for u in self.units)
        )
