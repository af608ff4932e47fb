"""Products of many rows with many columns, however they are written: `@`, bmm, baddbmm, einsum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_letters
from typing import Any

from torch import Tensor

_PLAIN = {"matmul", "__matmul__", "bmm"}
NAMES = frozenset({*_PLAIN, "baddbmm", "einsum"})
"""Functions and methods that multiply, as they are called."""


@dataclass(frozen=True, eq=False)
class Product:
    """left [..., m, d] times right [..., n, d], each row with each row.

    factor: what the product was multiplied by; added: what was added to it. order: where the axes of
    [..., m, n] lie in what came out, None where they lie so.
    """

    left: Tensor
    right: Tensor
    factor: float = 1.0
    added: Tensor | None = None
    order: tuple[int, ...] | None = None


def product_of(name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Product | None:
    """What a call multiplied; None where that is no product of rows with rows."""
    if name in _PLAIN:
        given = [*args, *kwargs.values()]
        if len(given) < 2 or not all(isinstance(one, Tensor) and one.ndim > 1 for one in given[:2]):
            return None
        return Product(given[0], given[1].transpose(-1, -2))
    if name == "baddbmm":
        if len(args) != 3 or not all(isinstance(one, Tensor) for one in args):
            return None
        beta, alpha = kwargs.get("beta", 1), kwargs.get("alpha", 1)
        if not beta:
            return Product(args[1], args[2].transpose(-1, -2), float(alpha))
        added = args[0] if beta == 1 else args[0] * beta
        return Product(args[1], args[2].transpose(-1, -2), float(alpha), added)
    return _einsum(args) if name == "einsum" else None


def _einsum(args: Sequence[Any]) -> Product | None:
    """Two tensors of which one axis is summed over, all others kept: those that both have come first."""
    if not args or not isinstance(args[0], str):
        return None
    operands = args[1] if len(args) == 2 and isinstance(args[1], list | tuple) else args[1:]
    equation = _spelled(args[0], operands)
    if "->" not in equation or "." in equation or len(operands) != 2:
        return None
    terms, out = equation.split("->")
    left, right = terms.split(",")
    summed = [axis for axis in left if axis in right and axis not in out]
    shared = [axis for axis in out if axis in left and axis in right]
    rows, columns = (
        [axis for axis in term if axis not in other] for term, other in ((left, right), (right, left))
    )
    kept = {*shared, *rows, *columns}
    if not (len(summed) == len(rows) == len(columns) == 1) or kept != set(out) or len(set(out)) != len(out):
        return None
    laid = [*shared, rows[0], columns[0]]
    return Product(
        operands[0].permute([left.index(axis) for axis in (*shared, rows[0], summed[0])]),
        operands[1].permute([right.index(axis) for axis in (*shared, columns[0], summed[0])]),
        order=None if laid == list(out) else tuple(out.index(axis) for axis in laid),
    )


def _spelled(equation: str, operands: Sequence[Any]) -> str:
    """An equation with letters in place of the dots, where all operands have as many axes there."""
    equation = equation.replace(" ", "")
    terms = equation.partition("->")[0].split(",")
    if "..." not in equation or len(terms) != len(operands):
        return equation
    hidden = {
        one.ndim - len(term.replace("...", ""))
        for term, one in zip(terms, operands, strict=True)
        if "..." in term
    }
    unused = [letter for letter in ascii_letters if letter not in equation]
    return equation.replace("...", "".join(unused[: hidden.pop()])) if len(hidden) == 1 else equation


@dataclass(frozen=True, eq=False)
class Weighted:
    """A product of weights with values v [..., n, dv]. shares_of, out_of: of the weights, and of what came
    out, [..., m, n] and [..., m, dv]."""

    v: Tensor
    shares_of: Callable[[Tensor], Tensor]
    out_of: Callable[[Tensor], Tensor]


def weighted(name: str, args: Sequence[Any], operands: Sequence[Any], at: int) -> Weighted | None:
    """What a call multiplied weights with, its operand number `at`; None where that is no sum over keys."""
    if name != "einsum":
        return Weighted(operands[1], _same, _same) if name in _PLAIN and at == 0 else None
    equation = _spelled(args[0], operands)
    if "->" not in equation or "." in equation or len(operands) != 2:
        return None
    terms, out = equation.split("->")
    shares, values = terms.split(",") if at == 0 else terms.split(",")[::-1]
    shared = [axis for axis in out if axis in shares and axis in values]
    keys = [axis for axis in shares if axis in values and axis not in out]
    queries = [axis for axis in shares if axis in out and axis not in values]
    wide = [axis for axis in values if axis in out and axis not in shares]
    if not (len(keys) == len(queries) == len(wide) == 1) or shares[-1] != keys[0]:
        return None

    def laid(term: str, axes: list[str]) -> Callable[[Tensor], Tensor]:
        return lambda tensor: tensor.permute([term.index(axis) for axis in axes])

    return Weighted(
        laid(values, [*shared, *keys, *wide])(operands[1 - at]),
        laid(shares, [*shared, *queries, *keys]),
        laid(out, [*shared, *queries, *wide]),
    )


def _same(tensor: Tensor) -> Tensor:
    return tensor
