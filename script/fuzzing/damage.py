"""What is done to good bytes: by a seeded chance, in ways that meet readers where they trust."""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from random import Random
from typing import Any

from script.fuzzing.wrapped import inside

WORDS = (
    *(b"nan", b"-nan", b"inf", b"-1", b"0", b"1", b"255", b"65536", b"2147483648", b"4294967295", b"1e400"),
    *(b"99999999999", b"1000000000", b"18446744073709551616", b"-9223372036854775808", b"1e-320", b"0x10"),
    *(
        b"",
        b" ",
        b"\n",
        b"\r",
        b"\0",
        b"abc",
        b"\xff\xfe",
        b"\xc3",
        b'"',
        b",",
        b"../../out",
        b"%s%n",
        b"9" * 400,
    ),
)
_NUMBERS = re.compile(rb"(?<![\w.])-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_SIZES: tuple[int, ...] = (0, 1, 2, 7, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
_VAST: tuple[int, ...] = (*_SIZES, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 1)
_FLOATS = (float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 1e-310, 0.0, -1.0, 3e38)
_BRACKETS = (b"[", b"{", b"(", b"<a>", b'{"a":', b"[[", b"f(")
_HEAD = 400
"""Bytes in which most headers are."""
_DEEP, _LARGE = 20_000, 40_000_000
"""Brackets in each other; bytes that a little is swollen to before it is packed again."""


def damaged(data: bytes, chance: Random) -> bytes:
    """With one to four things done to it, mostly one, or to what lies inside of what is packed."""
    found = inside(data) if chance.random() < 0.6 else None
    if found is not None:
        parts, packed = found
        at = chance.randrange(len(parts))
        if chance.random() < 0.03 and not data.startswith(b"ASTM"):  # which packs nothing
            parts[at] = _swollen(parts[at], chance)
        elif chance.random() < 0.1 and len(parts) > 1:
            parts[at] = parts[chance.randrange(len(parts))]
        else:
            parts[at] = damaged(parts[at], chance)
        try:
            return packed(parts)
        except struct.error:  # longer than its length can be told
            return data
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_DAMAGES)(data, chance)
    return data


def _place(data: bytes, chance: Random) -> int:
    """Somewhere, mostly near the beginning."""
    within = chance.choice((_HEAD, len(data) + 1, len(data) + 1))
    return chance.randrange(min(within, len(data) + 1))


def _put(data: bytes, at: int, piece: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


def _bits(data: bytes, chance: Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 2, 8, 40)) if made else 0):
        made[_place(data[:-1], chance)] ^= 1 << chance.randrange(8)
    return bytes(made)


def _byte(data: bytes, chance: Random) -> bytes:
    return _put(
        data, _place(data, chance), bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))])
    )


def _size(data: bytes, chance: Random) -> bytes:
    """A number of 16 to 64 bits where one may stand."""
    form = chance.choice(("H", "I", "I", "Q"))
    width = struct.calcsize("<" + form)
    at = _place(data, chance) // chance.choice((1, 2, 4)) * 2
    near = 1 << 8 * width
    value = chance.choice((*_VAST, len(data), len(data) + 1)) % near
    return _put(data, min(at, max(0, len(data) - width)), struct.pack(chance.choice("<>") + form, value))


def _float(data: bytes, chance: Random) -> bytes:
    form = chance.choice(("<f", "<d", ">f", ">d"))
    value = chance.choice(_FLOATS)
    if "f" in form and abs(value) > 3e38 and abs(value) != float("inf"):
        value = 3e38
    return _put(data, _place(data, chance), struct.pack(form, value))


def _word(data: bytes, chance: Random) -> bytes:
    """A number in words becomes another."""
    found = list(_NUMBERS.finditer(data[:100_000]))
    if not found:
        return _put(data, _place(data, chance), chance.choice(WORDS))
    one = chance.choice(found[: chance.choice((12, len(found)))])
    return data[: one.start()] + chance.choice(WORDS) + data[one.end() :]


