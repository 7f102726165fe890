"""What each gate of an order asks: questions, samples, tests, and the numbers that the sources give.

Pre-production confirmation has ten questions (W1). Three events come before and at the start of mass production and are
not the same: a pre-production sample is made with nearly the materials, equipment and packing of production, the first
article is the first piece of production itself, a pilot run shows that the process is stable (W2, W3). The tests of the
final inspection are those of the product's type (W16).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, get_args

from station.errors import ConflictError, RequestError
from station.quality.sign_off import SIGNERS
from station.values.documents import DefectClass
from station.values.gates import (
    ControlGate,
    ControlPlan,
    GateFacts,
    GateLot,
    OrderRecord,
    PhotoKind,
    PlannedGate,
    SampleKind,
)

GATES: Final[tuple[ControlGate, ...]] = (
    "pre-production", "incoming", "first-off", "in-line", "post-plating", "pre-pack", "sort", "final",
)  # fmt: skip
"""In their order; an order has those of its profile, and pre-production confirmation always."""
BEFORE_PRODUCTION: Final[tuple[ControlGate, ...]] = ("pre-production", "incoming")
BY_THE_BUYER: Final[tuple[ControlGate, ...]] = ("pre-production", "first-off", "final")
"""Gates that the buyer alone releases; any other the supplier may release too. Waivers are the buyer's."""
WITH_LOTS: Final[tuple[ControlGate, ...]] = ("first-off", "in-line", "post-plating", "pre-pack", "sort", "final")
"""Gates at which goods are inspected as a lot."""

QUESTIONS: Final[Mapping[str, str]] = {
    "golden": "the golden sample is the final version, signed by both parties",
    "spec": "the control sheet is the newest",
    "packaging": "the packaging file is the newest that is approved",
    "logo": "the logo file is the newest",
    "label": "the label file is the newest that is approved",
    "carton": "the outer carton mark is the newest that is approved",
    "material-colour": "material and colour are confirmed",
    "quantity-delivery": "quantity and delivery date are confirmed",
    "open-items": "nothing is left to be confirmed",
    "factory": "the supplier has passed this version on to the factory",
}
"""The ten questions of pre-production confirmation (W1)."""
MIXED_QUESTIONS: Final[Mapping[str, str]] = {
    "packing-mockup": "the packing mockup of the SKUs is approved",
    "carton-assortment": "the carton assortment plan is approved",
    "barcode-map": "the barcode map of the SKUs is approved",
}
"""Asked besides where an order has several SKUs (N16)."""
ARTEFACT_OF: Final[Mapping[str, str]] = {"packaging": "packaging", "label": "label", "carton": "carton-mark"}
"""Questions whose file must be the version in force of an artefact."""
FROM_RECORDS: Final = ("golden", "open-items", "factory")
"""Questions that the records answer and nobody's word can."""

CURE: Final = timedelta(hours=24)
PULL_CURE: Final = timedelta(hours=48)
"""Between bonding and packing, and between bonding and the pull test (T15)."""
LUX: Final = (800.0, 1000.0)
"""Neutral white light on the bench where the control sheet agrees on no other (T10, T17)."""
IN_LINE: Final = (0.10, 0.20)
"""Share of the order that is made when the in-line inspection is due (W7, W10)."""
CLUTCHES: Final = 20
"""Units of a lot whose clutch is tried (T12)."""


