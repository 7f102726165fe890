"""The control sheet: the contract's TOML in and out, refusals in one line, lint."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from station.errors import SheetError
from station.sheet import Sheet, Size, dump_sheet, lint_sheet, load_sheet

SHEET = """
schema = 1
[product]
sku = "MAS-PIN-30"
name = "Alpine society pin"
type = "pin"
finish = "imitation hard enamel, bright nickel"
thickness_mm = 1.6
[golden]
number = "GS-20260510"
approved_on = 2026-05-10
[[regions]]
name = "sky"
seed_px = [812.0, 640.5]
surface = "soft enamel"
accept = 2.0
reject = 3.0
class = "major"
[[marks]]
name = "logo"
polygon_px = [[700,300],[900,300],[900,480],[700,480]]
offset_mm = 0.30
rotation_deg = 1.5
scale = 0.015
class = "major"
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
class = "major"
[[defects]]
kind = "pit"
limit_mm = 0.15
class = "major"
[aql]
level = "II"
critical = 0
major = 2.5
minor = 4.0
"""


def test_the_contracts_sheet_is_read() -> None:
    sheet = load_sheet(SHEET)
    assert sheet.product.thickness_mm == 1.6
    assert sheet.regions[0].seed_px == (812.0, 640.5)
    assert sheet.marks[0].polygon_px is not None
    assert sheet.defects[0].defect_class == "major"
    assert sheet.aql.major == 2.5
    assert sheet.region("sky") is sheet.regions[0]
    assert sheet.region("Sky") is None


def test_text_bytes_and_file_give_the_same_sheet(tmp_path: Path) -> None:
    path = tmp_path / "sheet.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SHEET.replace("\n", "\r\n").encode())
    assert load_sheet(path) == load_sheet(SHEET.encode()) == load_sheet(SHEET) == load_sheet(str(path))


def test_digest_ignores_layout_and_sees_content() -> None:
    sheet = load_sheet(SHEET)
    assert load_sheet(SHEET.replace("30.0", "30").replace("0.30", "0.3") + "# a remark\n").digest == sheet.digest
    assert load_sheet(SHEET.replace("plus_mm = 0.15", "plus_mm = 0.16")).digest != sheet.digest


def test_dump_reads_back_with_the_same_digest() -> None:
    text = SHEET.replace('"Alpine society pin"', '"Caf\\u00e9 \\"A\\\\B\\" \\u007f"')
    sheet = load_sheet(text + '[[sizes]]\nname = "height"\nnominal_mm = "golden"\nplus_percent = 1\n')
    again = load_sheet(dump_sheet(sheet))
    assert again.digest == sheet.digest
    assert again.product.name == 'Café "A\\B" \x7f'
    assert again.golden.approved_on == sheet.golden.approved_on


def test_default_colour_limits_depend_on_the_surface() -> None:
    bare = SHEET.replace("accept = 2.0\nreject = 3.0\n", "")
    assert (load_sheet(bare).regions[0].accept, load_sheet(bare).regions[0].reject) == (2.0, 3.0)
    plated = load_sheet(bare.replace('"soft enamel"', '"plating"')).regions[0]
    assert (plated.accept, plated.reject) == (2.5, 4.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("accept = 2.0", "acept = 2.0", r'\[\[regions\]\] 1 "sky": unknown key "acept".*Did you mean "accept"\?'),
        ("[aql]", "[aqls]", r'unknown key "aqls".*Did you mean "aql"\?'),
        ('sku = "MAS-PIN-30"', "", r"\[product\]: sku is missing"),
        ('sku = "MAS-PIN-30"', "sku = 3", r"\[product\]: sku: should be a valid string, not 3"),
        ("schema = 1", "", "schema is missing"),
        ("schema = 1", "schema = 2", "should be 1, not 2"),
        ("schema = 1", "schema = [", "not TOML"),
        ("thickness_mm = 1.6", "thickness_mm = 0", "thickness_mm: should be greater than 0"),
        ("thickness_mm = 1.6", "thickness_mm = true", "thickness_mm: should be a valid number"),
        ("seed_px = [812.0, 640.5]", "", "no position given. Give exactly one of"),
        ("seed_px = [812.0, 640.5]", "seed_px = [812.0, 640.5]\nseed_mm = [0, 0]", "seed_px and seed_mm given"),
        ("seed_px = [812.0, 640.5]", "seed_px = [812.0]", "seed_px is too short"),
        ("seed_px = [812.0, 640.5]", "polygon_px = [[0, 0], [1, 1], [2, 2]]", "encloses no area"),
        ("reject = 3.0", "reject = 1.0", "accept 2 is above reject 1"),
        ("plus_mm = 0.15", "plus_mm = inf", "finite"),
        ("plus_mm = 0.15", "plus_mm = nan", "plus_mm"),
        ("plus_mm = 0.15", "plus_mm = 1e308", "plus_mm: should be less than or equal to 100000"),
        ("thickness_mm = 1.6", "thickness_mm = 1e308", "thickness_mm: should be less than or equal to 100000"),
        ("seed_px = [812.0, 640.5]", "seed_px = [1e308, 640.5]", "seed_px"),
        ("plus_mm = 0.15", 'plus_mm = "0.15"', "should be a valid number, not '0.15'"),
        ("plus_mm = 0.15", "plus_mm = -0.15", "greater than or equal to 0"),
        ("plus_mm = 0.15", "plus_mm = 0.15\nplus_percent = 1", "plus_mm and plus_percent are both given"),
        ("nominal_mm = 30.0", 'nominal_mm = "gold"', "a number >= 0 or \"golden\", not 'gold'"),
        ('class = "major"', 'class = "grave"', "class: should be 'critical', 'major' or 'minor', not 'grave'"),
        ("[[marks]]", '[[regions]]\nname = "SKY"\nseed_mm = [1, 1]\n[[marks]]', r"two \[\[regions\]\] have the name"),
        ("major = 2.5", "major = 2.4", "2.4 is not an AQL of the standards. The nearest is 2.5"),
        ("[product]", "[[product]]", r"product is not written as \[product\]"),
        ("[[regions]]", "[regions]", r"regions is not written as \[\[regions\]\]"),
        ("approved_on = 2026-05-10", "approved_on = 20260510", "approved_on"),
        ('number = "GS-20260510"', 'number = "../GS"', "number"),
        ('name = "sky"', 'name = "s\\nky"', "name"),
    ],
)
def test_refusals_are_one_line_that_names_table_and_key(old: str, new: str, words: str) -> None:
    with pytest.raises(SheetError, match=words) as refusal:
        load_sheet(SHEET.replace(old, new, 1))
    assert "\n" not in str(refusal.value)
    assert refusal.value.do


def test_files_that_are_no_sheets(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="cannot be read"):
        load_sheet(tmp_path / "none.toml")
    with pytest.raises(SheetError, match="cannot be read"):
        load_sheet(tmp_path)
    with pytest.raises(SheetError, match="not UTF-8"):
        load_sheet(b"schema = 1\n\xff\xfe")
    with pytest.raises(SheetError, match="bytes"):
        load_sheet(b"#" * 2_000_000)
    with pytest.raises(SheetError, match="not TOML"):
        load_sheet(b"x = " + b"[" * 100_000)
    with pytest.raises(SheetError, match="schema is missing"):
        load_sheet(b"")


@pytest.mark.parametrize(
    ("row", "lower", "upper"),
    [
        ({"nominal_mm": 20.0, "plus_mm": 0.2, "minus_mm": 0.2}, "19.8", "20.2"),
        ({"nominal_mm": 150.0, "plus_percent": 5.0, "minus_percent": 5.0}, "142.5", "157.5"),
        ({"nominal_mm": 500.0, "plus_percent": 3.0, "minus_percent": 3.0}, "485", "515"),
        ({"nominal_mm": 0.25, "minus_mm": 0.0}, "0.25", None),
        ({"nominal_mm": "golden", "plus_mm": 0.1}, None, "30.17"),
    ],
)
def test_limits_are_exact_decimals(row: dict[str, object], lower: str | None, upper: str | None) -> None:
    """T2."""
    limits = Size.model_validate({"name": "x", **row}).limits(30.07)
    assert limits.lower == (None if lower is None else Decimal(lower))
    assert limits.upper == (None if upper is None else Decimal(upper))


def rules(text: str) -> set[str]:
    return {r.rule for r in lint_sheet(load_sheet(text))}


def test_a_complete_sheet_has_no_remark() -> None:
    complete = SHEET.replace(
        "thickness_mm = 1.6",
        'thickness_mm = 1.6\nmaterial = "zinc alloy"\n'
        'notes = "plating 0.05 µm, thickness 1.5, enamel depth 0.05, clutch 10 N, card slot 1, polybag 0.05 mm"',
    )
    complete += """
