"""What a sheet says beside limits: why a size matters, the plating stack, lacquer, the light's colour, the artwork's
digest: T3, T9, T17, G11."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from test_sheet import SHEET

from station.calibrate.bounds import viewing_faults
from station.errors import RequestError, SheetError
from station.quality.corrective_package import acceptance_criteria
from station.quality.gate_rules import vet_light
from station.quality.quotation import quotation
from station.report.golden_papers import Sealed, control_sheet
from station.report.languages import language
from station.report.paper import paper_data
from station.report.quotation_paper import quotation_paper
from station.report.words import characteristic
from station.service.reporting import _limits
from station.sheet import Viewing, dump_sheet, lint_sheet, load_sheet
from station.values.bench import LightCalibration
from station.values.light import MeterReading
from station.values.line import Master
from station.values.sign_off import GoldenStatusDocument

NOW = datetime(2026, 5, 10, 12, tzinfo=UTC)
DETAILS = (
    SHEET.replace(
        'minus_mm = 0.15\nclass = "major"\n',
        'minus_mm = 0.15\nclass = "major"\nmatters = ["assembly", "packaging"]\nwhy = "the card slot is 30.3 mm"\n', 1,
    ).replace("approved_on = 2026-05-10\n", f'approved_on = 2026-05-10\nartwork_sha256 = "{"AB" * 32}"\n')
    + """
