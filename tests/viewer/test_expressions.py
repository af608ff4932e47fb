"""Every regular expression of viewer/ takes steps in proportion to what it reads, whatever that is."""

from __future__ import annotations

import ast
import itertools
import re
import time
from pathlib import Path

import pytest

from headlight.viewer.app.explanations import EXPLANATIONS

VIEWER = Path(__file__).resolve().parents[2] / "viewer"
METHODS = ("match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer")
SIZES = (*range(12, 30, 2), 256, 1024, 16_384)
"""Few enough to notice an expression that doubles its steps with each character; many for a quadratic one."""
SECONDS = 0.7
"""Of the processor: linear ones need milliseconds, quadratic ones of the longest text seconds."""

PIECES = (
    "0",
    "1.",
    ",",
    "-",
    "e1",
    " ",
    "\t",
    "\n",
    " \n",
    "\r\n",
    "#",
    "# a\n",
    "a",
    "_",
    "(",
    "v 1 1 1 ",
    "é",
)
TAILS = ("", "\n", "x", ";", ")", "!\n")


def flags_of(node: ast.expr) -> int:
    """re.M | re.S"""
    if isinstance(node, ast.BinOp):
        return flags_of(node.left) | flags_of(node.right)
    of_re = isinstance(node, ast.Attribute) and ast.unparse(node.value) == "re"
    return getattr(re, node.attr) if of_re else 0


def literal(node: ast.expr, constants: dict[str, str | bytes]) -> str | bytes | None:
    """The text of a pattern that is written down or joined of constants; None if it is made while running."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
        return node.value
    if isinstance(node, ast.Name):
        return constants.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal(node.left, constants), literal(node.right, constants)
        return None if left is None or right is None else left + right
    return None


def expressions() -> list[tuple[str, str | bytes, int, tuple[str, ...]]]:
    """(where, pattern, flags, the methods that are called of it) of all in viewer/."""
    found, sources = [], {path: path.read_text(encoding="utf-8") for path in sorted(VIEWER.rglob("*.py"))}
    everything = "\n".join(sources.values())
    for path, source in sources.items():
        if "import re\n" not in source:
            continue
        constants: dict[str, str | bytes] = {}
        tree = ast.parse(source)
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                value = literal(node.value, constants)
                if value is not None:
                    constants[node.targets[0].id] = value
        named = {
            id(node.value): target.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        for node in ast.walk(tree):
            if not (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "re"
                and node.func.attr in ("compile", *METHODS)
            ):
                continue
            where = f"{path.relative_to(VIEWER)}:{node.lineno}"
            if path.is_relative_to(VIEWER / "app" / "explanations"):
                continue  # made of its table, whose expressions are added below
            pattern = literal(node.args[0], constants)
            assert pattern is not None, f"{where}: make the expression of constants, so that it can be tried"
            flags = 0
            for argument in (*node.args[1:], *(keyword.value for keyword in node.keywords)):
                flags |= flags_of(argument)
            methods = (node.func.attr,)
            if node.func.attr == "compile":
                name = named.get(id(node))
                called = re.findall(rf"\b{name}\.(\w+)\b", everything) if name else []
                methods = tuple(m for m in METHODS if m in called) or ("match", "search")
            found.append((where, pattern, flags, methods))
    table = {word[1:-1] for entry in EXPLANATIONS for word in entry.words if word[0] == "/"}
    return found + [(f"explanations: {pattern}", pattern, 0, ("fullmatch",)) for pattern in sorted(table)]


EXPRESSIONS = expressions()


@pytest.mark.parametrize(
    ("pattern", "flags", "methods"), [e[1:] for e in EXPRESSIONS], ids=[e[0] for e in EXPRESSIONS]
)
def test_no_text_keeps_an_expression_busy(pattern, flags, methods):
    compiled = re.compile(pattern, flags)
    units = {*PIECES, *(a + b for a, b in itertools.permutations(PIECES, 2))}
    # What the expression itself looks for leads furthest into it.
    shown = pattern if isinstance(pattern, str) else pattern.decode("latin-1")
    fronts = {"", *re.findall(r"[A-Za-z_]{3,}", shown), "solid a\n", "\n"}
    for method, front, unit, tail in itertools.product(methods, sorted(fronts), sorted(units), TAILS):
        plain = unit in PIECES
        if not plain and (front or tail not in ("", "x")):
            continue
        for size in SIZES if plain else SIZES[:-1]:
            slow(compiled, method, front + unit * (size // len(unit) if size > 30 else size) + tail)


def slow(compiled: re.Pattern, method: str, text: str) -> None:
    subject = text if isinstance(compiled.pattern, str) else text.encode()
    given = ("", subject) if method in ("sub", "subn") else (subject,)
    if method in ("sub", "subn") and isinstance(subject, bytes):
        given = (b"", subject)
    started = time.process_time()
    found = getattr(compiled, method)(*given)
    if method == "finditer":
        list(found)
    took = time.process_time() - started
    assert took < SECONDS, f"{method} of {text[:20]!r}… ({len(text):,} characters) took {took:.1f} s"


@pytest.mark.parametrize("pattern", [r"(?:\s*#[^\n]*\n|\s*\n)*(?:VERSION|FIELDS)[ \t]", r"\d+,\d+(?:e\d+)?"])
def test_the_search_finds_those_that_do(pattern):
    with pytest.raises(AssertionError, match="characters"):
        test_no_text_keeps_an_expression_busy(pattern, 0, ("match", "search"))
