"""The simplest checklist of twenty items (G22) and the nine beginner's mistakes (G23), both derived from the records.

Nothing is ticked by hand: an item holds when the records show it, and says which command supplies what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator

from station.quality.golden_record import SLOTS, controlled
from station.quality.record_fields import Facts, Rule, carton_words, label_gaps, label_words, supply
from station.sheet import lint_sheet
from station.sheet.words import vague_words
from station.values.golden_record import ChecklistDocument, ChecklistItem, LintDocument

MISTAKES = tuple(f"L{i}" for i in range(1, 10))
"""No version; only the body confirmed; colour by photo without a word on its light; no tolerance; no re-confirmation;
no physical sample or record; the range discussed after production; all variance unacceptable; all variance passes."""

BESIDE = ("packaging", "label", "carton-mark")
"""Artefacts that every shipped product has beside its body; manual and accessories are not for all."""


def checklist(f: Facts) -> ChecklistDocument:
    """The twenty items of a golden sample."""
    items = []
    for number, (item, rule) in enumerate(_ITEMS, 1):
        found, do = rule(f)
        items.append(ChecklistItem(number=number, item=item, ok=bool(found), found=found, do="" if found else do))
    return ChecklistDocument(
        golden=f.number, version=f.version, score=sum(i.ok for i in items), of=len(items), items=tuple(items)
    )


def _final_version(f: Facts) -> tuple[str, str]:
    signed = " and ".join(f"{party} {name}" for party, name in f.signed.items())
    found = f"version {f.version}, signed by {signed}" if f.both_signed and not f.superseded_by else ""
    return found, supply(f, "approved version")


def _date(f: Facts) -> tuple[str, str]:
    return str(f.approved_on or ""), supply(f, "approval date")


def _photos(f: Facts) -> tuple[str, str]:
    lacking = [s.kind for s in f.standing.slots() if s.kind in SLOTS and not s.filled]
    found = "" if lacking else f"{len(SLOTS)} of {len(SLOTS)} kinds"
    kind = lacking[0] if lacking else "KIND"
    return found, f"station golden photo {f.number} {kind} PHOTO --by WHO  # missing: {', '.join(lacking)}"


def _dimensions(f: Facts) -> tuple[str, str]:
    count = len(f.sheet.sizes) + len(f.sheet.entered)
    return (f"sizes and values: {count}" if f.sheet.sizes else ""), supply(f, "dimensional specifications")


def _material(f: Facts) -> tuple[str, str]:
    return f.sheet.product.material, supply(f, "material")


def _colour(f: Facts) -> tuple[str, str]:
    return "; ".join(f"{k} {v}" for k, v in f.colours.items()), supply(f, "colour")


def _finish(f: Facts) -> tuple[str, str]:
    return f.sheet.product.finish, supply(f, "surface finish")


def _logo(f: Facts) -> tuple[str, str]:
    limited = [m.name for m in f.sheet.marks if m.limits("offset") is not None]
    found = "; ".join(f"{name} {f.logos.get(name, '')}".strip() for name in limited)
    return found, "[[marks]] with offset_mm in the control sheet, sealed"


def _printing(f: Facts) -> tuple[str, str]:
    found = f.sheet.golden.artwork or f.entry.label.file or f.artefacts.get("label", "")
    return found, f"station golden artefact add {f.number} label FILE --by WHO"


def _packing(f: Facts) -> tuple[str, str]:
    found = f.entry.packing or f.artefacts.get("packaging", "")
    return found, supply(f, "packing method")


def _label(f: Facts) -> tuple[str, str]:
    found = label_words(f.entry.label) or f.artefacts.get("label", "")
    return found, f'station golden record {f.number} --set label.text="TEXT" --by WHO'


def _carton(f: Facts) -> tuple[str, str]:
    found = carton_words(f.entry.carton) or f.artefacts.get("carton-mark", "")
    return found, supply(f, "outer-carton information")


def _accessories(f: Facts) -> tuple[str, str]:
    found = ", ".join(f.entry.accessories) or f.artefacts.get("accessories", "")
    return found, supply(f, "accessory list")


def _tolerance(f: Facts) -> tuple[str, str]:
    rows = [(s.name, s.limited) for s in f.sheet.sizes] + [(e.name, e.limited) for e in f.sheet.entered]
    free = [name for name, limited in rows if not limited] + [m.name for m in f.sheet.marks if not m.limited]
    found = f"sizes and values: {len(rows)}, colours: {len(f.sheet.regions)}" if rows and not free else ""
    lacking = f" ({', '.join(free)})" if free else ""
    return found, f"tolerances in the control sheet, sealed{lacking}"


def _unacceptable(f: Facts) -> tuple[str, str]:
    kinds = [d.label for d in f.sheet.defects]
    found = ", ".join((*kinds, *f.entry.unacceptable))
    return found, f"station golden record {f.number} --set 'unacceptable=[\"...\"]' --by WHO"


def _buyer_copy(f: Facts) -> tuple[str, str]:
    return _copy(f, "buyer-retained")


def _supplier_holds(f: Facts) -> tuple[str, str]:
    found = "" if f.supplier_apart else f.supplier_holds or _copy(f, "factory-sealed")[0]
    apart = f"{f.supplier_apart} is held, in force is version {f.version}: " if f.supplier_apart else ""
    return found, f"{apart}station golden acknowledge {f.number} --party factory --name WHO"


def _copy(f: Facts, role: str) -> tuple[str, str]:
    good = [c for c in f.standing.copies() if c.role == role and c.good]
    found = "; ".join(f"{c.name}, {c.holder}, {c.place}, {c.condition} on {c.checked_on}" for c in good)
    poor = next((c for c in f.standing.copies() if c.role == role and c.current and not c.removed and not c.good), None)
    if poor is not None:
        return found, f"station golden copy check {f.number} {poor.name} --condition intact --by WHO"
    return found, f"station golden copy add {f.number} NAME --role {role} --holder WHO --place WHERE --by WHO"


def _reconfirmed(f: Facts) -> tuple[str, str]:
    command = f"station golden acknowledge {f.number} --party factory --name WHO"
    if f.begun:
        return (
            f.reconfirmed,
            f"too late for version {f.version}, lot {f.begun} was opened first; of the next: {command}",
        )
    return f.reconfirmed, f"after the approval and before the first lot: {command}"


def _first_article(f: Facts) -> tuple[str, str]:
    slot = f.standing.slot("first-article")
    found = ", ".join(p.name for p in slot.photos) if slot.filled else ""
    return found, f"station golden photo {f.number} first-article PHOTO --by WHO"


def _inspected(f: Facts) -> tuple[str, str]:
    found = ", ".join(f"lot {x}" for x in f.decided)
    return found, f"station inspect PHOTOS --golden {f.number} --lot ID, then station lot decide ID --size N"


_ITEMS: tuple[tuple[str, Rule], ...] = (
    ("final version confirmed", _final_version),
    ("date recorded", _date),
    ("photos", _photos),
    ("dimensional specifications", _dimensions),
    ("material", _material),
    ("colour standard", _colour),
    ("surface finish", _finish),
    ("logo position", _logo),
    ("printing-file version", _printing),
    ("packing method", _packing),
    ("label content", _label),
    ("outer-carton information", _carton),
    ("accessory list", _accessories),
    ("acceptable tolerance", _tolerance),
    ("unacceptable differences", _unacceptable),
    ("physical sample kept", _buyer_copy),
    ("supplier keeps the same version", _supplier_holds),
    ("re-confirmed before mass production", _reconfirmed),
    ("first bulk article photographed", _first_article),
    ("inspected against the sample before shipping", _inspected),
)


# --- the nine mistakes -----------------------------------------------------------------------------------------------


def lint(f: Facts) -> tuple[LintDocument, ...]:
    """Every remark: those of the sealed sheet, and what only the record shows."""
    own = [LintDocument(rule=r.rule, where=r.where, message=r.message, do=r.do) for r in lint_sheet(f.sheet)]
    if f.both_signed:  # signatures give the date and the version that the sheet need not
        own = [r for r in own if r.rule != "L1"]
    return (*own, *_mistakes(f), *_words(f), *_gaps(f))


def _mistakes(f: Facts) -> Iterator[LintDocument]:
    here = f"golden {f.number}"
    if not f.both_signed:
        yield _remark("L1", here, f"version {f.version} is not signed by both parties", _final_version(f)[1])
    if not f.one_version:
        yield _remark("L1", here, f.reason, f"See: station golden status {f.number}")
    lacking = [k for k in BESIDE if k not in f.artefacts and not _said(f, k)]
    if lacking:
        do = f"station golden artefact add {f.number} {lacking[0]} FILE --by WHO"
        yield _remark("L2", here, f"only the body is confirmed; nothing of {', '.join(lacking)}", do)
    lit = f.lit or f.sheet.viewing.lux is not None or f.entry.light or _lit_photo(f)
    if f.sheet.regions and not lit:
        do = f'station golden record {f.number} --set light="D50 booth, 900 lux" --by WHO'
        yield _remark("L3", here, "colour was confirmed by photo, and nothing says in which light", do)
    if not f.reconfirmed:
        yield _remark("L5", here, "nobody confirmed it again before mass production", _reconfirmed(f)[1])
    if not [c for c in f.standing.copies() if c.current and not c.removed]:
        yield _remark("L6", here, "no physical copy of this version is recorded", _buyer_copy(f)[1])
    if f.first_lot_at is not None:
        if f.approved_at is None or f.approved_at > f.first_lot_at:
            yield _remark("L7", here, f"a lot was opened on {f.first_lot_at:%Y-%m-%d}, before both parties had signed",
                          "Sign first; what may vary is agreed before production.")  # fmt: skip
        if f.criteria_at is not None and f.criteria_at > f.first_lot_at:
            yield _remark("L7", here, f"what passes was first written down on {f.criteria_at:%Y-%m-%d}, after "
                          "the first lot was opened", "Agree it with the supplier anew, for the next lot.")  # fmt: skip
    if not f.sheet.defects and not f.entry.unacceptable:
        yield _remark("L9", here, "nothing is named that does not pass", _unacceptable(f)[1])


def _said(f: Facts, kind: str) -> bool:
    said = {"packaging": f.entry.packing, "label": label_words(f.entry.label), "carton-mark": f.entry.carton.mark}
    return bool(said[kind])


def _lit_photo(f: Facts) -> bool:
    return any(
        e.photo and e.photo.kind == "colour" and e.photo.light and e.version == f.version
        for e in f.standing.of("photo")
    )


def _words(f: Facts) -> Iterator[LintDocument]:
    """Words of the record that nobody can measure (G10)."""
    e = f.entry
    texts = {"packing": e.packing, "printing": e.printing, "hardware": e.hardware, "notes": e.notes,
             "material.coating": e.material.coating, "material.grade": e.material.grade, "master.plating":
             e.master.plating, "label.print_colour": e.label.print_colour}  # fmt: skip
    for key, text in texts.items():
        for found in vague_words(text, agreed=True):
            do = f"{found.instead[:1].upper()}{found.instead[1:]}."
            yield _remark("G10", "the record", f'"{found.word}" in {key} cannot be measured', do)


def _gaps(f: Facts) -> Iterator[LintDocument]:
    """What else the record should say: G7, G12-G14, C6."""
    set_ = f"station golden record {f.number} --set"
    gaps = label_gaps(f)
    if gaps:
        yield _remark("C6", "the record", f"nothing is said of {', '.join(gaps)}", f"{set_} label.KEY=VALUE --by WHO")
    if not f.entry.acceptable:
        do = f"{set_} 'acceptable=[\"...\"]' --by WHO"
        yield _remark("G12", "the record", "no cosmetic variation is named that passes", do)
    if not f.entry.hardware and f.sheet.product.type in ("pin", "keychain", "magnet"):
        yield _remark("G12", "the record", "nothing is said of the hardware", f"{set_} hardware=TEXT --by WHO")
    roles = {c.role for c in f.standing.copies() if c.current and not c.removed}
    lacking = [r for r in ("factory-sealed", "buyer-retained", "expendable-inline") if r not in roles]
    if roles and lacking:
        yield _remark("G13", "the copies", f"no {' and no '.join(lacking)} copy", _copy(f, lacking[0])[1])
    for c in f.standing.copies():
        if c.overdue:
            do = f"station golden copy check {f.number} {c.name} --condition intact --by WHO"
            yield _remark("G7", "the copies", f"{c.name} should have been looked at by {c.due}", do)
    master = f.entry.master
    said: dict[str, object] = {"attachment": master.attachment, "plating": master.plating, "pantone": master.pantone}
    if f.sheet.product.type == "coin":
        said |= {"rim_mm": master.rim_mm, "centre_mm": master.centre_mm, "weight_g": master.weight_g}
        del said["attachment"]
    silent = [k for k, v in said.items() if not v]
    if silent:
        yield _remark("G14", "the record", f"the master's file lacks {', '.join(silent)}",
                      f"{set_} master.{silent[0]}=VALUE --by WHO")  # fmt: skip
    if len(controlled(f.entry)) == 12 and not f.entry.controlled:
        yield _remark("G19", "the record", "no attributes are named whose change is controlled, so all twelve are",
                      f"{set_} 'controlled=[\"logo\", \"colour\"]' --by WHO")  # fmt: skip


def _remark(rule: str, where: str, message: str, do: str) -> LintDocument:
    return LintDocument(rule=rule, where=where, message=message, do=do)
