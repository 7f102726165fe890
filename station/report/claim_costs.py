"""What the remedies of a nonconformity cost, in a language's words: for the report, a page, and a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from station.report.languages import Language
from station.values.claim_costs import CostComparison, CostPath
from station.values.claim_words import CostWords, RemedyWords


def cost_words(c: CostComparison, language: Language) -> CostWords:
    """The comparison in words, its remedies in their order."""
    return CostWords(
        basis=_basis(c, language),
        remedies=tuple(
            RemedyWords(
                remedy=p.remedy, name=language.text(f"remedy.{p.remedy}"), lines=_lines(p, language),
                why_not=_why_not(p, language),
            )
            for p in c.paths
        ),
        best=best_remedy(c, language), steady=_steady(c, language), usual=tuple(_usual(c, language)),
        consequences=consequences(c, language) if c.consequences else "",
    )  # fmt: skip


def cost_table(c: CostComparison, language: Language) -> dict[str, Any]:
    """The comparison as the report's template takes it."""
    say, told = language.text, cost_words(c, language)
    columns = ("remedy", "", "supplier_bears", "buyer_bears", "total", "at_most", "ready")
    rows = []
    for p, words in zip(c.paths, told.remedies, strict=True):
        lines = [*words.lines, *([say("cost.not_allowed", why=words.why_not)] if words.why_not else [])]
        amounts = [money(x) if p.lines else "" for x in (p.supplier, p.buyer, p.total, p.total_high)]
        ready = p.ready_on.isoformat() if p.ready_on else ""
        rows.append([words.name, lines, *amounts, ready])
    beside = [*told.usual, *([told.consequences] if told.consequences else [])]
    return {
        "basis": told.basis, "head": [say(f"heading.{k}") if k else "" for k in columns], "rows": rows,
        "best": told.best, "steady": told.steady, "usual": language.joint.join(beside),
    }  # fmt: skip


def supplier_cost(c: CostComparison, language: Language) -> str:
    """What the proportional remedy costs the supplier, with its arithmetic, and what has come of it besides; "" where
    no remedy is open and priced and nothing has come of it."""
    best = next((p for p in c.paths if p.remedy == c.best), None)
    told = []
    if best is not None:
        lines = [
            language.of(language.text(f"line.{x.what}"), x.arithmetic) for x in best.lines if x.payer == "supplier"
        ]
        remedy = language.text(f"remedy.{best.remedy}")
        total = money(best.supplier)
        told += [
            language.text("cost.claimed", remedy=remedy, total=total, currency=c.inputs.currency),
            language.listed.join(lines),
        ]
    if c.consequences:
        told.append(consequences(c, language))
    return language.joint.join(told)


def best_remedy(c: CostComparison, language: Language) -> str:
    """The sentence that names the proportional remedy."""
    if c.best is None:
        return language.text("cost.no_best")
    best = next(p for p in c.paths if p.remedy == c.best)
    share = f"{100 * (c.share_of_order or 0.0):.0f}"
    return language.text(
        "cost.best", remedy=language.text(f"remedy.{c.best}"), total=money(best.total), currency=c.inputs.currency,
        share=share,
    )  # fmt: skip


def consequences(c: CostComparison, language: Language) -> str:
    """What has come of it so far, each by itself, and the sum (C7)."""
    told = [f"{language.text(f'consequence.{x.what}')} {money(x.amount)}" for x in c.consequences]
    total = money(c.consequences_total)
    return language.text(
        "cost.consequences", listed=language.listed.join(told), total=total, currency=c.inputs.currency
    )


def money(amount: Decimal) -> str:
    """An amount with two decimals."""
    return f"{amount:,.2f}".replace("-", "−")


def _basis(c: CostComparison, language: Language) -> str:
    return language.text(
        "cost.basis", wrong=f"{c.nonconforming:,}", size=f"{c.lot_size:,}", high=f"{c.nonconforming_high:,}",
        currency=c.inputs.currency,
    )  # fmt: skip


def _lines(p: CostPath, language: Language) -> tuple[str, ...]:
    return tuple(language.of(language.text(f"line.{x.what}"), x.arithmetic) for x in p.lines)


def _why_not(p: CostPath, language: Language) -> str:
    """What stands against a remedy as a list, without the full stops; "" where it is open."""
    return "" if p.allowed else language.listed.join(language.say(x).rstrip(".。") for x in p.why_not)


def _steady(c: CostComparison, language: Language) -> str:
    return "" if c.best is None else language.text("cost.steady" if c.steady else "cost.not_steady")


def _usual(c: CostComparison, language: Language) -> Iterator[str]:
    if c.usual is not None:
        yield language.text("cost.usual", low=c.usual[0], high=c.usual[1])
    if c.usual_packing is not None:
        yield language.text("cost.usual_packing", low=c.usual_packing[0], high=c.usual_packing[1])
