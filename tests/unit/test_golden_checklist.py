"""The checklist of twenty items (G22), the nine mistakes (G23), templates and completeness (T7-T9, T12-T16, N19)."""

from __future__ import annotations

import dataclasses
import shlex
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from signed_home import NOON, NUMBER, build
from test_golden_record import BY, photo

from station.cli import app
from station.errors import RequestError
from station.quality.checklist import MISTAKES, checklist, lint
from station.quality.golden_record import SLOTS, Standing
from station.quality.record_fields import Facts, fields
from station.service import Station
from station.service.sheet_advice import lint_sheet_file
from station.settings import Settings
from station.sheet import lint_sheet, load_sheet
from station.sheet.completeness import TEMPLATES, lacks_second_post, needs, template, unmet
from station.values.golden_record import Carton, RecordEntry, RecordEvent

FULL = """schema = 1
[product]
sku = "A"
type = "other"
finish = "soft enamel, bright nickel"
material = "zinc alloy 3"
thickness_mm = 1.5
[golden]
number = "GS-1"
approved_on = 2026-05-10
artwork = "pin.ai, revision 4"
[viewing]
lux = [800.0, 1000.0]
[[regions]]
name = "sky"
seed_mm = [0.0, 0.0]
surface = "soft enamel"
accept = 2.0
reject = 3.0
[[marks]]
name = "logo"
polygon_mm = [[0, 0], [1, 0], [1, 1]]
offset_mm = 0.3
rotation_deg = 1.5
scale = 0.015
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
[[defects]]
kind = "pit"
limit_mm = 0.2
"""
ENTRY = RecordEntry(
    packing="each in a polybag of 0.04 mm", accessories=("none",), carton=Carton(quantity=24, mark="mark 2"),
    acceptable=("crease of the carton up to 20 mm",), unacceptable=("crack of any length",),
)  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("checked") / "home"
    build(home)
    return home


@pytest.fixture
def station(home: Path, tmp_path: Path) -> Iterator[Station]:
    shutil.copytree(home, tmp_path / "home")
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as made:
        yield made


def event(kind: str, key: str = "", **said: object) -> RecordEvent:
    return RecordEvent.model_validate(
        {"kind": kind, "key": key, "version": 1, "at": NOON - timedelta(days=9), "by": BY, **said}
    )


def photos(*kinds: str) -> list[RecordEvent]:
    seen = {"width": 1250, "height": 1000, "blur": 0.8, "reason": ""}
    return [
        event("photo", k, photo={"kind": k, **seen}, files=[{"what": k, "name": f"{k}.jpg", "sha256": "a" * 64}])
        for k in kinds
    ]


def copies() -> list[RecordEvent]:
    return [
        event("copy", role, sample={"name": role, "role": role, "holder": "Li", "place": "safe", "seal": "S-1",
                                    "every_days": 180})
        for role in ("factory-sealed", "buyer-retained", "expendable-inline")
    ]  # fmt: skip


def complete() -> Facts:
    """A golden sample of which nothing is missing."""
    events = (event("entry", entry=ENTRY), *photos(*SLOTS, "first-article"), *copies())
    return Facts(
        standing=Standing("GS-1", 1, events, NOON.date(), sealed={1: NOON.date()}), sheet=load_sheet(FULL),
        number="GS-1", version=1, superseded_by=None, signed={"buyer": BY, "supplier": "Li Wei"},
        approved_at=NOON - timedelta(days=8), artefacts={"packaging": "p", "label": "l", "carton-mark": "c"},
        one_version=True, reason="", supplier_holds="factory Li Wei", reconfirmed="factory Li Wei, 2026-05-03",
        first_lot_at=NOON - timedelta(days=2), criteria_at=NOON - timedelta(days=9), decided=("L-1",),
        colours={"sky": "Lab 61.0 -8.0 -32.0"}, logos={"logo": "at x 0.67, y 0.33 mm"}, lit=False,
    )  # fmt: skip


def without(f: Facts, *kinds: str) -> Facts:
    left = tuple(e for e in f.standing.events if e.kind not in kinds and e.key not in kinds)
    return dataclasses.replace(f, standing=dataclasses.replace(f.standing, events=left))


