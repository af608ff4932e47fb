"""A whole room from a random generator: the shell with its holes, then the furniture of its kind."""

from __future__ import annotations

import numpy as np

from script.training import clutter, furniture, openings, parametric
from script.training.furnish import KINDS, Furnisher, Store
from script.training.mesh import Builder, Mesh
from script.training.parametric import Rng
from script.training.rooms import Hole, Room, build_beams, build_columns, build_partition, build_shell, plan


def build(split: str, rng: Rng, simple: bool = False, outer: bool = False, models: bool = True) -> Room:
    """A furnished room. `simple`: everything of plain boxes, doors and windows as panels on the wall."""
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    height = rng.uniform(2.35, 3.4) if kind not in ("hall", "class") else rng.uniform(2.7, 4.2)
    slope = np.zeros(2)
    if rng.random() < 0.1:
        slope[rng.integers(2)] = rng.uniform(0.05, 0.35)
    paint = parametric.colour(rng, str(rng.choice(["paint", "white", "fabric"], p=[0.5, 0.35, 0.15])))
    room = Room(plan(rng, kind), height, rng.uniform(0.08, 0.35), slope, kind, paint)
    fill = Furnisher(room, Store(split, rng, models and not simple), rng, simple)
    place_doors(fill, kind)
    place_windows(fill, kind)
    holes = len(room.blocks)
    if rng.random() < 0.65:
        build_columns(room, rng)
    if rng.random() < 0.72:
        build_beams(room, rng, holes)
    if room.area > 18 and rng.random() < 0.2:
        build_partition(room, rng)
    build_shell(room, rng, outer)
    furnish(fill, kind)
    return room


def _spot(fill: Furnisher, width: float, low: float, high: float, reach: float) -> tuple[int, float] | None:
    """A free piece of wall: the edge and where on it the piece begins."""
    room, rng = fill.room, fill.rng
    lengths = np.array([room.edge(index)[3] for index in range(len(room.plan))])
    for _ in range(16):
        edge = int(rng.choice(len(lengths), p=lengths / lengths.sum()))
        if lengths[edge] < width + 0.12:
            continue
        left = rng.uniform(0.06, lengths[edge] - width - 0.06)
        if (
            high
            > room.ceiling(np.array([room.wall_point(edge, u) for u in (left, left + width)])).min() - 0.02
        ):
            continue
        if any(h.edge == edge and h.left < left + width + 0.08 and left < h.right + 0.08 for h in room.holes):
            continue
        box = room.wall_box(edge, left, left + width, low, high, reach)
        if room.free(box):
            return edge, left
    return None


def _set(
    fill: Furnisher, mesh: Mesh, klass: str, name: str, spot, width, low, high, reach: float, hole=True
) -> None:
    """Puts a door or window into the wall, cuts the hole, and keeps the space before it free."""
    edge, left = spot
    room = fill.room
    normal = room.edge(edge)[2]
    if hole:
        room.holes.append(Hole(edge, left, left + width, low, high))
    x, y = room.wall_point(edge, left + width / 2)
    turn = float(np.arctan2(normal[0], -normal[1]))
    room.add(mesh.placed(turn=turn, at=(x, y, low)), klass, name)
    room.blocks.append(room.wall_box(edge, left, left + width, low, high, reach))


def _panel(rng: Rng, width: float, height: float, rimmed: bool) -> Mesh:
    """A door or window as a plain panel that stands out of the wall a little on one side or on both."""
    build, out, deep = Builder(), rng.uniform(0.0, 0.06), rng.uniform(0.0, 0.1)
    x, shade = width / 2, parametric.colour(rng)
    build.box((-x, -out - 0.004, 0), (x, deep, height), shade)
    if rimmed:
        rim, bar = parametric.colour(rng), rng.uniform(0.03, 0.1)
        for left in (-x, x - bar, -bar / 2):
            build.box((left, -out - 0.02, 0), (left + bar, deep, height), rim)
        for low in (0, height - bar):
            build.box((-x, -out - 0.02, low), (x, deep, low + bar), rim)
    return build.mesh()


