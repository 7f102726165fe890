"""Why a photo's gate is closed, in the language of a document."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import station
from station.judge.finding_rules import HARMLESS, NOT_OF_A_MODEL
from station.report.gate_words import TABLE, gate_reason, gate_words
from station.report.languages import language
from station.report.words import defect

EN, ZH = language("en"), language("zh-Hant")
ROOT = Path(station.__file__).parent
GATES = [
    *(ROOT / "calibrate" / f"{name}.py" for name in ("plane", "drift", "bounds", "light", "orientation")),
    *(ROOT / "calibrate" / f"{name}.py" for name in ("card_faults", "card_finding", "card_reading", "flicker")),
    *(ROOT / "measure" / f"{name}.py" for name in ("align", "identity", "parts")),
    ROOT / "judge" / "photo_gates.py", ROOT / "comparison.py",
]  # fmt: skip
TEMPLATES = {k: v for k, v in EN.texts.items() if k.startswith(TABLE)}


def shapes(tree: ast.AST) -> set[str]:
    """Every text of a module, with ``{}`` for what is filled in."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
        if isinstance(node, ast.JoinedStr):
            found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in node.values))
    return found


def test_a_known_reason_is_said_again_with_its_numbers() -> None:
    said = gate_words(
        "sharpness", "The photo is less sharp than the golden's: its edges are blurred by 2.4 px more", ZH
    )
    assert said == "清晰度：照片不如封樣照片清晰：邊緣多模糊 2.4 px"
    asked = (
        "the control sheet asks for 4,500 to 5,500 K and no colour temperature was entered: read a meter and run "
        "`station calibrate light --rig bench-a GREY.jpg ... --lux N --cct K`"
    )
    assert gate_words("light", asked, EN) == f"light: {asked}"
    assert gate_words("light", asked, ZH).startswith("光源：管制表要求色溫 4,500 至 5,500 K，但未輸入色溫")
    assert "`station calibrate light --rig bench-a GREY.jpg ... --lux N --cct K`" in gate_reason(asked, ZH)


def test_several_reasons_are_each_said_and_an_unknown_one_stays() -> None:
    differs = (
        "the light differs from the golden's photo by +6.0 in lightness and 1.0 CIEDE2000 in tint; the card corrects "
        "no more than 5 and 4: bring lamp and camera back to their settings, or seal the golden again in this light"
    )
    old = (
        "the lux meter was read on 2026-01-02, 90 days are allowed: read it and run "
        "`station calibrate light --rig a GREY.jpg ... --lux N`"
    )
    several = gate_reason(f"{differs}; what nobody foresaw; {old}", ZH)
    assert several.split("；")[-2] == "what nobody foresaw"
    assert several.startswith("光線與封樣照片的明度差 +6.0、色調差 1.0 CIEDE2000；色卡最多校正 5 與 4")
    assert several.split("；")[-1].startswith("照度計讀值日期為 2026-01-02，容許 90 天")
    assert gate_words("some-gate", "", ZH) == "some-gate"


@pytest.mark.parametrize("key", TEMPLATES)
def test_each_template_makes_its_own_sentence(key: str) -> None:
    """No template swallows another one's sentence, and none is left over in English."""
    names = re.findall(r"\{(\w+)\}", TEMPLATES[key])
    values = {n: f"{i}7" for i, n in enumerate(names, 1)}
    assert gate_reason(TEMPLATES[key].format(**values), ZH) == ZH.texts[key].format(**values)


def test_each_template_is_what_the_line_says() -> None:
    """Clause by clause, as some sentences are put together."""
    said = "\n".join(s.removeprefix("card: ") for file in GATES for s in shapes(ast.parse(file.read_text("utf-8"))))
    for key, text in TEMPLATES.items():
        for part in re.split(r"\{\w+\}|[:;,(`]", text):
            clause = re.sub(r"^(K|lux) |( by|( and)? run)$", "", part.strip())
            assert len(clause) < 12 or clause in said, (key, clause)


@pytest.mark.parametrize("kind", sorted(HARMLESS | NOT_OF_A_MODEL))
def test_what_is_no_defect_has_a_word_too(kind: str) -> None:
    """Glare, dust and the like stand among the findings of a unit's sheet."""
    assert defect(kind, ZH) != defect(kind, EN)
