"""Furniture of one split, and how each piece is placed: tables with chairs, sofas, bookcases, boards."""

from __future__ import annotations

import numpy as np

from headlight.models.core.classes.lists import S3DIS_CLASSES
from script.training import clutter, furniture, parametric, shelves
from script.training.mesh import Mesh
from script.training.parametric import Rng
from script.training.rooms import Room
from script.training.surfaces import Surfaces

# How often a training room takes a parametric design rather than a model. Elsewhere designs only stand in for
# models that are missing, and for most boards: the package has one.
PARAMETRIC = {
    "table": 0.4,
    "chair": 0.35,
    "sofa": 0.4,
    "bookcase": 0.65,
    "board": 0.95,
    "door": 0.55,
    "window": 0.55,
}
CLUTTER = 0.35
DESIGNS = 5000  # parametric designs of a class in a split

KINDS = {
    "office": 0.29, "meeting": 0.15, "class": 0.09, "lounge": 0.14, "bedroom": 0.08, "storage": 0.06,
    "corridor": 0.06, "hall": 0.05, "kitchen": 0.06, "bath": 0.02,
}  # fmt: skip


class Store:
    """Hands out furniture of one split, scaled, mirrored and recoloured."""

    def __init__(self, split: str, rng: Rng, models: bool = True) -> None:
        self.split, self.rng, self.models = split, rng, models

    def pick(self, klass: str, *roles: str) -> tuple[Mesh, str, float]:
        """A mesh, its name and its elevation above the floor."""
        known = furniture.members(self.split, klass, *roles) if self.models else ()
        share = PARAMETRIC.get(klass, CLUTTER) if self.split == "train" else 0.7 if klass == "board" else 0.0
        if roles and roles[0] in ("bath", "bed", "person", "hung"):
            share = 0.0
        if not known or self.rng.random() < share:
            return self.design(klass, roles[0] if roles else klass)
        model = known[self.rng.integers(len(known))]
        mesh = furniture.mesh(model)
        if klass == "bookcase" and self.rng.random() < 0.75:
            mesh = shelves.filled(mesh, self.rng, self.rng.uniform(0.3, 1.0))
        return self.varied(mesh, klass), model.key, model.elevation

    def design(self, klass: str, role: str) -> tuple[Mesh, str, float]:
        """A parametric design. The split is part of its seed: no design is in two splits."""
        number = int(self.rng.integers(DESIGNS))
        seed = [S3DIS_CLASSES.index(klass), furniture.SPLITS.index(self.split), number]
        own = np.random.default_rng(seed)
        if klass == "clutter":
            maker = {
                "wall": clutter.cabinet,
                "kitchen": clutter.cabinet,
                "top": clutter.small,
                "ceiling": clutter.hanging_lamp,
            }
            mesh = maker.get(role, clutter.floor_piece)(own)
        else:
            mesh = parametric.MAKERS[klass](own, role)
        return self.varied(mesh, klass), f"{klass} design {number}", 0.0

    def varied(self, mesh: Mesh, klass: str) -> Mesh:
        rng = self.rng
        scale = rng.uniform(0.9, 1.1) * rng.uniform(0.95, 1.05, 3)
        if klass in ("table", "sofa", "bookcase", "board"):  # these come in many widths
            scale[0] *= rng.uniform(0.85, 1.2)
        if self.split == "train" and rng.random() < 0.7:  # few designs have to stand for many
            scale *= np.exp(np.clip(rng.normal(0, 0.11, 3), -0.25, 0.25))
            if klass not in ("board", "bookcase"):
                mesh = mesh.warped(rng.normal(0, 0.07, 2), rng.normal(0, 0.04), rng.normal(0, 0.05))
        if rng.random() < 0.5:
            scale[0] *= -1
        return mesh.placed(scale).recoloured(self.painted(mesh.palette))

    def painted(self, palette: np.ndarray) -> np.ndarray:
        rng, fresh = self.rng, palette.copy()
        if rng.random() < 0.5:
            fresh[:, :3] = [parametric.colour(rng) for _ in palette]
        else:
            tint = rng.uniform(0.8, 1.2) * (1 + rng.normal(0, 0.06, 3))
            fresh[:, :3] = np.clip(palette[:, :3] * tint, 0.02, 0.98)
        return fresh