def sheeted(f: Facts, old: str, new: str) -> Facts:
    assert old in FULL
    return dataclasses.replace(f, sheet=load_sheet(FULL.replace(old, new)))


# --- the twenty items (G22) ------------------------------------------------------------------------------------------

TAKEN: list[tuple[int, Facts]] = [
    (1, dataclasses.replace(complete(), approved_at=None, signed={"buyer": BY})),
    (2, dataclasses.replace(sheeted(complete(), "approved_on = 2026-05-10\n", ""), approved_at=None)),
    (3, without(complete(), "problem-areas")),
    (4, sheeted(complete(), '[[sizes]]\nname = "width"\nnominal_mm = 30.0\nplus_mm = 0.15\nminus_mm = 0.15\n', "")),
    (5, sheeted(complete(), 'material = "zinc alloy 3"\n', "")),
    (6, dataclasses.replace(complete(), colours={})),
    (7, sheeted(complete(), 'finish = "soft enamel, bright nickel"\n', "")),
    (8, sheeted(complete(), "offset_mm = 0.3\n", "")),
    (9, dataclasses.replace(sheeted(complete(), 'artwork = "pin.ai, revision 4"\n', ""), artefacts={})),
    (10, dataclasses.replace(without(complete(), "entry"), artefacts={})),
    (11, dataclasses.replace(complete(), artefacts={})),
    (12, dataclasses.replace(without(complete(), "entry"), artefacts={})),
    (13, without(complete(), "entry")),
    (14, sheeted(complete(), "plus_mm = 0.15\nminus_mm = 0.15\n", "")),
    (15, sheeted(without(complete(), "entry"), '[[defects]]\nkind = "pit"\nlimit_mm = 0.2\n', "")),
    (16, without(complete(), "buyer-retained")),
    (17, dataclasses.replace(without(complete(), "factory-sealed"), supplier_holds="")),
    (18, dataclasses.replace(complete(), reconfirmed="")),
    (19, without(complete(), "first-article")),
    (20, dataclasses.replace(complete(), decided=())),
]


def test_a_complete_golden_sample_has_twenty_of_twenty() -> None:
    """G22."""
    found = checklist(complete())
    assert [(i.number, i.do) for i in found.items if not i.ok] == []
    assert (found.score, found.of) == (20, 20)


@pytest.mark.parametrize(("number", "facts"), TAKEN, ids=lambda x: str(x) if isinstance(x, int) else "")
def test_an_item_falls_when_its_data_are_gone_and_says_what_supplies_it(number: int, facts: Facts) -> None:
    """G22: derived from the data, never ticked."""
    item = checklist(facts).items[number - 1]
    assert (item.number, item.ok, item.found) == (number, False, "")
    assert item.do


def test_every_item_is_taken_once() -> None:
    assert [n for n, _ in TAKEN] == list(range(1, 21))


def test_every_field_says_what_supplies_it_and_only_while_it_is_empty() -> None:
    """G6: the nineteen fields of a golden sample of which nothing is known but its number."""
    bare = load_sheet('schema = 1\n[product]\nsku = "A"\n')
    f = dataclasses.replace(
        complete(), standing=Standing("GS-1", 1, (), NOON.date()), sheet=bare, number="", signed={}, approved_at=None,
        artefacts={}, colours={}, logos={},
    )  # fmt: skip
    found = fields(f)
    assert len(found) == 19
    assert [(x.field, x.value) for x in found if x.value] == []
    for x in found:
        if x.do.startswith("station "):
            assert_exists(x.do)
        else:
            assert "of the control sheet" in x.do, x.field
    told = {x.field: x.do for x in fields(dataclasses.replace(f, number="GS-1"))}
    assert told["packing method"] == 'station golden record GS-1 --set packing="HOW" --by WHO'
    assert told["approved version"] == "station golden sign GS-1 --party buyer --name WHO"
    assert told["sample number"] == ""
    one = fields(dataclasses.replace(f, signed={"buyer": BY}))
    assert next(x.do for x in one if x.field == "approved version").endswith("--party supplier --name WHO")


