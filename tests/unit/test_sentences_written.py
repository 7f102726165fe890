"""Every sentence that the line, gates, lots and claims write into their records has a template, by which the pages say
it in the reader's language: gathered from the source, so that a new one is noticed."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import station
from station.report.sentences import CLOSED, sentences, templates

ROOT = Path(station.__file__).parent
ROOMS = [
    *(f"judge/{n}.py" for n in ("wording", "finding_rules", "cross_check", "reviewed", "rules")),
    *(f"lots/{n}.py" for n in ("decision_words", "decide", "causes", "drift", "evidence", "extents", "screening")),
    *(f"lots/{n}.py" for n in ("substitution", "clusters", "switching", "measurement_causes")),
    *(f"quality/gate_{n}.py" for n in ("confirmation", "history", "lots", "requirements", "rules")),
    *(f"quality/{n}.py" for n in ("checklist", "claim", "corrective", "traceability")),
    *(f"quality/{n}.py" for n in ("order_archive", "package", "shown_records")),
    *(f"sheet/{n}.py" for n in ("lint", "completeness")),
    *(f"measure/{n}.py" for n in ("features", "outline_sizes", "logo", "colour", "see_through", "round_features")),
    *(f"measure/{n}.py" for n in ("align", "aiming", "identity")),
    *(f"calibrate/{n}.py" for n in ("bounds", "drift", "flicker", "light", "plane", "card_faults")),
    *(f"service/{n}.py" for n in ("lot_words", "sealing", "deciding", "lot_analysis", "gate_evidence")),
]
"""Modules that write what the pages show of a record."""
GAP = "\N{CURRENCY SIGN}"
"""What stands for a value that a sentence is filled in with."""
APART = {
    r"(run `)?¤?station |.* --(by|sku|unit|level|keeper|lux) |See: ": "a command, or what goes into one",
    r"analysis of variance|Levene|dip test|, permutation": "the name of a test, which stays as it is",
    r"CIEDE2000, card-relative|, compared with|silhouette beyond|registration of|circle through|no common bench":
        "the method of a measurement, as the field calls it",
    r"golden ¤ version ¤$|factory holds version|¤ rows, ¤ units|¤ UTC, ¤ units|¤ in ¤ ¤ \(|version ¤, signed by":
        "what a state is shown by: names, numbers and days",
    r"¤ \(score ¤": "a finding that was set aside, with its scores",
    r".* does not begin$|no lot of this gate|its newest is|there is none yet|(photo and|the) control sheet (is|are) th":
        "part of a refusal, which the API and the pages say in English",
    r" taken out: |check that failed|only ¤ of its edges": "a detail of the record that no page shows",
    r" \(usual: |\[\[defects\]\] ": "a row of the control sheet, to be pasted",
    r"red, green and blue": "the channels of a picture",
    r"(package|archive) of an? (golden sample|order), |the (signature|¤) of the ¤": "what is signed, by name",
}  # fmt: skip
"""What has no template of its own, and why."""
PAGE = frozenset(json.loads((ROOT / "web/static/languages/zh-Hant.json").read_text("utf-8"))["texts"])
WHOLE, TAILS = templates("en")
WORDS = sentences("zh-Hant")["words"]
HOLE = re.compile(r"\{(\w+)\}")


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        told = "".join(str(v.value) if isinstance(v, ast.Constant) else GAP for v in node.values)
        return re.sub(f"{GAP}+", GAP, told)
    return None


def _said(node: ast.expr) -> Iterator[str]:
    """The texts of an expression, each branch of a condition and each part of a sum by itself."""
    text = _text(node)
    if text is not None:
        yield text
        return
    parts: list[ast.expr] = []
    if isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    elif isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Tuple | ast.List):
        parts = node.elts
    for part in parts:
        yield from _said(part)


@cache
def gathered(room: str) -> tuple[str, ...]:
    """What a module returns, yields, assigns or hands on as a sentence of three words or more; not what it raises."""
    tree = ast.parse((ROOT / room).read_text("utf-8"))
    raised = {id(n) for r in ast.walk(tree) if isinstance(r, ast.Raise) for n in ast.walk(r)}
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if id(node) in raised:
            continue
        told: list[ast.expr] = []
        if isinstance(node, ast.Return | ast.Yield | ast.Assign | ast.AugAssign | ast.AnnAssign):
            told = [node.value] if node.value is not None else []
        elif isinstance(node, ast.Call):
            told = [*node.args, *(k.value for k in node.keywords)]
        texts = (text for one in told for text in _said(one))
        found |= {t: None for t in texts if t.count(" ") >= 2 and re.search("[a-z]{3}", t)}
    return tuple(found)


def _compiled(template: str, *, tail: bool) -> re.Pattern[str]:
    parts = HOLE.split(template)
    names = parts[1::2]
    body = "".join(
        re.escape(p) if i % 2 == 0 else f"(?P={p})" if p in names[: i // 2] else f"(?P<{p}>.+?)"
        for i, p in enumerate(parts)
    )
    return re.compile(f"(?P<before_>.*?){body}" if tail else body, re.DOTALL)


PATTERNS = [_compiled(t, tail=False) for t in WHOLE.values() if "{fault}" not in t] + [
    _compiled(t, tail=True) for t in TAILS.values()
]
LITERALS = [[p.casefold() for p in HOLE.split(t)[::2]] for t in (WHOLE | TAILS).values()]


def _fills(values: dict[str, str]) -> bool:
    """Whether what stands in the holes of a template may stand there, as said.js has it."""
    for name, value in values.items():
        kind = name.rstrip("0123456789")
        if GAP in value and name != "before_" and kind != "reason":
            continue
        if kind in ("reason", "before_") and not known(value):
            return False
        if kind in CLOSED and value.replace("-", " ") not in {w.replace("-", " ") for w in WORDS[kind]}:
            return False
    return True


@cache
def known(text: str) -> bool:
    """Whether a sentence with gaps is said by templates: as a whole, without its stop, or in parts."""
    if not text.strip(f"{GAP} .,;") or any(text in words for words in WORDS.values()):
        return True
    if text.endswith(".") and known(text[:-1]):
        return True
    for one in (text, text[:1].lower() + text[1:]):
        if any((m := p.fullmatch(one)) is not None and _fills(m.groupdict()) for p in PATTERNS):
            return True
    parts = next((text.split(joint) for joint in ("; ", ". ") if joint in text), [])
    return len(parts) > 1 and all(known(p) for p in parts)


def within(text: str) -> bool:
    """Whether all the words of a text stand in one template, in their order: it is put together with others."""
    pieces = [p.strip(" .").casefold() for p in text.split(GAP)]
    for literals in LITERALS:
        rest = GAP.join(literals)
        for piece in filter(None, pieces):
            _, there, rest = rest.partition(piece)
            if not there:
                break
        else:
            return True
    return False


@pytest.mark.parametrize("room", ROOMS)
def test_every_sentence_of_a_record_has_a_template(room: str) -> None:
    texts = [
        t.removeprefix("card: ") for t in gathered(room) if t not in PAGE and not any(re.match(a, t) for a in APART)
    ]
    assert [t for t in texts if not (known(t) or within(t))] == []


@pytest.mark.parametrize("apart", APART)
def test_what_is_set_apart_is_written(apart: str) -> None:
    assert any(re.match(apart, t) for room in ROOMS for t in gathered(room))


def test_a_sentence_without_a_template_is_noticed() -> None:
    assert not known("the enamel of ¤ was never fired")
    assert not within("the enamel of ¤ was never fired")
    assert known("its edges are not seen")
    assert known("¤ could not be measured: its edges are not seen")
    assert not known("¤ could not be measured: its enamel was never fired")