def _model(fill: Furnisher, klass: str, *roles: str):
    """A model for a hole in the wall with the hole's size and height above the floor; None: take a design."""
    known = furniture.members(fill.store.split, klass, *roles) if fill.store.models else ()
    share = 0.55 if fill.store.split == "train" else 0.25
    if not known or fill.maybe(share):
        return None
    model = known[fill.rng.integers(len(known))]
    mesh = furniture.mesh(model)
    wide, high = ((0.75, 1.35), (0.88, 1.12)) if fill.store.split == "train" else ((0.9, 1.12), (0.94, 1.06))
    scale = np.array([fill.rng.uniform(*wide), 1.0, fill.rng.uniform(*high)])
    width, depth, height = np.array(model.size) * scale
    scale[1] = min(1.0, (fill.room.thickness + 0.05) / depth)
    depth *= scale[1]
    # Flush with the inner face, or in the middle of the wall.
    front = -0.015 if fill.maybe(0.5) else (fill.room.thickness - depth) / 2
    if fill.maybe(0.5):
        scale[0] *= -1
    mesh = mesh.placed(scale, 0.0, (0, depth / 2 + front, 0))
    return mesh.recoloured(fill.store.painted(mesh.palette)), width, height, model.elevation, model.key


def place_doors(fill: Furnisher, kind: str) -> None:
    rng, room = fill.rng, fill.room
    wanted = int(rng.integers(2, 7)) if kind in ("corridor", "hall") else 1 + int(rng.random() < 0.45)
    for _ in range(wanted):
        model = None if fill.simple else _model(fill, "door")
        hole = True
        if model:
            mesh, width, height, _, name = model
        elif fill.simple and fill.maybe(0.7):
            width, height = rng.uniform(0.75, 1.7), rng.uniform(1.95, 2.2)
            mesh, name, hole = _panel(rng, width, height, fill.maybe(0.3)), "door panel", fill.maybe(0.3)
        else:
            own = np.random.default_rng(
                [6, furniture.SPLITS.index(fill.store.split), int(rng.integers(5000))]
            )
            mesh, width, height = openings.door(own, room.thickness)
            name = "door design"
        height = min(height, room.height - 0.05)
        mesh = (
            mesh.placed((1, 1, min(1.0, height / max(mesh.box[1, 2], 1e-6))))
            if mesh.box[1, 2] > height + 0.1
            else mesh
        )
        reach = max(0.7, -float(mesh.box[0, 1]) + 0.05)
        spot = _spot(fill, width, 0.0, height, reach)
        if spot:
            _set(fill, mesh, "door", name, spot, width, 0.0, height, reach, hole)


def place_windows(fill: Furnisher, kind: str) -> None:
    rng, room = fill.rng, fill.room
    if rng.random() > {"corridor": 0.5, "storage": 0.5}.get(kind, 0.92):
        return
    model = None if fill.simple else _model(fill, "window")
    low, width, height = rng.uniform(0.65, 1.15), rng.uniform(0.7, 2.4), rng.uniform(0.9, 1.7)
    if rng.random() < 0.2:
        low, height = rng.uniform(0.0, 0.4), rng.uniform(1.8, 2.4)
    panel, hole, name = fill.simple and fill.maybe(0.7), True, "window design"
    if model:
        mesh, width, height, low, name = model
    else:
        height = min(height, room.height - low - 0.15)
        own = np.random.default_rng([5, furniture.SPLITS.index(fill.store.split), int(rng.integers(5000))])
        mesh = openings.window(own, room.thickness, width, height)
        if panel:
            mesh, hole = _panel(own, width, height, fill.maybe(0.5)), fill.maybe(0.3)
    for _ in range(int(rng.integers(1, 3 + int(room.area / 12)))):
        spot = _spot(fill, width, low, low + height, 0.12)
        if not spot:
            continue
        _set(fill, mesh, "window", name, spot, width, low, low + height, 0.12, hole)
        if not fill.simple and fill.maybe(0.2):
            edge, left = spot
            top = min(low + height + 0.15, room.height - 0.05)
            bottom = 0.03 if fill.maybe(0.5) else max(0.03, low - 0.2)
            for at in (left - 0.12, left + width + 0.12):
                drape = clutter.curtain(rng, rng.uniform(0.25, 0.5), top - bottom)
                x, y = room.wall_point(edge, at, 0.0)
                if 0.3 < at < room.edge(edge)[3] - 0.3:
                    normal = room.edge(edge)[2]
                    turned = drape.placed(turn=float(np.arctan2(normal[0], -normal[1])), at=(x, y, bottom))
                    fill.put(turned, "clutter", "curtain", but=(len(room.blocks) - 1,))
        if low > 0.5 and fill.maybe(0.35):
            heater = clutter.radiator(rng)
            normal = room.edge(spot[0])[2]
            x, y = room.wall_point(spot[0], spot[1] + width / 2, 0.005)
            fill.put(
                heater.placed(turn=float(np.arctan2(normal[0], -normal[1])), at=(x, y, 0)),
                "clutter",
                "radiator",
            )


