"""The arithmetic of layouts: whatever is asked, the room is filled, nothing overlaps, resizing is undone."""

from __future__ import annotations

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from headlight.viewer.app.layout.shares import Wish, distribute, found_in, lay, only
from headlight.viewer.registry import Leaf, Node, Split, leaves

GAP = 6
EXAMPLES = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
MODEST = Wish()
wishes_ = st.builds(Wish, st.integers(0, 200), st.integers(0, 400), st.one_of(st.none(), st.integers(0, 600)))


def numbered(node: Node, names: list[int]) -> Node:
    """The same layout with a name for each pane."""
    if isinstance(node, Leaf):
        names.append(len(names))
        return Leaf(f"pane {len(names)}", node.share)
    return Split(node.across, tuple(numbered(part, names) for part in node.parts), node.share)


def turned(node: Node, across: bool) -> Node:
    """With splits within splits across each other, as where they are found in rectangles."""
    if isinstance(node, Leaf):
        return node
    return Split(across, tuple(turned(part, not across) for part in node.parts), node.share)


shares = st.floats(0.5, 2)
layouts = st.recursive(
    st.builds(Leaf, st.just(""), shares),
    lambda inner: st.builds(Split, st.just(True), st.lists(inner, min_size=2, max_size=3).map(tuple), shares),
    max_leaves=6,
).map(lambda node: numbered(turned(node, True), []))


@EXAMPLES
@example(1, [(Wish(0, 0, 0), 1.0)])
@given(st.integers(-5, 3000), st.lists(st.tuples(wishes_, shares), min_size=1, max_size=6))
def test_lengths_fill_the_room_and_wishes_are_kept_in_their_order(free, parts):
    asked = [wish for wish, _ in parts]
    lengths = distribute(free, [share for _, share in parts], asked)
    assert sum(lengths) == max(free, 0)
    assert min(lengths) >= 0
    least = [wish.least for wish in asked]
    needs = [max(wish.least, wish.needs) for wish in asked]
    for wish, length, need in zip(asked, lengths, needs, strict=True):
        if sum(least) <= free:
            assert length >= wish.least - 1
        if sum(needs) <= free:
            assert length >= need - 1
    exact = sum(max(need, wish.exactly or 0) for wish, need in zip(asked, needs, strict=True))
    if exact <= free and any(wish.exactly is None for wish in asked):
        for wish, length, need in zip(asked, lengths, needs, strict=True):
            if wish.exactly is not None:
                assert abs(length - max(wish.exactly, need)) <= 1


@EXAMPLES
@given(layouts, st.integers(200, 2000), st.integers(200, 2000), st.data())
def test_panes_tile_their_rectangle(layout, width, height, data):
    asked = {leaf.name: (data.draw(wishes_), data.draw(wishes_)) for leaf in leaves(layout)}
    rects = lay(layout, (0, 0, width, height), 0, lambda name, across, _: asked[name][not across])
    assert sum(w * h for _, _, w, h in rects.values()) == width * height
    for x, y, w, h in rects.values():
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height


@EXAMPLES
@given(
    layouts,
    st.integers(1500, 2500),
    st.integers(1500, 2500),
    st.integers(1500, 2500),
    st.integers(1500, 2500),
)
def test_another_size_and_back_is_where_it_was(layout, width, height, other_width, other_height):
    def laid(node: Node, w: int, h: int) -> dict:
        return lay(node, (0, 0, w, h), GAP, lambda *_: MODEST)

    there = laid(layout, width, height)
    away = laid(found_in(there), other_width, other_height)
    back = laid(found_in(there), width, height)
    assert set(away) == set(there)
    for name, rect in there.items():
        assert all(abs(a - b) <= 1 for a, b in zip(back[name], rect, strict=True))


def test_a_column_keeps_its_width_and_a_pane_that_goes_leaves_its_room_to_the_others():
    layout = Split(True, (Split(False, (Leaf("a", 1), Leaf("b", 3))), Leaf("column")))

    def wish(name: str, across: bool, _width: int | None) -> Wish:
        return Wish(exactly=250 if name == "column" and across else None)

    for width in (800, 1600):
        rects = lay(layout, (0, 0, width, 400), 0, wish)
        assert rects["column"] == (width - 250, 0, 250, 400)
        assert rects["b"] == (0, 100, width - 250, 300)
    left = only(layout, {"b", "column"})
    assert lay(left, (0, 0, 800, 400), 0, wish) == {"b": (0, 0, 550, 400), "column": (550, 0, 250, 400)}
    assert only(layout, set()) is None