[[regions]]
name = "rim"
seed_mm = [0, 14]
surface = "plating"
accept = 2.5
reject = 4.0
[[sizes]]
name = "border"
nominal_mm = 0.8
minus_mm = 0.1
[[sizes]]
name = "position"
nominal_mm = 0
plus_mm = 0.5
[[defects]]
kind = "scratch"
limit_mm = 1.5
[[defects]]
kind = "sharp-burr"
limit_mm = 0
class = "critical"
"""
    assert [str(r) for r in lint_sheet(load_sheet(complete))] == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("approved_on = 2026-05-10", "", "L1"),
        ('number = "GS-20260510"', "", "L1"),
        ('finish = "imitation', 'finish = "premium imitation', "G10"),
        ("accept = 2.0", 'accept = 2.0\nnote = "colour about right"', "G10"),
        ("reject = 3.0", "reject = 2.0", "C1"),
        ("accept = 2.0\nreject = 3.0", "", "C1"),
        ("rotation_deg = 1.5", "", "L4"),
        ("plus_mm = 0.15\nminus_mm = 0.15", "", "L4"),
        ("approved_on = 2026-05-10", 'approved_on = 2026-05-10\nopen_items = ["clutch"]', "G6"),
        ("limit_mm = 0.15", "limit_mm = 0.01", "T5"),
        ("accept = 2.0", "accept = 0.2", "T5"),
        ("thickness_mm = 1.6", "", "L7"),
        ('[[sizes]]\nname = "width"\nnominal_mm = 30.0\nplus_mm = 0.15\nminus_mm = 0.15\nclass = "major"', "", "L7"),
        ("plus_mm = 0.15\nminus_mm = 0.15", "plus_mm = 0\nminus_mm = 0", "L8"),
        ("limit_mm = 0.15", "limit_mm = 0", "L8"),
        ("plus_mm = 0.15", "plus_mm = 6.0", "L9"),
        ("reject = 3.0", "reject = 12.0", "L9"),
        (
            'kind = "pit"\nlimit_mm = 0.15\nclass = "major"',
            'kind = "sharp-burr"\nlimit_mm = 0.1\nclass = "minor"',
            "S7",
        ),
        ("major = 2.5", "major = 6.5", "S6"),
        ("critical = 0", "critical = 0.065", "S6"),
    ],
)
def test_lint_names_the_rule(old: str, new: str, rule: str) -> None:
    """T3: a size without a tolerance is asked for one; and each rule that the sheet itself can break."""
    assert old in SHEET
    assert rule not in rules(SHEET)
    assert rule in rules(SHEET.replace(old, new))


def test_lint_all_minor() -> None:
    assert "L9" in rules(SHEET.replace('"major"', '"minor"'))


def test_lint_weak_purchase_order() -> None:
    """T7: "30 mm soft enamel pin, gold plating, butterfly clutch" leaves ten things open."""
    weak = load_sheet('schema = 1\n[product]\nsku = "x"\ntype = "pin"\nfinish = "soft enamel, gold"\n')
    said = " ".join(str(r) for r in lint_sheet(weak) if r.rule == "T7")
    for what in (
        "thickness",
        "line width",
        "enamel depth",
        "plating",
        "post",
        "burr",
        "clutch",
        "scratch",
        "slot",
        "polybag",
    ):
        assert what in said


def test_json_schema_speaks_the_contracts_keys() -> None:
    schema = Sheet.model_json_schema()
    tables = {"product", "golden", "regions", "marks", "sizes", "defects", "aql", "decision"}
    assert tables <= set(schema["properties"])
    assert "class" in schema["$defs"]["Region"]["properties"]
    assert schema["$defs"]["Region"]["additionalProperties"] is False


PLACES = SHEET.replace(
    "[aql]",
    """[[regions]]