_VERSION: Final = re.compile(
    r"\b(?:rev(?:ision)?|ver(?:sion)?|v|r|issue|iss|ed(?:ition)?)[.:\s-]*\d"  # rev 3, v2.1, edition 2
    r"|\b(?:rev(?:ision)?|ver(?:sion)?|issue|ed(?:ition)?)[.:\s-]+[a-z]\b"  # revision B
    r"|\b(?:19|20)\d\d[-/.]?\d\d"  # of 2026-05, 20260510
    r"|(?:版本?|修訂)[\s:：]*[\dA-Z]|[\dA-Z]\s*版",  # 版本 3, 第 3 版
    re.IGNORECASE,
)
"""What tells a version of a written procedure; the number in its name does not (W7)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """n : units. photos : what must be seen on them. measured : how many have to be measured units of the station."""

    gate: ControlGate
    words: str
    n: int
    photos: tuple[PhotoKind, ...]
    measured: int = 0


SAMPLES: Final[Mapping[SampleKind, Sample]] = {
    "pre-production-sample": Sample(
        "pre-production", "3 pre-production samples photographed and measured", 3, ("overall", "dimensions"), 3
    ),
    "first-article": Sample("first-off", "the first piece of production photographed", 1, ("overall", "detail")),
    "first-50": Sample(
        "in-line", "the first 50 pieces: packaging, logo and appearance photographed", 50,
        ("packaging", "logo", "appearance"),
    ),
}  # fmt: skip
"""What is asked of every order (W3). A pilot run is recorded where there was one."""


@dataclass(frozen=True, slots=True)
class GateTest:
    """A test at a gate. n : units, None as many as the gate inspects. visual : judged by eye, so in a light that was
    measured. by_plan : on the gate's whole sample, to which its plan's acceptance numbers belong. sorts : every unit of
    the order, and what does not conform is taken out. pull : it loads a bond, which has cured before."""

    name: str
    words: str
    n: int | None = None
    visual: bool = False
    by_plan: bool = False
    sorts: bool = False
    pull: bool = False


APPEARANCE: Final = GateTest("appearance", "appearance under fixed light", visual=True)
FINAL: Final = (
    APPEARANCE, GateTest("dimensions", "random dimensions by calliper", 5), GateTest("assembly", "assembly integrity"),
    GateTest("count", "count per carton", 1),
    GateTest("packaging", "packaging against the approved pack specification", 5),
)  # fmt: skip
FINAL_BY_TYPE: Final[Mapping[str, tuple[GateTest, ...]]] = {
    "magnet": (GateTest("retention", "retention of the magnet", 5, pull=True),),
    "keychain": (GateTest("ring-opening", "ring-opening resistance", 5), GateTest("swivel", "swivel rotation", 5)),
    "pin": (
        GateTest("post-alignment", "post alignment", CLUTCHES),
        GateTest("clutch-fit", f"clutch fit on {CLUTCHES} units", CLUTCHES),
    ),
}
TESTS: Final[Mapping[ControlGate, tuple[GateTest, ...]]] = {
    "incoming": (
        GateTest("sample", "material and hardware"),
        GateTest("substitution", "the sample's material, no other", 1),
    ),
    "first-off": (GateTest("function", "function, as it is used", 1),),
    "in-line": (GateTest("sample", "units from the line"),),
    "post-plating": (GateTest("tone", "plating tone and colour beside the master", visual=True),),
    "pre-pack": (GateTest("sample", "mounted or cured units"),),
    "sort": (GateTest("sort", "every unit for critical cosmetics", visual=True, sorts=True),),
}


def gate_tests(record: OrderRecord, gate: PlannedGate) -> tuple[GateTest, ...]:
    """The tests of a gate, each with its number of units; never more than the order has, and of a sort all of it."""
    found = TESTS.get(gate.gate, ())
    if gate.gate == "final":
        found = FINAL + FINAL_BY_TYPE.get(record.product_type, ())
    most = gate.lot if gate.lot is not None else record.units
    sizes = [gate.n if t.n is None else t.n for t in found]
    if gate.gate != "incoming":  # material comes in lots of its own
        sizes = [min(n, most) for n in sizes]
    return tuple(
        replace(t, n=record.units if t.sorts else n, by_plan=t.n is None) for t, n in zip(found, sizes, strict=True)
    )


def find_test(record: OrderRecord, gate: PlannedGate, name: str) -> GateTest:
    """A test of a gate by its name. Raises RequestError."""
    found = gate_tests(record, gate)
    test = next((t for t in found if t.name == name), None)
    if test is None:
        known = ", ".join(t.name for t in found)
        raise RequestError(
            f"the {gate.gate} gate has no test {name[:40]!r}", f"Use one of {known}." if known else "It has none."
        )
    return test


def wanted_samples(record: OrderRecord, gate: ControlGate) -> dict[SampleKind, Sample]:
    """The samples that a gate asks for: the first 50 pieces at the in-line inspection, or at the final one where there
    is none; of a smaller order all of it."""
    names = {g.gate for g in record.gates}
    found: dict[SampleKind, Sample] = {}
    for kind, s in SAMPLES.items():
        at = s.gate if s.gate in names else "final"
        if at == gate:
            n = min(s.n, record.units)
            found[kind] = Sample(at, s.words, n, s.photos, min(s.measured, n))
    return found


def questions(record: OrderRecord) -> dict[str, str]:
    """The questions of pre-production confirmation for an order."""
    return {**QUESTIONS, **(MIXED_QUESTIONS if record.beside else {})}


def vet_gate(record: OrderRecord, name: str) -> PlannedGate:
    """The gate of that name. Raises RequestError."""
    found = next((g for g in record.gates if g.gate == name), None)
    if found is None:
        raise RequestError(
            f"order {record.order} has no gate {name[:40]!r}", f"Use one of {', '.join(g.gate for g in record.gates)}."
        )
    return found


def vet_sample(name: str) -> SampleKind:
    """A kind of sample by its name. Raises RequestError."""
    kinds: tuple[SampleKind, ...] = get_args(SampleKind)
    found = next((k for k in kinds if k == name), None)
    if found is None:
        raise RequestError(f"{name[:40]!r} is no kind of sample", f"Use one of {', '.join(kinds)}.")
    return found


def vet_photo_kind(name: str) -> PhotoKind:
    """What a photo shows, by its name. Raises RequestError."""
    kinds: tuple[PhotoKind, ...] = get_args(PhotoKind)
    found = next((k for k in kinds if k == name), None)
    if found is None:
        raise RequestError(f"a photo of {name[:40]!r} is not asked for", f"Use one of {', '.join(kinds)}.")
    return found


def vet_plan(gate: ControlGate, plan: ControlPlan) -> None:
    """Raises RequestError where a plan leaves out what it has to say: of incoming goods W5, in line W7."""
    asked = {
        "incoming": ("what", "standard", "ratio", "signer", "keeper"),
        "in-line": ("what", "frequency", "keeper", "sop"),
    }.get(gate)
    if asked is None:
        raise RequestError(f"the {gate} gate has no plan of its own", "Plan the gates incoming and in-line.")
    missing = [f"--{k}" for k in asked if not getattr(plan, k) and not (k == "frequency" and _numbered(plan))]
    if missing:
        raise RequestError(f"the plan of the {gate} gate leaves out {', '.join(missing)}", "Give it.")
    if plan.sop and _VERSION.search(plan.sop) is None:
        raise RequestError(
            f"{plan.sop[:60]!r} names no version", "Give the procedure with its version or date, as in SOP-12 rev 3."
        )


def _numbered(plan: ControlPlan) -> bool:
    return plan.every_pieces is not None or plan.every_hours is not None


def vet_catalogue(record: OrderRecord, facts: GateFacts) -> None:
    """Raises ConflictError where production would begin without a defect catalogue in writing, signed by both (W8)."""
    number, doing = record.golden, f"production of order {record.order} does not begin"
    again = f"station gate open {record.order} --golden {number} --units {record.units} --by WHO"
    if not facts.catalogue:
        raise ConflictError(
            f"{doing}: the control sheet of golden {number} version {facts.version} names no defects with their "
            "classes, and after it began nobody can agree on them any more",
            "Write [[defects]] into the control sheet, seal it (station golden seal --sheet --photo), have both sign, "
            f"then hold the order to it, in the terms it was opened with: {again}",
        )
    missing = [p for p in SIGNERS if p not in facts.signed_by]
    if missing:
        raise ConflictError(
            f"{doing}: the defect catalogue of golden {number} version {facts.version} is not signed by the "
            f"{' and the '.join(missing)}",
            f"Have it signed: station golden sign {number} --party {missing[0]} --name WHO",
        )


def vet_counts(record: OrderRecord, n: int, wrong: int, text: str) -> None:
    """Raises RequestError for counts that are no share, and for nonconforming units of which nothing is said."""
    if not 1 <= n <= 2 * record.units or not 0 <= wrong <= n:
        raise RequestError(f"{wrong} of {n} is no result", "Give how many of how many are nonconforming.")
    if wrong and not text.strip():
        raise RequestError(f"{wrong} of {n} are nonconforming and nothing says what was found", "Give --text.")


def vet_class(name: str | None, wrong: int) -> DefectClass | None:
    """The class of what was found. Raises RequestError for another one, and where nonconforming units have none."""
    if not wrong:
        return None
    found: DefectClass | None = next((c for c in get_args(DefectClass) if c == name), None)
    if found is None:
        raise RequestError("the nonconforming units have no class", "Give --class critical, major or minor.")
    return found


def vet_light(
    lux: float | None, agreed: tuple[float, float], cct_k: float | None = None, white: tuple[float, float] | None = None
) -> None:
    """Raises RequestError for a verdict by eye without a reading of the light, or outside what is agreed (T10, T17).

    white : colour temperatures that the control sheet agrees on, in kelvin; None where it asks for none.
    """
    low, high = agreed
    if lux is None:
        raise RequestError(
            "a verdict by eye needs the light on the bench", f"Measure it and give --lux, {low:g} to {high:g}."
        )
    if not low <= lux <= high:
        raise RequestError(
            f"{lux:g} lux is outside the agreed {low:g} to {high:g} lux, so nobody judges by eye", "Mend the light."
        )
    if white is None:
        return
    if cct_k is None:
        raise RequestError(
            "the control sheet asks for the colour temperature of the light",
            f"Read a meter and give --cct, {white[0]:g} to {white[1]:g}.",
        )
    if not white[0] <= cct_k <= white[1]:
        raise RequestError(
            f"{cct_k:g} K is outside the agreed {white[0]:g} to {white[1]:g} K, so nobody judges by eye",
            "Change the lamps.",
        )


def vet_releaser(gate: ControlGate, party: str) -> None:
    """Raises ConflictError for a party that does not release this gate."""
    if gate in BY_THE_BUYER and party != "buyer":
        raise ConflictError(f"the {gate} gate is released by the buyer", "Ask the buyer: --party buyer.")


def vet_replaced(lots: Sequence[GateLot], gate: ControlGate, lot: str, replaces: str, other: str = "") -> None:
    """Raises ConflictError where ``replaces`` is no rejected lot of the gate, or was replaced by another one.

    other : why the goods of ``replaces`` are not the order's, so that it need not be rejected; "" where they are.
    """
    found = next((x for x in lots if x.lot == replaces and x.gate == gate), None)
    if found is None or (found.decision != "rejected" and not other):
        state = "no lot of this gate" if found is None else found.decision or "not decided"
        raise ConflictError(f"lot {replaces} is {state}, so {lot} does not replace it", "Name a rejected lot.")
    if found.replaced_by not in (None, lot):
        raise ConflictError(f"lot {replaces} was replaced by {found.replaced_by}", "Name that one.")
