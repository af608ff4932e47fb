"""How panes share a rectangle: splits within splits, laid out for any size. Pure: no Qt, no pane.

Lengths are pixels. A layout never hands out more than there is: where panes ask for more, all give way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from headlight.viewer.registry import Leaf, Node, Split

Rect = tuple[int, int, int, int]
"""x, y, width, height."""


def only(node: Node, names: set[str]) -> Node | None:
    """The layout with these panes alone; None where none is left."""
    if isinstance(node, Leaf):
        return node if node.name in names else None
    left = tuple(kept for part in node.parts if (kept := only(part, names)) is not None)
    if len(left) == 1:
        # What fills a split alone takes the place, and so the share, of the whole split.
        last = left[0]
        return (
            Leaf(last.name, node.share)
            if isinstance(last, Leaf)
            else Split(last.across, last.parts, node.share)
        )
    return Split(node.across, left, node.share) if left else None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a pane wants of a length: never below `least`; `needs`, below which it scrolls, if there is so
    much for all; just `exactly`, where it is given, before others get more than they need.
    """

    least: int = 0
    needs: int = 0
    exactly: int | None = None


Wishes = Callable[[str, bool, int | None], Wish]
"""(name, across, its width) → what a pane wants of its width (across; the width is None then) or height."""


def lay(node: Node, rect: Rect, gap: int, wishes: Wishes) -> dict[str, Rect]:
    """The rectangle of each pane when the layout fills `rect`, with `gap` between two parts.

    Parts with an exact wish get it as long as the others keep their least; the rest is shared out.
    """
    if isinstance(node, Leaf):
        return {node.name: rect}
    x, y, width, height = rect
    if node.across:
        asked = [_width(part, gap, wishes) for part in node.parts]
        free = width - gap * (len(node.parts) - 1)
    else:
        asked = [_height(part, width, gap, wishes) for part in node.parts]
        free = height - gap * (len(node.parts) - 1)
    found: dict[str, Rect] = {}
    for part, length in zip(node.parts, distribute(free, [p.share for p in node.parts], asked), strict=True):
        if node.across:
            found |= lay(part, (x, y, length, height), gap, wishes)
            x += length + gap
        else:
            found |= lay(part, (x, y, width, length), gap, wishes)
            y += length + gap
    return found


def distribute(free: int, shares: Sequence[float], wishes: Sequence[Wish]) -> list[int]:
    """Whole lengths that sum to `free`, shared as the wishes say; all give way where `least` is too much."""
    free = max(free, 0)
    least = [wish.least for wish in wishes]
    needs = [max(wish.least, wish.needs) for wish in wishes]
    if sum(least) >= free:
        return _whole([free * part / max(sum(least), 1) for part in least], free)
    if sum(needs) >= free:
        met = (free - sum(least)) / (sum(needs) - sum(least))
        return _whole([a + met * (b - a) for a, b in zip(least, needs, strict=True)], free)
    lengths: list[float | None] = [None] * len(shares)
    spare = free - sum(needs)
    for index, wish in enumerate(wishes):
        if wish.exactly is not None:
            more = min(max(wish.exactly - needs[index], 0), spare)
            lengths[index], spare = needs[index] + more, spare - more
    given = [length or 0.0 for length in lengths]
    if None not in lengths and sum(given):  # all know what they want, and together it is less than there is
        return _whole([length * free / sum(given) for length in given], free)
    open_ = lengths if None in lengths else [None] * len(shares)  # who wants nothing takes what is there
    return _whole(_filled(free, shares, needs, open_), free)


def _filled(
    free: int, shares: Sequence[float], needs: Sequence[int], lengths: Sequence[float | None]
) -> list[float]:
    """`lengths` with what is open in them shared out, none less than it needs."""
    found = list(lengths)
    rest = free - sum(length for length in found if length is not None)
    while open_ := [index for index, length in enumerate(found) if length is None]:
        whole = sum(shares[index] for index in open_) or 1.0
        short = [index for index in open_ if rest * shares[index] / whole < needs[index]]
        for index in short or open_:
            found[index] = needs[index] if short else rest * shares[index] / whole
        rest -= sum(needs[index] for index in short)
    return [length or 0.0 for length in found]


def _whole(lengths: Sequence[float], total: int) -> list[int]:
    """Rounded so that the sum stays `total`: each ends where the sum so far rounds to."""
    ends, sum_ = [0], 0.0
    for length in lengths:
        sum_ += length
        ends.append(min(round(sum_), total))
    return [b - a for a, b in pairwise(ends)]


def _width(node: Node, gap: int, wishes: Wishes) -> Wish:
    if isinstance(node, Leaf):
        return wishes(node.name, True, None)
    return _together([_width(part, gap, wishes) for part in node.parts], node.across, gap)


def _height(node: Node, width: int, gap: int, wishes: Wishes) -> Wish:
    if isinstance(node, Leaf):
        return wishes(node.name, False, width)
    if not node.across:
        return _together([_height(part, width, gap, wishes) for part in node.parts], True, gap)
    widths = lay_widths(node, width, gap, wishes)
    asked = [_height(part, w, gap, wishes) for part, w in zip(node.parts, widths, strict=True)]
    return _together(asked, False, gap)


def lay_widths(node: Split, width: int, gap: int, wishes: Wishes) -> list[int]:
    """The widths of the parts of a split that stand side by side."""
    asked = [_width(part, gap, wishes) for part in node.parts]
    return distribute(width - gap * (len(node.parts) - 1), [part.share for part in node.parts], asked)


def _together(asked: Sequence[Wish], along: bool, gap: int) -> Wish:
    """What several parts want: along their split the sum, across it the largest. One open wish opens all."""
    exact = [max(wish.exactly, wish.needs) for wish in asked if wish.exactly is not None]
    gaps = gap * (len(asked) - 1) if along else 0
    join = sum if along else max
    return Wish(
        join(wish.least for wish in asked) + gaps,
        join(max(wish.least, wish.needs) for wish in asked) + gaps,
        join(exact) + gaps if len(exact) == len(asked) else None,
    )


def found_in(rects: Mapping[str, Rect]) -> Node | None:
    """The layout in which panes stand, with their lengths as shares; None of no pane.

    Rectangles that no straight cut parts (none that splits give) stand below each other.
    """
    if not rects:
        return None
    return _found(dict(rects), 1.0)


def _found(rects: dict[str, Rect], share: float) -> Node:
    if len(rects) == 1:
        return Leaf(next(iter(rects)), share)
    for axis in (0, 1):
        groups = _groups(rects, axis)
        if len(groups) > 1:
            break
    else:
        axis, groups = 1, [[name] for name in sorted(rects, key=lambda name: rects[name][1])]
    parts = []
    for names in groups:
        inside = {name: rects[name] for name in names}
        start = min(rect[axis] for rect in inside.values())
        stop = max(rect[axis] + rect[axis + 2] for rect in inside.values())
        parts.append(_found(inside, float(max(stop - start, 1))))
    return Split(axis == 0, tuple(parts), share)


def _groups(rects: Mapping[str, Rect], axis: int) -> list[list[str]]:
    """Panes between two straight cuts across an axis, in order."""
    groups: list[list[str]] = []
    reach = 0
    for name in sorted(rects, key=lambda name: rects[name][axis]):
        start, length = rects[name][axis], rects[name][axis + 2]
        if not groups or start >= reach:
            groups.append([])
            reach = start
        groups[-1].append(name)
        reach = max(reach, start + length)
    return groups
