"""The furniture of Debian's package sweethome3d-furniture: which class each is, which split, and its mesh.

820 OBJ models in five .sh3f files (zips with a catalogue). Licences: CC-BY 3.0 (Kator Legaz, Reallusion,
Scopia, Blend Swap contributors) and CC0 (Blend Swap CC-0); see the package's copyright file. Models are y up
and face +z; here they are z up and face -y.
"""

from __future__ import annotations

import hashlib
import io
import itertools
import os
import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image

from script.training.mesh import Mesh, clustered
from script.training.package import CACHE, furniture_folder

VERSION = 1  # of the cached meshes

# The first rule that fits "file/category/name/id@elevation" gives class and role; checked by eye, model by
# model. A rule without a class leaves the model out. The role says where it may be placed.
# Tables: dining, desk, coffee. Clutter: wall, kitchen, bath (all three with their back to the wall), free (on
# the floor), hung (on a wall, at its elevation), top (on tables and shelves), ceiling, bed, person.
RULES = (
    # Out of doors, vehicles, lying and sitting people, and what lies flat on the floor.
    ("", "", r"/Vehicles/|/Staircases/|Lying down|Sitting|Horse|/elevator|[gG]arage|Shipping|railing/|Fence"),
    (
        "",
        "",
        r"Tatami|Doormat|carpet|rug/|Bathmat|Air mattress|Sleeping bag|Pallet|Opened convertible|Day bed",
    ),
    ("", "", r"/Exterior/(?!.*(Plant box|Flower box|trashcan|Bush|Bench|[cC]hair|Rattan|bench))"),
    # Pieces that lie between two classes.
    (
        "",
        "",
        r"[fF]ootball table|Table tennis/|Pool table|Bedside table|Changing table|Dressing table|Doll house",
    ),
    (
        "",
        "",
        r"custom-desk|workbench|office_box|/cupboard|televisionCabinet|Puff|ottoman|Fireplace|Contemporary",
    ),
    (
        "",
        "",
        r"CC-0/.*/foldingChair|ryokanChair|ext_chair|/modernArmchair|Scopia/.*/armchair1|children_chair",
    ),
    ("", "", r"japanese_style_screen|Rocking horse|[cC]himney|Porch column|box_room"),
    (
        "",
        "",
        r"Wheelchair|Deck chair|Relax chair|Beach chair|Baby high chair|Bascule|scie-|pince-|pelle|Cooktop",
    ),
    (
        "",
        "",
        r"/(Shower|Window shutter|Window blind|Stove)|plug|switch/|socket|Bill |Hashtray|hanger|Suit/|Dress/",
    ),
    ("", "", r"Trousers|Skirt|Short/|Jacket|Range hood|kitchenHood|Iron railing|Number lock"),
    ("clutter", "top", r"Desk lamp|Table fan|tennis bat|Lights/Lamp/table_lamp|[tT]ablet/"),
    ("window", "window", r"/Doors and windows/.*window"),
    ("door", "door", r"/Doors and windows/.*[dD]oor"),
    ("board", "board", r"White board"),
    ("bookcase", "bookcase", r"[bB]ookcase|/Shelves/|Vertical shelves"),
    ("sofa", "sofa", r"[sS]ofa|[cC]ouch|Winchester armchair"),
    ("chair", "stool", r"/(Stool|Bar stool|Bar chair)/"),
    ("chair", "bench", r"/Living room/Bench/|Painted bench|Piano bench|Concrete bench"),
    ("chair", "chair", r"Modern armchair/modern_armchair"),
    ("sofa", "armchair", r"/Living room/(Armchair|Modern armchair)|rattanArmchair"),
    ("chair", "chair", r"[cC]hair|Class seat"),
    ("table", "coffee", r"Coffee table|Rattan table|saloon_table|living_room_table|table_wood_and_iron"),
    ("table", "coffee", r"children_table"),
    ("table", "desk", r"[dD]esk"),
    ("table", "dining", r"[tT]able/|[tT]able on|[tT]able with|Technical table|teak table|alder table"),
    ("clutter", "person", r"/Characters/.*([mM]ale|Boy|Girl|Female)"),
    ("", "", r"/Characters/|/Lights/(Street|Park|Classic lamppost|Outdoor|Stone)"),
    (
        "clutter",
        "ceiling",
        r"[hH]anging light|Ceiling|Fluorescent light|Pendant|Track lights|Lamp/.*@1|Chandelier",
    ),
    ("clutter", "hung", r"wall-flat-tv"),
    ("clutter", "bed", r"[bB]ed/|Bunk|Crib|Futon/|Mezzanine"),
    ("clutter", "top", r"TV/|TV 16|Book/|Vase|Radio/|Aquarium|Microwave|Mini stereo|printer"),
    (
        "clutter",
        "kitchen",
        r"/Kitchen/.*([cC]abinet|[fF]ridge|Refrigerator|stove|Sink|machine/|freezer|Double oven)",
    ),
    ("clutter", "kitchen", r"Oven/|Island|propane-stove"),
    (
        "clutter",
        "bath",
        r"Washbasin|[tT]oilets|Bidet|[vV]anity|Urinal|lavatory|Bath/|bathtub|Toilet|Towel|bath/",
    ),
    ("clutter", "wall", r"Wardrobe|Dresser|Chest|cabinet|TV stand|piano|Radiator|Furnace|locker|/curtain"),
)
# Models that are sizes, colours or close relatives of one design, by the ends of their names.
FAMILIES = (
    ("Scopia", r"window_\d"), ("KatorLegaz", r"window-"), ("KatorLegaz", r"exterior-door"),
    ("KatorLegaz", r"mid-century-.*(sofa|chair)"), ("Scopia", r"(double_|glass_)?door"),
    ("Scopia", r"beige_sofa"),
    ("Scopia", r"wooden_office"), ("BlendSwap-CC-0", r"winchester"), ("Scopia", r"rattan"),
    ("Scopia", r"kids_.*desk_table|kids_wooden"),
    ("Scopia", r"coffee[-_]table"), ("BlendSwap-CC-0", r"technicalTable"), ("Scopia", r"convertible"),
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    key: str  # "file#id", unique
    name: str
    klass: str  # one of CLASSES
    role: str
    size: tuple[float, float, float]  # width (x), depth (y), height (z) in metres
    elevation: float  # metres above the floor
    design: str  # models of one design share a split
    archive: str
    member: str
    rotation: tuple[float, ...] | None


def _decoded(text: str) -> str:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), text).strip()