def _insert(data: bytes, chance: Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + chance.choice(WORDS) + data[at:]


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.choice((_place(data, chance), max(0, len(data) - chance.randrange(1, 40))))]


def _remove(data: bytes, chance: Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + data[at + chance.choice((1, 2, 4, 16, 100)) :]


def _repeat(data: bytes, chance: Random) -> bytes:
    at, length = _place(data, chance), chance.choice((1, 4, 30, 400))
    return data[:at] + data[at : at + length] * chance.choice((2, 3, 50, 1000)) + data[at + length :]


def _same(data: bytes, chance: Random) -> bytes:
    return _put(
        data, _place(data, chance), chance.choice((b"\0", b"\xff", b" ", b"1")) * chance.choice((8, 64, 512))
    )


def _swap(data: bytes, chance: Random) -> bytes:
    at, other, length = _place(data, chance), _place(data, chance), chance.choice((4, 16, 64))
    return _put(_put(data, at, data[other : other + length]), other, data[at : at + length])


def _lines(data: bytes, chance: Random) -> bytes:
    """A line is doubled, dropped, emptied, or goes elsewhere."""
    lines = data.split(b"\n")
    at = chance.randrange(min(len(lines), chance.choice((12, len(lines)))))
    how = chance.randrange(4)
    line = lines.pop(at)
    if how == 0:
        lines[at:at] = [line, line]
    elif how == 1:
        lines[at:at] = [b""]
    elif how == 2:
        lines.insert(chance.randrange(len(lines) + 1), line)
    return b"\n".join(lines)


def _nested(data: bytes, chance: Random) -> bytes:
    at = _place(data, chance)
    return data[:at] + chance.choice(_BRACKETS) * chance.choice((50, 2000, _DEEP)) + data[at:]


def _json(data: bytes, chance: Random) -> bytes:
    try:
        held = json.loads(data)
    except (ValueError, RecursionError):
        return _word(data, chance)
    return json.dumps(told_wrongly(held, chance)).encode()


_DAMAGES: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(
        _bits,
        _byte,
        _size,
        _size,
        _float,
        _word,
        _word,
        _insert,
        _cut,
        _remove,
        _repeat,
        _same,
        _swap,
        _lines,
    ),
    *(_nested, _json),
)
_ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        -1,
        0,
        1,
        7,
        2**31,
        2**63,
        10**30,
        1e308,
        float("nan"),
        float("inf"),
        0.5,
        "",
        "abc",
        "../x",
    ),
    *("\ud800", "x" * 5000, [], {}, [1, [2]], {"a": None}, [10**9] * 3, "float16", "__class__"),
)


def told_wrongly(held: Any, chance: Random) -> Any:
    """The same JSON with one of its values changed, dropped, doubled or put into many lists."""
    places = list(_places(held))
    if not places:
        return chance.choice(_ODD)
    inside, key = chance.choice(places)
    how = chance.randrange(6)
    if how == 0:
        del inside[key]
    elif how == 1 and isinstance(inside, list):
        inside[key:key] = [inside[key]] * chance.choice((1, 50))
    elif how == 2:
        for _ in range(chance.choice((1, 2, 400))):
            inside[key] = [inside[key]]
    elif how == 3 and isinstance(inside[key], int | float):
        inside[key] = chance.choice(
            (inside[key] * 2, inside[key] + 1, -inside[key], float(inside[key]), 10**9)
        )
    else:
        inside[key] = chance.choice(_ODD)
    return held


def _places(held: Any) -> Any:
    """(container, key) of every value in it."""
    for key in list(held) if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ():
        yield held, key
        yield from _places(held[key])


def _swollen(data: bytes, chance: Random) -> bytes:
    """Next to nothing, once it is packed."""
    return data + data[-1:] * chance.choice((1_000_000, _LARGE))
