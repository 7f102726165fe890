"""What the station refuses and remarks, read from its source: the texts of every error that is made of two of them."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from station import errors

HOLE = "{}"
_ERRORS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.StationError)
}
_DEEP = 4

Scope = Mapping[str, Sequence[ast.expr]]
"""What names are given within a function, and those of the module in capitals."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Texts of one refusal, ``{}`` for each value: those that it may say is wrong, and to do."""

    messages: tuple[str, ...]
    dos: tuple[str, ...]


def refusals(file: Path) -> Iterator[Refusal]:
    """Every refusal that a module words itself."""
    tree = ast.parse(file.read_text("utf-8"))
    own = {e.name for e in tree.body if isinstance(e, ast.ClassDef) and e.name.endswith("Error")}
    outer = _assigned([n for n in tree.body if isinstance(n, ast.Assign | ast.AnnAssign)])
    yield from _within(tree, outer, _ERRORS | own)


def complaints(file: Path) -> Iterator[Refusal]:
    """What the validators of a module's tables say of a value: what is wrong, and what to do behind a semicolon."""
    tree = ast.parse(file.read_text("utf-8"))
    for function in (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)):
        scope = _assigned(list(ast.walk(function)))
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "ValueError":
                for text in (_plain(t) for t in _texts(node.args[0], scope)):
                    said, _, then = text.partition("; ")
                    yield Refusal((said,), (f"{then[:1].upper()}{then[1:]}.",) if then else ())


def remarks(file: Path) -> Iterator[str]:
    """What a module appends to its remarks, ``{}`` for each value."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("remarks.append"):
            yield from (_plain(text) for text in _texts(node.args[0], {}))


def _within(node: ast.AST, scope: Scope, kinds: set[str]) -> Iterator[Refusal]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        given = {a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)}
        scope = {k: v for k, v in {**scope, **_assigned(list(ast.walk(node)))}.items() if k not in given}
    pair = _pair(node, kinds)
    if pair is not None:
        said, then = (tuple(dict.fromkeys(_plain(t) for t in _texts(a, scope))) for a in pair)
        yield Refusal(said, then)
    for child in ast.iter_child_nodes(node):
        yield from _within(child, scope, kinds)


def _pair(node: ast.AST, kinds: set[str]) -> tuple[ast.expr, ast.expr] | None:
    """What is wrong and what to do: of an error, of an answer made at once, of the guard's tuples of four."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in kinds and len(node.args) > 1:
            return node.args[0], node.args[1]
        if node.func.id == "error_response":
            return node.args[2], node.args[3]
    if isinstance(node, ast.Tuple) and len(node.elts) == 4 and ast.unparse(node.elts[0]).startswith("HTTPStatus."):
        return node.elts[2], node.elts[3]
    return None


def _assigned(nodes: Sequence[ast.AST]) -> dict[str, list[ast.expr]]:
    found: defaultdict[str, list[ast.expr]] = defaultdict(list)
    for node in nodes:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            found[node.target.id].append(node.value)
        for target in node.targets if isinstance(node, ast.Assign) else ():
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for name, value in pairs:
                if isinstance(name, ast.Name):
                    found[name.id].append(value)
    return found


def _texts(node: ast.expr, scope: Scope, deep: int = 0) -> list[str]:
    """What an expression may say; ``{}`` where that stands nowhere in the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return _texts(node.body, scope, deep) + _texts(node.orelse, scope, deep)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        both = list(product(_texts(node.left, scope, deep), _texts(node.right, scope, deep)))
        return [a + b for a, b in both] if both != [(HOLE, HOLE)] else [HOLE]  # a sum of numbers
    if isinstance(node, ast.JoinedStr):
        parts = [_texts(v, scope, deep) for v in node.values]
        return ["".join(p) for p in product(*parts)]
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.IfExp | ast.Name):
        own = not (isinstance(node.value, ast.Name) and node.value.id.strip("_").isupper())
        return _texts(node.value, scope, deep) if own else [HOLE]  # a constant within a text is a value like another
    if isinstance(node, ast.Name) and deep < _DEEP:
        values = scope.get(node.id, ())
        if values and all(isinstance(v, ast.Constant | ast.JoinedStr | ast.IfExp | ast.BinOp) for v in values):
            return list(dict.fromkeys(t for v in values for t in _texts(v, scope, deep + 1)))
    return [HOLE]


def _plain(text: str) -> str:
    return " ".join(text.replace(HOLE + HOLE, HOLE).split())