def _classified(text: str) -> tuple[str, str]:
    for klass, role, rule in RULES:
        if re.search(rule, text):
            return klass, role
    return "clutter", ""


def _role(size, elevation: float) -> str:
    """Of clutter that no rule places: by size and elevation."""
    width, depth, height = size
    if elevation > 0.15:
        return "hung"
    if max(size) > 2.6 or height < 0.012:
        return ""
    if max(width, depth) < 0.55 and height < 0.6:
        return "top"
    return "free"


def described() -> Iterator[tuple[str, str, dict[str, str]]]:
    """File (without .sh3f), label and properties of every OBJ model of the package, in a fixed order."""
    for path in sorted(furniture_folder().glob("*.sh3f")):
        with zipfile.ZipFile(path) as archive:
            text = archive.read("PluginFurnitureCatalog.properties").decode("latin1")
        entries: dict[int, dict[str, str]] = {}
        for field_, number, value in re.findall(r"^(\w+)#(\d+)\s*=[ \t]*(.*)$", text, re.M):
            entries.setdefault(int(number), {})[field_] = _decoded(value)
        for number in sorted(entries):
            entry = entries[number]
            if entry["model"].lower().endswith(".obj"):
                yield path.stem, entry["id"].split("#")[-1], entry


def modelled(
    file: str, label: str, entry: dict[str, str], klass: str, role: str, size: tuple[float, float, float]
) -> Model:
    """The model of a described entry, `size` width, depth and height in metres."""
    turn = entry.get("modelRotation")
    return Model(
        f"{file}#{label}", entry["name"], klass, role, size, float(entry.get("elevation", 0)) / 100,
        _design(file, label, klass), f"{file}.sh3f", entry["model"].lstrip("/"),
        tuple(float(part) for part in turn.split()) if turn else None,
    )  # fmt: skip


@lru_cache
def catalogue() -> tuple[Model, ...]:
    """Every model of the package that belongs in a room, in a fixed order."""
    models = []
    for file, label, entry in described():
        width, depth, height = (float(entry[side]) / 100 for side in ("width", "depth", "height"))
        size = width, depth, height
        elevation = float(entry.get("elevation", 0)) / 100
        where = f"{file}/{entry['category']}/{entry['name']}/{label}@{elevation:g}"
        klass, role = _classified(where)
        role = role or (_role(size, elevation) if klass else "")
        if klass and role:
            models.append(modelled(file, label, entry, klass, role, size))
    return tuple(models)


def _design(file: str, label: str, klass: str) -> str:
    """A design's name: its family, or the model's own; of doors, windows and clutter without its number."""
    for index, (home, rule) in enumerate(FAMILIES):
        if file == home and re.match(rule, label):
            return f"{home}#family {index}"
    return f"{file}#" + (re.sub(r"[-_]?\d+$", "", label) if klass in ("door", "window", "clutter") else label)


SPLITS = ("train", "validation", "test")
SALT = 115  # of the hash: chosen once by looking, so that test has ordinary doors, windows and bookcases


@lru_cache
def splits() -> dict[str, str]:
    """The split of each model of the package."""
    return split_designs(catalogue())