[viewing]
lux = [800.0, 1000.0]
cct_k = [5000.0, 6500.0]
[[plating]]
metal = "copper"
min_um = 3.0
[[plating]]
metal = "imitation gold"
min_um = 0.03
max_um = 0.08
[lacquer]
kind = "clear e-coat"
max_um = 8.0
look = "gloss, no haze at 30 cm"
"""
)  # fmt: skip


def test_details_are_read_dumped_and_part_of_the_digest() -> None:
    """T3, T9, T17, G11; a sheet that says none of it keeps the digest that it had."""
    sheet = load_sheet(DETAILS)
    assert sheet.sizes[0].matters == ("assembly", "packaging")
    assert [layer.words for layer in sheet.plating] == ["copper ≥ 3 µm", "imitation gold 0.03–0.08 µm"]
    assert sheet.golden.artwork_sha256 == "ab" * 32
    assert load_sheet(dump_sheet(sheet)) == sheet
    assert sheet.digest != load_sheet(SHEET).digest
    assert set(load_sheet(SHEET).agreed(mode="json")) == {
        "schema", "product", "golden", "regions", "marks", "sizes", "defects", "aql",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('matters = ["assembly", "packaging"]', 'matters = ["luck"]', "matters"),
        ("min_um = 0.03", "min_um = 0.30", "min_um 0.3 is above max_um 0.08"),
        ('kind = "clear e-coat"', 'kind = "none"', r"kind is none and a thickness or look is given"),
        ("cct_k = [5000.0, 6500.0]", "cct_k = [6500.0, 5000.0]", "is no band"),
        ("cct_k = [5000.0, 6500.0]", "cct_k = [50.0, 6500.0]", "cct_k"),
        ("AB" * 32, "AB" * 31, "artwork_sha256"),
    ],
)
def test_details_that_make_no_sense_are_refused(was: str, now: str, says: str) -> None:
    assert was in DETAILS
    with pytest.raises(SheetError, match=says):
        load_sheet(DETAILS.replace(was, now))


def test_what_a_stack_leaves_open_is_told() -> None:
    """T3, T9."""
    bare = DETAILS.replace("min_um = 0.03\nmax_um = 0.08\n", "").replace('look = "gloss, no haze at 30 cm"\n', "")
    told = {(r.rule, r.where): r.message for r in lint_sheet(load_sheet(bare))}
    assert told["T9", '[[plating]] "imitation gold"'] == "the top layer has no thickness"
    assert told["T9", "[[plating]]"] == "nobody measures the stack"
    assert told["T9", "[lacquer]"] == "nothing says how it may look after pack-out"
    loose = DETAILS.replace("plus_mm = 0.15\nminus_mm = 0.15\n", "")
    assert "no tolerance, so it cannot be judged although it matters for assembly, packaging" in {
        r.message for r in lint_sheet(load_sheet(loose))
    }


UNSIGNED = SimpleNamespace(number="GS-20260510", sign_offs=())


def sealed_details() -> Sealed:
    return Sealed(
        sheet=load_sheet(DETAILS), status=cast("GoldenStatusDocument", UNSIGNED),
        version=1, digest="1" * 64, sheet_digest="2" * 64, master_digest="3" * 64, photo_sha256="4" * 64,
        photo="front.jpg", rig=None, scale_source="card", sealed_at=NOW, picture=b"", criteria=(), sizes=(),
        head="", open_items=("colour of the clutch",),
    )  # fmt: skip


def test_the_annex_to_an_order_has_every_limit() -> None:
    """N15, N17: those of local defects too."""
    sealed = sealed_details()
    paper = quotation_paper(sealed, quotation(sealed.sheet, ()), language("en"))
    told = json.dumps(paper_data(paper, {}))
    assert sealed.sheet.defects
    assert "Local defects" in told
    assert all(d.kind in told for d in sealed.sheet.defects)


def test_the_control_sheet_prints_them() -> None:
    """T3, T9, T17, G11: in both languages, on the page that both parties work by."""
    for code, words in (
        ("en", ("Why these sizes matter", "assembly; packaging: the card slot is 30.3 mm",
                "clear e-coat; ≤ 8 µm; gloss", "copper ≥ 3 µm / imitation gold 0.03–0.08 µm",
                "800–1,000 lux, 5,000–6,500 K",
                "SHA-256 abababababababab", "ANSI/ASQ Z1.4, level II, normal", "colour of the clutch")),
        ("zh-Hant", ("尺寸為何重要", "組裝；包裝：the card", "透明電著漆；≤ 8 µm", "電鍍層", "徽章",
                     "ANSI/ASQ Z1.4，水準 II，正常", "colour of the clutch")),
    ):  # fmt: skip
        sealed = sealed_details()
        data = paper_data(control_sheet(sealed, language(code)), {})
        told = json.dumps(data, ensure_ascii=False).replace("\u200b", "")
        assert [w for w in words if w not in told] == []


def light(**changed: Any) -> LightCalibration:
    meter = MeterReading((900.0,), date(2026, 5, 1), "CL-70F", 5400.0)
    given = {"rig": "bench-a", "lux": 900.0, "meter": meter, "made_at": NOW}
    return cast("LightCalibration", SimpleNamespace(**given | changed))


def test_colour_temperature_is_entered_from_a_meter_and_held_to_the_sheet() -> None:
    """T17: neutral white; a camera cannot tell it."""
    viewing = Viewing(lux=(800.0, 1000.0), cct_k=(5000.0, 6500.0))
    reading = light().meter
    assert reading is not None
    assert MeterReading.from_dict(reading.as_dict()) == reading
    assert "cct_k" not in replace(reading, cct_k=None).as_dict()  # the document of a meter without it is what it was
    assert viewing_faults(light(), viewing, None, now=NOW) == []
    (warm,) = viewing_faults(light(meter=replace(reading, cct_k=3000.0)), viewing, None, now=NOW)
    assert warm.startswith("the control sheet asks for 5,000 to 6,500 K and the meter read 3,000: set the lamps")
    (none,) = viewing_faults(light(meter=replace(reading, cct_k=None)), viewing, None, now=NOW)
    assert "no colour temperature was entered: read a meter and run" in none
    only = Viewing(cct_k=(5000.0, 6500.0))
    (old,) = viewing_faults(light(), only, None, now=NOW + timedelta(days=100))
    assert "the lux meter was read on 2026-05-01, 90 days are allowed" in old
    (old,) = viewing_faults(light(), viewing, None, now=NOW + timedelta(days=100))  # told once
    assert "--lux N`" in old


def test_a_verdict_by_eye_needs_the_agreed_white() -> None:
    """T17."""
    agreed, white = (800.0, 1000.0), (5000.0, 6500.0)
    vet_light(900.0, agreed)
    vet_light(900.0, agreed, 5400.0, white)
    with pytest.raises(RequestError, match="asks for the colour temperature of the light"):
        vet_light(900.0, agreed, None, white)
    with pytest.raises(RequestError, match="3000 K is outside the agreed 5000 to 6500 K, so nobody judges by eye"):
        vet_light(900.0, agreed, 3000.0, white)


def test_who_signed_is_named_as_having_approved_it() -> None:
    """G5, G11: the keys say it where the sheet does not."""
    plain = load_sheet(DETAILS.replace("approved_on = 2026-05-10\n", "").replace('approved_by = "M. Weber"\n', ""))
    sealed = replace(sealed_details(), sheet=plain)
    assert (sealed.approved_by, sealed.approved_on) == ("", "")

    def signed(party: str, name: str, day: int, version: int = 1) -> Any:
        said = {
            "artefact": "product",
            "version": version,
            "party": party,
            "name": name,
            "at": f"2026-06-{day:02}T09:00",
        }
        return SimpleNamespace(statement=SimpleNamespace(**said))

    both = [signed("buyer", "A. Roth", 2), signed("supplier", "Li Wei", 4), signed("buyer", "Nobody", 9, version=2)]
    one, two = (
        replace(sealed, status=cast("GoldenStatusDocument", SimpleNamespace(number="GS-20260510", sign_offs=found)))
        for found in (both[:1], both)
    )
    assert (one.approved_by, one.approved_on) == ("A. Roth", "")
    assert (two.approved_by, two.confirmed_by, two.approved_on) == ("A. Roth", "Li Wei", "2026-06-04")


def test_every_list_of_limits_has_both_sides_and_the_class_that_counts() -> None:
    """S7, G11, N14: entered values and sizes too; what touches function or safety is never minor."""
    sheet = load_sheet(
        DETAILS
        + """[[entered]]
name = "pull force"
unit = "N"
nominal = 20.0
minus = 2.0
class = "minor"
[[defects]]
kind = "burr"
limit_mm = 0.1
class = "minor"
"""
    )
    master = cast("Master", SimpleNamespace(regions=(), sizes_mm={}))
    rows = {(table, name, what): rest for table, name, what, *rest in acceptance_criteria(sheet, master)}
    pull = next(rest for (table, name, _), rest in rows.items() if (table, name) == ("entered", "pull force"))
    assert pull == ["20", "18", "", "N", "major"]
    assert rows["defects", "burr", "size"][-1] == "major"
    assert all(rest[1] or rest[2] for (table, *_), rest in rows.items() if table == "sizes")
    told = {name: (words, counted) for name, words, counted in _limits(sheet, master)}
    assert told[characteristic("entered:pull force", language("en"))] == ("from 18 N", "major")
    assert told["burr"] == ("at most 0.1 mm", "major")
