"""Advice on control sheets: what would be argued about in one, and one to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from station.values import golden_record as v


def lint_sheet_file(path: Path) -> v.GoldenLintDocument:
    """What would be argued about in a control sheet that is not sealed yet. Raises SheetError."""
    from station.sheet import lint_sheet, read_sheet_file

    sheet, _ = read_sheet_file(path)
    found = [v.LintDocument(rule=r.rule, where=r.where, message=r.message, do=r.do) for r in lint_sheet(sheet)]
    return linted(found, sheet.product.sku, None, None)


def linted(found: Sequence[v.LintDocument], sku: str, number: str | None, version: int | None) -> v.GoldenLintDocument:
    """What the linter remarks, with the mistakes that are made. number, version : None of a sheet alone."""
    from station.quality.checklist import MISTAKES

    made = {r.rule for r in found}
    return v.GoldenLintDocument(
        number=number, version=version, sku=sku, mistakes=tuple(m for m in MISTAKES if m in made), remarks=tuple(found)
    )


def template_of(product_type: str) -> str:
    """A control sheet of a product type to begin with, as TOML. Raises RequestError."""
    from station.sheet.completeness import template

    return template(product_type)