def split_designs(models: Iterable[Model]) -> dict[str, str]:
    """The split of each model's key: of each class and role about 7 : 1 : 2 designs, ordered by a hash."""
    models = tuple(models)
    groups: dict[tuple[str, str], set[str]] = {}
    home: dict[str, tuple[str, str]] = {}
    for model in models:
        group = home.setdefault(model.design, (model.klass, model.role))
        groups.setdefault(group, set()).add(model.design)
    side: dict[str, str] = {}
    for designs in groups.values():
        ordered = sorted(designs, key=lambda design: hashlib.sha256(f"{SALT} {design}".encode()).hexdigest())
        test = max(1, round(0.2 * len(ordered))) if len(ordered) > 1 else 1
        validation = max(1, round(0.1 * len(ordered))) if len(ordered) > 2 else 0
        for index, design in enumerate(ordered):
            side[design] = "test" if index < test else "validation" if index < test + validation else "train"
    return {model.key: side[model.design] for model in models}


@lru_cache
def members(split: str, klass: str, *roles: str) -> tuple[Model, ...]:
    """The models of a split in a class, of the given roles or of all."""
    return tuple(
        model
        for model in catalogue()
        if model.klass == klass and splits()[model.key] == split and (not roles or model.role in roles)
    )


@lru_cache(maxsize=256)
def mesh(model: Model) -> Mesh:
    """A model's mesh in metres, from the cache when it was read before."""
    path = CACHE / f"meshes-v{VERSION}" / (re.sub(r"\W", "_", model.key) + ".npz")
    if path.is_file():
        with np.load(path) as kept:
            return Mesh(*(kept[name] for name in ("vertices", "triangles", "materials", "palette")))
    read = _read(model)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as file:
        np.savez(
            file,
            vertices=read.vertices,
            triangles=read.triangles,
            materials=read.materials,
            palette=read.palette,
        )
    partial.replace(path)
    return read


def _read(model: Model) -> Mesh:
    with zipfile.ZipFile(furniture_folder() / model.archive) as archive:
        vertices, triangles, materials, names, library = parse_obj(
            archive.read(model.member).decode("latin1")
        )
        palette = _palette(archive, model.member, library, names)
    used, owner = np.unique(triangles, return_inverse=True)
    vertices, triangles = vertices[used], owner.reshape(triangles.shape)
    if model.rotation:
        vertices = vertices @ np.array(model.rotation).reshape(3, 3).T
    vertices = np.stack([vertices[:, 0], -vertices[:, 2], vertices[:, 1]], 1)
    low, high = vertices.min(0), vertices.max(0)
    extent = np.maximum(high - low, 1e-9)
    vertices = (vertices - low) / extent * model.size - np.array([model.size[0] / 2, model.size[1] / 2, 0])
    whole = Mesh(vertices.astype(np.float32), triangles.astype(np.int32), materials, palette)
    return clustered(whole)


def parse_obj(text: str):
    """Vertices (v, 3), triangles (t, 3), material of each (t,), the materials' names and their library."""
    vertices, triangles, materials, names, library, current = [], [], [], [""], "", 0
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "v":
            vertices.append([float(part) for part in rest.split()[:3]])
        elif word == "f":
            corners = [int(part.split("/")[0]) for part in rest.split()]
            corners = [corner - 1 if corner > 0 else len(vertices) + corner for corner in corners]
            for second, third in itertools.pairwise(corners[1:]):
                triangles.append((corners[0], second, third))
                materials.append(current)
        elif word == "usemtl":
            name = rest.strip()
            if name not in names:
                names.append(name)
            current = names.index(name)
        elif word == "mtllib":
            library = rest.strip()
    return np.array(vertices), np.array(triangles, np.int64), np.array(materials, np.int16), names, library


def _palette(archive: zipfile.ZipFile, member: str, library: str, names: list[str]) -> np.ndarray:
    """Average colour and opacity of each material, (m, 4)."""
    folder = member.rsplit("/", 1)[0]
    colours: dict[str, list[float]] = {}
    try:
        text = archive.read(f"{folder}/{library}").decode("latin1")
    except KeyError:
        text = ""
    current: list[float] = [0.7, 0.7, 0.7, 1.0]
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if word == "newmtl":
            current = colours.setdefault(rest.strip(), [0.7, 0.7, 0.7, 1.0])
        elif word == "Kd":
            current[:3] = [float(part) for part in rest.split()[:3]]
        elif word == "d" and rest.split():
            current[3] = float(rest.split()[-1])
        elif word == "map_Kd":
            try:
                picture = Image.open(io.BytesIO(archive.read(f"{folder}/{rest.split()[-1]}")))
                current[:3] = [
                    value / 255 for value in picture.convert("RGB").resize((1, 1)).getpixel((0, 0))
                ]
            except (KeyError, OSError):
                pass
    return np.array([colours.get(name, [0.7, 0.7, 0.7, 1.0]) for name in names], np.float32)