def assert_exists(line: str) -> None:
    """That a command is one of the station's, with its options."""
    command = typer.main.get_command(app)
    _, *words = shlex.split(line)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]  # type: ignore[attr-defined]
    assert not getattr(command, "commands", {}), line
    options = {name for p in command.params for name in p.opts}
    assert {w for w in words if w.startswith("--")} <= options, line


def test_of_a_superseded_golden_sample_the_other_number_is_signed() -> None:
    """G2: in words it is "GS-2 version 3", and no command takes that."""
    f = dataclasses.replace(complete(), superseded_by="GS-2 version 3", approved_at=None, signed={"buyer": BY})
    do = "station golden sign GS-2 --party supplier --name WHO"
    assert checklist(f).items[0].do == do
    assert next(x.do for x in fields(f) if x.field == "approved version") == do
    assert do in [x.do for x in lint(f) if x.rule == "L1"]


def test_an_overdue_copy_is_not_kept_and_the_checklist_says_to_look_at_it() -> None:
    """G7, G22."""
    f = complete()
    late = dataclasses.replace(f, standing=dataclasses.replace(f.standing, today=date(2027, 1, 1)))
    item = checklist(late).items[15]
    assert not item.ok
    assert item.do == "station golden copy check GS-1 buyer-retained --condition intact --by WHO"
    assert {r.rule for r in lint(late)} >= {"G7"}


def test_the_checklist_of_a_real_home_rises_with_what_is_recorded(station: Station, tmp_path: Path) -> None:
    """G22."""
    before = station.record.checklist(NUMBER)
    assert before.score == 7  # signed, dated, colour, label file and text, held by the factory, confirmed again
    station.record.write(NUMBER, by=BY, values=["packing=each in a polybag of 0.04 mm", 'accessories=["none"]'])
    station.record.add_photo(NUMBER, "first-article", photo(tmp_path / "fa.jpg"), by=BY)
    after = station.record.checklist(NUMBER)
    assert after.score == before.score + 3
    assert {i.item for i in after.items if i.ok} - {i.item for i in before.items if i.ok} == {
        "packing method", "accessory list", "first bulk article photographed",
    }  # fmt: skip


# --- the nine mistakes (G23) -----------------------------------------------------------------------------------------

MADE: list[tuple[str, Facts]] = [
    ("L1", dataclasses.replace(complete(), approved_at=None)),
    ("L1", dataclasses.replace(complete(), one_version=False, reason="buyer version 4, factory version 2")),
    ("L2", dataclasses.replace(without(complete(), "entry"), artefacts={"packaging": "p"})),
    ("L3", sheeted(complete(), "[viewing]\nlux = [800.0, 1000.0]\n", "")),
    ("L4", sheeted(complete(), "plus_mm = 0.15\nminus_mm = 0.15\n", "")),
    ("L5", dataclasses.replace(complete(), reconfirmed="")),
    ("L6", without(complete(), "copy")),
    ("L7", dataclasses.replace(complete(), approved_at=NOON)),
    ("L7", dataclasses.replace(complete(), criteria_at=NOON)),
    ("L8", sheeted(complete(), "plus_mm = 0.15\nminus_mm = 0.15", "plus_mm = 0.0\nminus_mm = 0.0")),
    ("L8", sheeted(complete(), "limit_mm = 0.2", "limit_mm = 0.0")),
    ("L9", sheeted(complete(), "plus_mm = 0.15\nminus_mm = 0.15", "plus_mm = 7.0\nminus_mm = 7.0")),
    ("L9", sheeted(without(complete(), "entry"), '[[defects]]\nkind = "pit"\nlimit_mm = 0.2\n', "")),
]


def test_a_complete_golden_sample_makes_no_mistake() -> None:
    assert [str(r) for r in lint(complete()) if r.rule in MISTAKES] == []


@pytest.mark.parametrize(("rule", "facts"), MADE)
def test_each_mistake_is_named(rule: str, facts: Facts) -> None:
    """G23: nine mistakes, each told by its own rule."""
    assert rule in {r.rule for r in lint(facts)}