def furnish(fill: Furnisher, kind: str) -> None:
    """By the kind of room; the rarer classes first, where walls are still free."""
    rng, area = fill.rng, fill.room.area

    def times(low: float, high: float) -> range:
        return range(int(rng.integers(int(low), int(high) + 1)))

    if fill.maybe({"bedroom": 0.4, "kitchen": 0.4, "storage": 0.4, "bath": 0, "class": 0.98}.get(kind, 0.9)):
        for _ in times(1, 1 + int(area > 12) + int(area > 30)):
            fill.board()
    if fill.maybe({"kitchen": 0.5, "bath": 0, "corridor": 0.7, "storage": 0.97}.get(kind, 0.87)):
        for _ in times(1, (2 if kind != "storage" else 5) + area / 14):
            fill.bookcase()
    if kind not in ("lounge", "hall", "bath") and fill.maybe(0.72 if kind != "corridor" else 0.45):
        for _ in times(1, 1 + area / 20):
            fill.sofa(with_table=area > 14)
    MAIN[kind](fill, area, times)
    if kind not in ("corridor", "bath"):
        for _ in times(0, 1 + area / 18):
            fill.table("desk" if fill.maybe(0.5) else "dining", True, wall=fill.maybe(0.5))
    for _ in times(0, 2 + area / 9):
        fill.loose_chair()
    for _ in times(0, 2 + area / 25):
        fill.cupboard("wall")
    for _ in times(3, 7 + area / 4):
        fill.thing()
    if fill.maybe(0.55):
        fill.lamps()


def _meeting(fill: Furnisher, area: float, times) -> None:
    for _ in range(1 + int(area > 24) + int(area > 45)):
        fill.table("dining", True, largest=3)


def _rows(fill: Furnisher, area: float, times) -> None:
    fill.rows("desk" if fill.maybe(0.6) else "dining")


def _office(fill: Furnisher, area: float, times) -> None:
    if area > 22 and fill.maybe(0.4):
        fill.rows("desk")
    for _ in times(1, 2 + area / 8):
        fill.table("desk", True, wall=fill.maybe(0.45))
    if fill.maybe(0.4):
        fill.table("dining", True)


def _lounge(fill: Furnisher, area: float, times) -> None:
    for _ in times(2, 3 + area / 14):
        fill.sofa()
    for _ in times(1, 1 + area / 20):
        fill.table("dining", True)


def _bedroom(fill: Furnisher, area: float, times) -> None:
    mesh, name, _ = fill.store.pick("clutter", "bed")
    if not fill.against_wall(mesh, "clutter", name):
        fill.anywhere(mesh, "clutter", name)
    fill.cupboard("wall")
    fill.table("desk", True, wall=True)


def _kitchen(fill: Furnisher, area: float, times) -> None:
    for _ in times(3, 8):
        fill.cupboard("kitchen")
    fill.table("dining", True)


def _bath(fill: Furnisher, area: float, times) -> None:
    for _ in times(3, 7):
        fill.cupboard("bath")


def _plain(fill: Furnisher, area: float, times) -> None:
    for _ in times(0, 2):
        fill.cupboard("wall")


MAIN = {
    "meeting": _meeting, "class": _rows, "office": _office, "lounge": _lounge, "hall": _lounge,
    "bedroom": _bedroom, "kitchen": _kitchen, "bath": _bath, "storage": _plain, "corridor": _plain,
}  # fmt: skip