name = "sun"
seed_px = [400.0, 640.5]
surface = "hard enamel"
accept = 2.0
reject = 3.0
[[defects]]
kind = "pit"
surface = "soft enamel"
limit_mm = 0.20
[[defects]]
kind = "pit"
region = "sun"
limit_mm = 0.10
[[defects]]
kind = "bubble"
surface = "hard enamel"
limit_mm = 0.3
[[defects]]
kind = "plating-spot"
region = "metal"
limit_mm = 0.3
[[defects]]
kind = "scratch"
surface = "plating"
limit_mm = 1.5
[aql]""",
)


@pytest.mark.parametrize(
    ("kind", "region", "limit", "where"),
    [
        ("pit", "sky", 0.20, "soft enamel"),
        ("pit", "sun", 0.10, "sun"),
        ("pit", "metal", 0.15, ""),
        ("pit", "other enamel", 0.15, ""),
        ("bubble", "sun", 0.3, "hard enamel"),
        ("bubble", "sky", None, None),
        ("plating-spot", "metal", 0.3, "metal"),
        ("scratch", "metal", 1.5, "plating"),
        ("scratch", "other enamel", None, None),
    ],
)
def test_the_most_specific_row_of_a_defect_holds(
    kind: str, region: str, limit: float | None, where: str | None
) -> None:
    """Region before surface before neither, whatever the order in the file."""
    sheet = load_sheet(PLACES)
    row = sheet.defect(kind, region)
    assert (row and row.limit_mm) == limit
    assert (row and row.where) == where
    upside_down = sheet.model_copy(update={"defects": sheet.defects[::-1]})
    assert upside_down.defect(kind, region) == row
    assert load_sheet(dump_sheet(sheet)).digest == sheet.digest


def test_rows_without_surface_and_region_leave_the_digest_of_agreed_sheets_alone() -> None:
    assert "surface" not in load_sheet(SHEET).agreed("json")["defects"][0]
    assert (
        load_sheet(SHEET.replace('kind = "pit"', 'kind = "pit"\nsurface = "print"')).digest != load_sheet(SHEET).digest
    )


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'region = "sun"',
            'region = "moon"',
            'pit for moon" names no region of the sheet. Give one of sky, sun, metal',
        ),
        ('region = "sun"', 'region = "sun"\nsurface = "soft enamel"', "holds nowhere, since sun is hard enamel"),
        (
            'region = "metal"',
            'region = "edge"\nsurface = "plating"',
            "holds nowhere, since edge is of no known surface",
        ),
        ('region = "sun"', 'surface = "soft enamel"', r'two \[\[defects\]\] have the kind "pit for soft enamel"'),
        ('region = "sun"', "", r'two \[\[defects\]\] have the kind "pit"'),
        ('surface = "plating"', 'surface = "gold"', r'\[\[defects\]\] 6 "scratch": surface: should be'),
    ],
)
def test_a_defect_row_that_can_hold_nowhere_is_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(SheetError, match=words):
        load_sheet(PLACES.replace(old, new))


def test_lint_names_where_a_kind_is_not_limited_and_surfaces_that_the_sheet_has_not() -> None:
    said = [str(r) for r in lint_sheet(load_sheet(PLACES)) if r.rule == "L7" and "defects" in r.where]
    assert said[0].startswith('[[defects]] "bubble": no row holds in sky')
    assert any(s.startswith('[[defects]] "scratch": no row holds in sky, sun') for s in said)
    assert not any("pit" in s for s in said)
    foreign = load_sheet(SHEET.replace('kind = "pit"', 'kind = "pit"\nsurface = "print"'))
    assert "no region of the sheet is print" in " ".join(str(r) for r in lint_sheet(foreign))


def test_lint_offers_the_usual_limits_of_pits_for_the_surfaces_that_the_sheet_has() -> None:
    without = SHEET.replace('kind = "pit"', 'kind = "speck"')
    said = next(str(r) for r in lint_sheet(load_sheet(without)) if "pits" in r.message)
    assert 'kind = "pit", limit_mm = 0.20, surface = "soft enamel"' in said
    assert "hard enamel" not in said
    hard = next(
        str(r) for r in lint_sheet(load_sheet(without.replace("soft enamel", "hard enamel"))) if "pits" in r.message
    )
    assert 'limit_mm = 0.15, surface = "hard enamel"' in hard