def test_all_nine_are_told() -> None:
    """G23."""
    assert {rule for rule, _ in MADE} == set(MISTAKES)
    assert len(MISTAKES) == 9


def test_vague_words_of_sheet_and_record_are_told_from_one_list() -> None:
    """G10: the source's own examples, in a sheet's note and in the record."""
    words = ("premium finish", "same as sample", "good antique effect", "strong magnet", "looks even", "about right")
    for word in words:
        sheet = load_sheet(FULL.replace('"zinc alloy 3"', f'"zinc alloy, {word}"'))
        assert [r.rule for r in lint_sheet(sheet) if word in r.message] == ["G10"]
        told = dataclasses.replace(
            complete().standing, events=(event("entry", entry=RecordEntry(printing=f"one colour, {word}")),)
        )
        found = [r for r in lint(dataclasses.replace(complete(), standing=told)) if r.rule == "G10"]
        assert [r.where for r in found] == ["the record"]
        assert word in found[0].message


def test_what_nobody_said_of_label_and_carton_is_named() -> None:
    """C6: the nine things, one after the other."""
    bare = sheeted(complete(), 'artwork = "pin.ai, revision 4"\n', "")
    bare = dataclasses.replace(without(bare, "entry"), artefacts={}, logos={})

    def gaps(**said: object) -> str:
        events = (event("entry", entry=RecordEntry.model_validate(said)),)
        f = dataclasses.replace(bare, standing=dataclasses.replace(bare.standing, events=events))
        return "".join(r.message for r in lint(f) if r.rule == "C6")

    label = {"file": "label.ai, version 3", "text": "MAS-PIN-30", "logo": "10 x 4 mm, left", "print_colour": "286 C",
             "barcode": "4006381333931", "size_mm": [40, 20], "position": "back, 5 mm from the edge"}  # fmt: skip
    carton = {"mark": "side mark, revision 2", "numbering": "1 of N", "quantity": 24, "gross_kg": 3.2, "net_kg": 2.8,
              "origin": "Taiwan"}  # fmt: skip
    assert gaps() == (
        "nothing is said of final artwork file, logo size and position, print colour, text, barcode, label size, "
        "label position, outer label format, carton number, quantity, weights, origin"
    )
    assert gaps(label=label) == "nothing is said of outer label format, carton number, quantity, weights, origin"
    assert gaps(label=label, carton=carton) == ""
    for key in carton:
        assert gaps(label=label, carton={k: v for k, v in carton.items() if k != key})


# --- templates and completeness (T7-T9, T12-T16, N19) ----------------------------------------------------------------

NUMBERS = {
    "pin": {"width": (29.85, 30.15), "border": (0.25, None), "thickness": (1.4, 1.6), "enamel depth": (0.03, 0.08),
            "recessed colour width": (0.3, None), "post position": (None, 0.5), "card slot position": (None, 1.0),
            "polybag thickness": (0.04, 0.05), "plating thickness": (0.03, 0.08)},
    "coin": {"diameter": (44.8, 45.2), "thickness": (2.85, 3.15), "weight": (32.0, 36.0), "flat": (None, 2.0)},
    "keychain": {"split ring outer diameter": (24.7, 25.3), "ring wire diameter": (1.7, 1.9),
                 "swivel thickness": (2.0, None), "ring opening gap": (None, 0.3)},
    "magnet": {"cure before pack-out": (24.0, None), "cure before pull test": (48.0, None)},
    "medal": {"thickness": (2.85, 3.15), "plating thickness": (0.03, 0.08)},
    "pack": {"card slot position": (None, 1.0), "polybag thickness": (0.04, 0.05),
             "front scuff after 80 cm drop": (None, 0.0)},
}  # fmt: skip
LEFT = {
    "pin": {"clutch retention"}, "coin": set(), "keychain": {"ring opening force"}, "magnet": {"pull force"},
    "medal": {"weight"}, "pack": set(),
}  # fmt: skip
"""What has no usual value, so that no template can say it."""


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_template_has_the_sources_numbers_and_lacks_only_what_nobody_can_know(kind: str) -> None:
    """T8, T9, T11-T16, P2."""
    sheet = load_sheet(template(kind))
    found = {}
    for row in (*sheet.sizes, *sheet.entered):
        limits = row.limits(None) if row in sheet.sizes else row.limits()  # type: ignore[call-arg]
        found[row.name] = tuple(None if x is None else float(x) for x in (limits.lower, limits.upper))
    for name, limits in NUMBERS[kind].items():
        assert found[name] == limits, name
    blank = {"material", "plating colour"}  # the product's own: to be filled in
    assert {n.item for n in unmet(sheet)} - blank == LEFT[kind]
    assert sheet.product.type == kind


