"""What is done to a model's folder: to its files, and to what is where."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from random import Random
from typing import Any

from script.fuzzing.damage import damaged, told_wrongly
from script.fuzzing.sample import Sample
from script.fuzzing.wrapped import inside

RAN = "headlight-fuzz-ran"
"""A file that code of a model's leaves beside it, where it is run."""


class _Runs:
    def __reduce__(self) -> tuple[Any, ...]:
        return open, (RAN, "w")


_CODE = f"open({RAN!r}, 'w').close()\nclass Config: pass\nclass Model: pass\n".encode()
_OUTSIDE = ("/etc/hostname", "/dev/zero", "/proc/self/mem", "..")
_SLOW = {"type": "Split", "pattern": {"Regex": "(a|a)*(a|a)*b"}, "behavior": "Isolated", "invert": False}
_WIDE = {"type": "Replace", "pattern": {"Regex": "."}, "content": "x" * 100_000}
_ODD_SPANS = ([0, 1 << 40], [-4, 4], [8, 4], [0, 0], [1 << 62, 1 << 63], [0], "0", [4, 8])


def misplaced(good: Sample, chance: Random) -> Sample:
    """A model with one file damaged, or missing, elsewhere, or another one in its place."""
    files, links = dict(good.files), {}
    name = chance.choice(sorted(files, key=lambda one: not one.endswith(("config.json", ".safetensors")))[:6])
    how = chance.random()
    if how < 0.40 and name.endswith(".json"):
        files[name] = _json(files[name], name, chance)
    elif how < 0.55 and name.endswith(".safetensors"):
        files[name] = _tensors(files[name], chance)
    elif how < 0.72:
        files[name] = damaged(files[name], chance)
    elif how < 0.76:
        del files[name]
    elif how < 0.80:
        links[name] = chance.choice((*_OUTSIDE, name.rpartition("/")[2]))
        del files[name]
    elif how < 0.85:  # a pickle behind the name of what is none
        files[name] = pickle.dumps({"weights": _Runs()})
    elif how < 0.88:
        data = files.pop(name)
        files[name.replace(".safetensors", ".bin").replace(".json", ".txt")] = data
    elif how < 0.92:
        del files[name]
        files[f"{name}/inside"] = b""
    elif how < 0.96:
        other = chance.choice(list(files))
        files[name], files[other] = files[other], files[name]
    else:
        files = _with_code(files)
    return replace(good, files=files, links=links)


def _json(data: bytes, name: str, chance: Random) -> bytes:
    try:
        held = json.loads(data)
    except ValueError:
        return damaged(data, chance)
    if name.endswith("tokenizer.json") and chance.random() < 0.2:
        held["pre_tokenizer" if chance.random() < 0.5 else "normalizer"] = chance.choice((_SLOW, _WIDE))
        return json.dumps(held).encode()
    for _ in range(chance.choice((1, 1, 2, 5))):
        held = told_wrongly(held, chance)
    return json.dumps(held).encode()


def _tensors(data: bytes, chance: Random) -> bytes:
    """A header whose tensors overlap, lie outside, or are of another kind or size than they are."""
    found = inside(data)
    if found is None:
        return damaged(data, chance)
    parts, packed = found
    header = json.loads(parts[0])
    one = header[chance.choice([name for name in header if name != "__metadata__"])]
    how = chance.randrange(5)
    if how == 0:
        one["data_offsets"] = chance.choice(_ODD_SPANS)
    elif how == 1:
        shape = one["shape"]
        one["shape"] = chance.choice(([1 << 31, 1 << 31], [], [0], [-1, 4], shape[::-1], [*shape, 1]))
    elif how == 2:
        one["dtype"] = chance.choice(("F64", "F16", "I8", "BOOL", "F8_E4M3", "XX", 7))
    elif how == 3:
        header = {f"x.{name}": told for name, told in header.items()}
    else:
        header = told_wrongly(header, chance)
    return packed([json.dumps(header).encode(), *parts[1:]])


def _with_code(files: dict[str, bytes]) -> dict[str, bytes]:
    """A model that says its classes are in a module of its own."""
    made = dict(files)
    for name in [one for one in files if one.endswith("config.json")]:
        try:
            held = json.loads(files[name])
        except ValueError:
            continue
        if isinstance(held, dict):
            held["auto_map"] = {"AutoConfig": "own.Config", "AutoModel": "own.Model"}
            held["model_type"] = "own"
            made[name] = json.dumps(held).encode()
            made[name.rpartition("config.json")[0] + "own.py"] = _CODE
    return made
