"""A home for the tests of gates: a golden sample with a drawn line, artefacts, both parties' signatures, one order."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from entered_line import Clock, photo

from station.batch.serial import Serial
from station.lots.orders import Order
from station.quality.signing import SIGN_OFF, public_of, sign
from station.service import Station
from station.service.entering import NewValue
from station.settings import Settings
from station.values.gates import OrderGatesDocument, Requirement

NUMBER, ORDER, UNITS = "GS-1", "PO-7", 120
BUYER, SUPPLIER = "M. Weber", "Li Wei"
SHEET = """schema = 1
[product]
sku = "MAS"
type = "{type}"
thickness_mm = 1.6
[golden]
number = "GS-1"
approved_on = 2026-05-10
artwork = "alpine-r4"
open_items = [{open_items}]
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = {plus}
minus_mm = 0.15
[[entered]]
name = "weight"
unit = "g"
nominal = 34.0
plus_percent = 5.0
minus_percent = 5.0
class = "minor"
[[entered]]
name = "pull force"
unit = "N"
nominal = 20.0
minus = 0.0
units_per_lot = 0
class = "critical"
{defects}
[aql]
level = "S-1"
"""
PIT = '[[defects]]\nkind = "pit"\nlimit_mm = 0.15\n'
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ARTEFACTS = {"packaging": "packaging", "label": "label", "carton": "carton-mark"}


class Home:
    """A station and what a person does at it. folder : where its files are."""

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        self.folder, self.clock = folder, clock or Clock()
        self.station = Station(Settings(home=folder / "home"), clock=self.clock)

    def seal(self, kind: str = "pin", *, plus: float = 0.15, open_items: str = "", defects: str = PIT) -> None:
        """Seal a version of the golden sample; another tolerance is another version."""
        sheet = SHEET.format(type=kind, plus=plus, open_items=open_items, defects=defects)
        (self.folder / "sheet.toml").write_text(sheet)
        self.station.seal_golden(self.folder / "sheet.toml", photo(self.folder / "golden.png", 0, grain=399))

    def sign(self, artefact: str = "product") -> None:
        """Both parties sign the version in force; the supplier on another station."""
        self.station.sign_off.sign(NUMBER, party="buyer", name=BUYER, artefact=artefact)
        said = self.station.sign_off.statement(
            NUMBER, party="supplier", name=SUPPLIER, artefact=artefact, at=self.clock()
        )
        made = {"what": SIGN_OFF, "statement": said, "key": public_of(KEY), "signature": sign(KEY, SIGN_OFF, said)}
        (self.folder / "li.json").write_text(json.dumps(made))
        self.station.sign_off.import_signature(NUMBER, self.folder / "li.json", party="supplier")

    def artefact(self, question: str, text: str = "first") -> Path:
        """A new version of the artefact of a question, signed by both."""
        file = self.folder / f"{question}-{text}.pdf"
        file.write_bytes(f"%PDF-1.7 {question} {text}".encode())
        self.station.sign_off.add_artefact(NUMBER, ARTEFACTS[question], file, by=BUYER)
        self.sign(ARTEFACTS[question])
        return file

    def open(self, **terms: object) -> OrderGatesDocument:
        """Open the order."""
        units = (UNITS, *terms.pop("beside", ()))  # type: ignore[misc]
        cures = bool(terms.pop("cures", False))
        order = Order(units=units, **terms)  # type: ignore[arg-type]
        return self.station.gates.open(ORDER, order, golden=NUMBER, cures=cures, by=BUYER)

    def samples(self, grain: int = 1) -> None:
        """Three pre-production samples, measured. grain : other pieces have another one."""
        shots = [photo(self.folder / "samples" / f"s{k}.png", k, grain=grain + k) for k in range(3)]
        self.station.inspect_many(shots, golden=NUMBER, engine=Serial(), on_done=lambda _: None)
        given = [f"overall={shots[0]}", f"dimensions={shots[1]}"]
        names = ["s0", "s1", "s2"]
        self.station.gates.task(ORDER, "pre-production-sample", n=3, photos=given, units=names, by=BUYER)

    def answers(self) -> None:
        """Every question that a person answers, and the factory's word."""
        gates = self.station.gates
        self.station.sign_off.acknowledge(NUMBER, party="factory", name=SUPPLIER)
        gates.answer(ORDER, "spec", "as sealed", file=self.folder / "sheet.toml", by=BUYER)
        logo = self.folder / "alpine-r4.ai"
        logo.write_bytes(b"artwork")
        gates.answer(ORDER, "logo", "revision 4", file=logo, by=BUYER)
        gates.answer(ORDER, "material-colour", "swatch approved", file=logo, by=BUYER)
        gates.answer(ORDER, "quantity-delivery", f"{UNITS} units, delivered on 2026-12-01", by=BUYER)
        for question in ARTEFACTS:
            gates.answer(ORDER, question, "as signed", file=self.artefact(question), by=BUYER)

    def confirm_anew(self) -> None:
        """What a new version of the golden sample asks again, artefacts and artwork being the same."""
        self.station.sign_off.acknowledge(NUMBER, party="factory", name=SUPPLIER)
        self.station.gates.answer(ORDER, "spec", "as sealed", file=self.folder / "sheet.toml", by=BUYER)
        swatch = self.folder / "alpine-r4.ai"
        self.station.gates.answer(ORDER, "material-colour", "swatch approved", file=swatch, by=BUYER)
        self.samples(grain=301)

    def confirm(self) -> OrderGatesDocument:
        """Pre-production confirmation released, and production begun."""
        self.answers()
        self.samples()
        self.release("pre-production")
        return self.station.gates.start(ORDER, by=BUYER)

    def release(self, gate: str, party: str = "buyer", by: str = BUYER) -> OrderGatesDocument:
        return self.station.releases.release(ORDER, gate, party=party, by=by)

    def inspect(self, lot: str, n: int, grain: int, steps: int = 0) -> None:
        """Units of a lot, each weighed."""
        shots = [photo(self.folder / lot / f"{lot}-{k}.png", steps, grain=grain + k) for k in range(n)]
        self.station.inspect_many(shots, golden=NUMBER, lot=lot, engine=Serial(), on_done=lambda _: None)
        self.station.entered.enter([self.value(f"{lot}-{k}", "weight", 34.0, lot) for k in range(n)])

    def value(self, unit: str, name: str, amount: float, lot: str | None) -> NewValue:
        today = self.clock.now.date()
        return NewValue(
            where=name, unit=unit, name=name, value=amount, u=0.05, instrument="S-3", calibrated_on=today,
            measured_on=today, golden=NUMBER, lot=lot,
        )  # fmt: skip

    def first_off(self, lot: str = "F-1") -> OrderGatesDocument:
        """The first pieces inspected, tried, photographed and released."""
        gates = self.station.gates
        gates.assign(ORDER, "first-off", lot, by=BUYER)
        self.inspect(lot, 5, grain=20)
        self.station.entered.enter([self.value(f"{lot}-0", "pull force", 24.0, lot)])
        gates.check(ORDER, "first-off", "function", n=5, wrong=0, by=BUYER)
        given = [f"{what}={self.folder / lot / f'{lot}-0.png'}" for what in ("overall", "detail")]
        gates.task(ORDER, "first-article", n=1, photos=given, by=BUYER)
        return self.release("first-off")

    def final(self, lot: str = "L-1", *, steps: int = 0) -> OrderGatesDocument:
        """The goods inspected as a lot, with every test of a pin, up to the release."""
        gates = self.station.gates
        gates.assign(ORDER, "final", lot, by=BUYER)
        self.inspect(lot, 5, grain=40, steps=steps)
        self.station.decide_lot(lot, UNITS)
        shot = self.folder / lot / f"{lot}-0.png"
        given = [f"{what}={shot}" for what in ("packaging", "logo", "appearance")]
        gates.task(ORDER, "first-50", n=50, photos=given, by=BUYER)
        for test in ("appearance", "dimensions", "assembly", "count", "packaging", "post-alignment", "clutch-fit"):
            lux = 900.0 if test == "appearance" else None
            gates.check(ORDER, "final", test, n=20, wrong=0, lux=lux, by=BUYER)
        return gates.show(ORDER)

    def requirement(self, gate: str, key: str) -> Requirement:
        status = next(g for g in self.station.gates.show(ORDER).gates if g.gate == gate)
        return next(r for r in status.requirements if r.key == key)

    def states(self) -> dict[str, str]:
        return {g.gate: g.state for g in self.station.gates.show(ORDER).gates}