def test_pins_hold_pits_scratches_burrs_and_light_to_the_sources_numbers() -> None:
    """T8, T11, T17: and a sharp burr is critical."""
    sheet = load_sheet(template("pin"))
    assert [d.defect_class for d in sheet.defects if d.kind == "sharp-burr"] == ["critical"]
    assert {d.kind: d.limit_mm for d in sheet.defects} == {"pit": 0.2, "scratch": 1.5, "sharp-burr": 0.0}
    assert sheet.viewing.lux == (800.0, 1000.0)


def test_the_weak_purchase_order_lacks_the_ten_things() -> None:
    """T7, N19: "30 mm soft enamel pin, gold plating, butterfly clutch"."""
    weak = load_sheet('schema = 1\n[product]\nsku = "x"\ntype = "pin"\nfinish = "soft enamel, gold"\n')
    ten = {
        "thickness tolerance", "raised border or line width", "enamel depth", "plating target", "post position",
        "burrs", "clutch retention", "scratches", "card slot position", "polybag thickness",
    }  # fmt: skip
    assert ten <= {n.item for n in unmet(weak)}


@pytest.mark.parametrize(
    ("mm", "posts", "lacks"), [(31.9, 1, False), (32.0, 1, True), (32.0, 2, False), (40.0, 1, True)]
)
def test_from_32_mm_on_a_pin_has_two_posts(mm: float, posts: int, lacks: bool) -> None:
    """T12: exactly 32.0 mm needs two."""
    text = template("pin").replace("nominal_mm = 30.0", f"nominal_mm = {mm}")
    if posts == 2:
        text += '\n[[entered]]\nname = "post position 2"\nunit = "mm"\nnominal = 0.0\nplus = 0.5\n'
    sheet = load_sheet(text)
    assert lacks_second_post(sheet) == lacks
    assert ("T12" in {r.rule for r in lint_sheet(sheet)}) == lacks


def test_what_is_added_is_no_longer_missing() -> None:
    text = template("pin") + '\n[[entered]]\nname = "clutch retention"\nunit = "N"\nnominal = 8.0\nminus = 0.0\n'
    assert "clutch retention" not in {n.item for n in unmet(load_sheet(text))}


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(TEMPLATES), st.data())
def test_every_need_of_a_type_is_met_by_its_own_row_and_by_nothing_less(kind: str, data: st.DataObject) -> None:
    """T7."""
    need = data.draw(st.sampled_from(needs(kind)))
    empty = load_sheet(f'schema = 1\n[product]\nsku = "x"\ntype = "{kind}"\n')
    assert not need.met(empty)
    if need.words:
        row = f'[[entered]]\nname = "{need.words[0]}"\nunit = "mm"\nnominal = 1.0\nplus = 0.1\n'
        assert need.met(load_sheet(f'schema = 1\n[product]\nsku = "x"\ntype = "{kind}"\n{row}'))


def test_a_sheet_is_linted_before_it_is_sealed(tmp_path: Path) -> None:
    file = tmp_path / "sheet.toml"
    file.write_text(template("pin"))
    found = lint_sheet_file(file)
    assert (found.number, found.sku) == (None, "YOUR-SKU")
    assert any("clutch retention" in r.message for r in found.remarks)
    with pytest.raises(RequestError, match="there is no template 'hat'"):
        template("hat")