class Furnisher:
    """One room being filled."""

    def __init__(self, room: Room, store: Store, rng: Rng, simple: bool) -> None:
        self.room, self.store, self.rng, self.simple = room, store, rng, simple

    def maybe(self, chance: float) -> bool:
        return self.rng.random() < chance

    # Placing.

    def put(
        self, mesh: Mesh, klass: str, name: str, but: tuple[int, ...] = (), gap: float = 0.0
    ) -> int | None:
        """Adds a placed mesh if there is room for it; the number of its block."""
        kept = [block for index, block in enumerate(self.room.blocks) if index not in but]
        blocks, self.room.blocks = self.room.blocks, kept
        free = self.room.free(mesh.box, gap)
        self.room.blocks = blocks
        if not free:
            return None
        self.room.add(mesh, klass, name)
        self.room.blocks.append(mesh.box)
        return len(self.room.blocks) - 1

    def against_wall(
        self, mesh: Mesh, klass: str, name: str, low: float = 0.0, gap: float = 0.01, tries: int = 14
    ):
        """Back to a wall, where one is free; the block's number and the turn."""
        lengths = np.array([self.room.edge(index)[3] for index in range(len(self.room.plan))])
        (x0, _, _), (x1, y1, _) = mesh.box
        for _ in range(tries):
            edge = int(self.rng.choice(len(lengths), p=lengths / lengths.sum()))
            _, _, normal, length = self.room.edge(edge)
            if length < x1 - x0 + 0.02:
                continue
            at = self.rng.uniform(-x0, length - x1)
            if self.maybe(0.3):
                at = self.rng.choice([-x0 + 0.02, length - x1 - 0.02])
            turn = float(np.arctan2(normal[0], -normal[1]))
            x, y = self.room.wall_point(edge, at, y1 + gap)
            block = self.put(mesh.placed(turn=turn, at=(x, y, low)), klass, name)
            if block is not None:
                return block, turn
        return None

    def anywhere(
        self, mesh: Mesh, klass: str, name: str, turn: float | None = None, tries: int = 12, gap: float = 0.05
    ):
        low, high = self.room.plan.min(0), self.room.plan.max(0)
        for _ in range(tries):
            x, y = self.rng.uniform(low, high)
            angle = self.rng.integers(4) * np.pi / 2 if turn is None else turn
            block = self.put(mesh.placed(turn=angle, at=(x, y, 0)), klass, name, gap=gap)
            if block is not None:
                return block, angle
        return None

    def on_top(self, block: int, mesh: Mesh, count: int) -> None:
        """Small things on a table or a cupboard."""
        surfaces = Surfaces(mesh)
        low, high = mesh.box
        placed = []
        for _ in range(count):
            thing, name, _ = self.store.pick("clutter", "top")
            thing = thing.placed(turn=self.rng.uniform(0, 2 * np.pi))
            reach = thing.box[1, :2].max()
            if (high[:2] - low[:2] < 2 * reach + 0.04).any():
                continue
            x, y = self.rng.uniform(low[:2] + reach + 0.02, high[:2] - reach - 0.02)
            level = surfaces.level(x, y, reach * 0.8)
            if level is None or level < low[2] + 0.25:
                continue
            thing = thing.placed(at=(x, y, level + 0.001))
            number = self.put(thing, "clutter", name, but=(block,))
            if number is not None:
                placed.append(number)

    # What stands in it.

    def table(self, role: str, chairs: bool, wall: bool = False, largest: int = 1) -> None:
        """A table (the largest of a few), its chairs facing it, and things on it."""
        tables = [self.store.pick("table", role) for _ in range(largest)]
        mesh, name, _ = max(tables, key=lambda table: np.ptp(table[0].box[:, 0]))
        if wall:
            found = self.against_wall(mesh, "table", name)
        else:
            found = self.anywhere(mesh, "table", name, gap=0.5)
        if not found and not wall:
            found = self.anywhere(mesh, "table", name, gap=0.1)
        if not found:
            return
        block, turn = found
        placed = self.room.items[-1].mesh
        if chairs:
            self.chairs(
                mesh,
                placed,
                block,
                turn,
                ("front",) if role == "desk" else ("front", "back", "left", "right"),
            )
        self.on_top(block, placed, int(self.rng.integers(0, 9)))

    def rows(self, role: str) -> None:
        """The same table and chair again and again, in rows."""
        mesh, name, _ = self.store.pick("table", role)
        chair = self.store.pick("chair", "chair")
        turn = self.rng.integers(4) * np.pi / 2
        wide, deep = np.ptp(mesh.placed(turn=turn).box, axis=0)[:2]
        aisle = np.array([self.rng.uniform(0.1, 0.7), self.rng.uniform(0.75, 1.1)])
        step = np.array([wide, deep]) + (aisle if np.cos(turn) ** 2 > 0.5 else aisle[::-1])
        low, high = self.room.plan.min(0) + 0.5, self.room.plan.max(0) - 0.5
        for x in np.arange(low[0] + wide / 2, high[0] - wide / 2, step[0]):
            for y in np.arange(low[1] + deep / 2, high[1] - deep / 2, step[1]):
                block = self.put(mesh.placed(turn=turn, at=(x, y, 0)), "table", name)
                if block is not None:
                    placed = self.room.items[-1].mesh
                    self.chairs(mesh, placed, block, turn, ("front",), chair)
                    self.on_top(block, placed, int(self.rng.integers(0, 4)))

    def chairs(self, mesh: Mesh, placed: Mesh, block: int, turn: float, sides, same=None) -> None:
        (x0, y0, _), (x1, y1, _) = mesh.box
        centre = placed.box[:, :2].mean(0)
        low = mesh.box[1, 2] < 0.92 or self.maybe(0.5)
        same = same or self.store.pick("chair", "chair" if low else "stool")
        for side in sides:
            span = x1 - x0 if side in ("front", "back") else y1 - y0
            count = max(1, int(span / self.rng.uniform(0.55, 0.85)))
            if sides == ("front",):
                count = min(count, 1 if self.maybe(0.7) else 2)
            if side in ("left", "right"):
                count = min(count, 1)
            for index in range(count):
                if self.maybe(0.12):
                    continue
                chair, name, _ = same if self.maybe(0.93) else self.store.pick("chair", "chair")
                along = (index + 0.5) / count * span - span / 2 + self.rng.normal(0, 0.03)
                back = self.rng.uniform(-0.25, 0.25) + (chair.box[1, 1] - chair.box[0, 1]) / 2
                # A chair in front of the table (-y) faces +y: half a turn.
                x, y, face = {
                    "front": (along, y0 - back, np.pi),
                    "back": (along, y1 + back, 0.0),
                    "left": (x0 - back, along, np.pi / 2),
                    "right": (x1 + back, along, -np.pi / 2),
                }[side]
                c, s = np.cos(turn), np.sin(turn)
                at = centre + np.array([c * x - s * y, s * x + c * y])
                angle = turn + face + self.rng.normal(0, 0.15)
                self.put(chair.placed(turn=angle, at=(*at, 0)), "chair", name, but=(block,))

    def loose_chair(self) -> None:
        chair, name, _ = self.store.pick("chair", *(("chair",) if self.maybe(0.75) else ("stool", "bench")))
        if self.maybe(0.5):
            self.against_wall(chair, "chair", name, gap=self.rng.uniform(0.02, 0.15))
        else:
            self.anywhere(chair, "chair", name, turn=self.rng.uniform(0, 2 * np.pi))

    def sofa(self, with_table: bool = True) -> None:
        mesh, name, _ = self.store.pick("sofa", *(("sofa",) if self.maybe(0.72) else ("armchair",)))
        found = self.against_wall(mesh, "sofa", name, gap=self.rng.uniform(0.01, 0.12))
        if not found and self.maybe(0.6):
            found = self.anywhere(mesh, "sofa", name)
        if not found:
            return
        turn = found[1]
        if with_table and self.maybe(0.6):
            low = mesh.box[0]
            centre = self.room.items[-1].mesh.box[:, :2].mean(0)
            coffee, name, _ = self.store.pick("table", "coffee")
            away = -low[1] + self.rng.uniform(0.25, 0.5) + coffee.box[1, 1]
            at = centre + away * np.array([np.sin(turn), -np.cos(turn)])
            number = self.put(coffee.placed(turn=turn, at=(*at, 0)), "table", name)
            if number is not None:
                self.on_top(number, self.room.items[-1].mesh, int(self.rng.integers(0, 4)))

    def bookcase(self) -> None:
        mesh, name, _ = self.store.pick("bookcase")
        found = self.against_wall(mesh, "bookcase", name)
        if found and mesh.box[1, 2] < 1.5:
            self.on_top(found[0], self.room.items[-1].mesh, int(self.rng.integers(0, 4)))

    def board(self) -> None:
        mesh, name, _ = self.store.pick("board")
        stands = "design" not in name and mesh.box[1, 2] > 1.0 and mesh.box[1, 1] > 0.2
        low = 0.0 if stands else self.rng.uniform(0.65, 1.1)
        if not self.against_wall(mesh, "board", name, low, gap=0.004, tries=25):
            mesh = mesh.placed((0.5, 1, 0.9))
            self.against_wall(mesh, "board", name, low, gap=0.004, tries=25)

    def cupboard(self, role: str) -> None:
        mesh, name, elevation = self.store.pick("clutter", role)
        found = self.against_wall(mesh, "clutter", name, elevation)
        if found and elevation == 0 and mesh.box[1, 2] < 1.4:
            self.on_top(found[0], self.room.items[-1].mesh, int(self.rng.integers(0, 4)))

    def thing(self) -> None:
        """Clutter on the floor, against a wall or hung on it."""
        kind = self.rng.choice(["free", "hung", "picture", "person"], p=[0.62, 0.16, 0.19, 0.03])
        if kind == "picture":
            mesh = clutter.picture(self.rng)
            self.against_wall(mesh, "clutter", "picture", self.rng.uniform(1.1, 1.7), gap=0.002)
            return
        mesh, name, elevation = self.store.pick("clutter", str(kind))
        if kind == "hung" and elevation:
            self.against_wall(mesh, "clutter", name, elevation * self.rng.uniform(0.9, 1.05), gap=0.002)
        elif self.maybe(0.5):
            self.against_wall(mesh, "clutter", name, gap=self.rng.uniform(0.01, 0.1))
        else:
            self.anywhere(mesh, "clutter", name, turn=self.rng.uniform(0, 2 * np.pi))

    def lamps(self) -> None:
        mesh, name, _ = self.store.pick("clutter", "ceiling")
        low, high = self.room.plan.min(0), self.room.plan.max(0)
        step = self.rng.uniform(1.5, 3.5)
        for x in np.arange(low[0] + step / 2, high[0], step):
            for y in np.arange(low[1] + step / 2, high[1], step):
                level = float(self.room.ceiling(np.array([x, y]))) - mesh.box[1, 2] - 0.002
                if level + mesh.box[0, 2] > 1.9:
                    self.put(mesh.placed(at=(x, y, level)), "clutter", name)
