"""Mouse and keyboard: real events through the X server, as hands make them."""

from __future__ import annotations

import time

from Xlib import XK, X
from Xlib.display import Display
from Xlib.ext import xtest

NAMES = {" ": "space", ".": "period", ",": "comma", "-": "minus", "_": "underscore", "/": "slash"}
NAMES |= {"!": "exclam", "?": "question", ":": "colon", "+": "plus", "=": "equal", "\n": "Return"}
NAMES |= {"[": "bracketleft", "]": "bracketright"}
NAMES |= {
    "ctrl": "Control_L",
    "shift": "Shift_L",
    "alt": "Alt_L",
    "enter": "Return",
    "backspace": "BackSpace",
}
NAMES |= {
    name: name.title() for name in ("escape", "tab", "delete", "left", "right", "up", "down", "home", "end")
}
PAUSE = 0.012
"""Seconds between two events: a quick hand."""


class Hands:
    """One pointer and one keyboard on the display of the environment."""

    def __init__(self) -> None:
        self._display = Display()

    def close(self) -> None:
        self._display.close()

    def move(self, x: int, y: int) -> None:
        xtest.fake_input(self._display, X.MotionNotify, x=x, y=y)
        self._flush()

    def glide(self, start: tuple[int, int], end: tuple[int, int], steps: int = 8) -> None:
        """Move along a line."""
        for step in range(1, steps + 1):
            share = step / steps
            self.move(*(round(a + share * (b - a)) for a, b in zip(start, end, strict=True)))

    def press(self, button: int = 1) -> None:
        xtest.fake_input(self._display, X.ButtonPress, button)
        self._flush()

    def release(self, button: int = 1) -> None:
        xtest.fake_input(self._display, X.ButtonRelease, button)
        self._flush()

    def click(self, x: int, y: int, button: int = 1) -> None:
        self.move(x, y)
        self.press(button)
        self.release(button)

    def drag(self, start: tuple[int, int], end: tuple[int, int], button: int = 1) -> None:
        self.move(*start)
        self.press(button)
        self.glide(start, end)
        self.release(button)

    def wheel(self, x: int, y: int, notches: int) -> None:
        """Turn the wheel over a place; positive notches turn it away from the hand."""
        self.move(x, y)
        for _ in range(abs(notches)):
            self.click(x, y, 4 if notches > 0 else 5)

    def held(self, *names: str) -> _Held:
        """Keys that stay down while something is done with the mouse."""
        return _Held(self._display, [self._code(name) for name in names])

    def key(self, chord: str) -> None:
        """Press and release "ctrl+k", "shift+ctrl+z", "escape", "a" …"""
        *holding, last = chord.split("+") if chord != "+" else ["+"]
        codes = [self._code(name) for name in holding]
        code = self._code(last or "+")
        for held in codes:
            xtest.fake_input(self._display, X.KeyPress, held)
        self._tap(code)
        for held in reversed(codes):
            xtest.fake_input(self._display, X.KeyRelease, held)
        self._flush()

    def type(self, text: str) -> None:
        for letter in text:
            code = self._code(letter)
            shifted = self._display.keycode_to_keysym(code, 0) != self._symbol(letter)
            if shifted:
                xtest.fake_input(self._display, X.KeyPress, self._code("shift"))
            self._tap(code)
            if shifted:
                xtest.fake_input(self._display, X.KeyRelease, self._code("shift"))
            self._flush()

    def _tap(self, code: int) -> None:
        xtest.fake_input(self._display, X.KeyPress, code)
        xtest.fake_input(self._display, X.KeyRelease, code)

    def _symbol(self, name: str) -> int:
        is_function_key = name[0] == "f" and name[1:].isdecimal()
        symbol = XK.string_to_keysym(name.upper() if is_function_key else NAMES.get(name, name))
        assert symbol, f"no such key: {name!r}"
        return symbol

    def _code(self, name: str) -> int:
        return self._display.keysym_to_keycode(self._symbol(name))

    def _flush(self) -> None:
        self._display.sync()
        time.sleep(PAUSE)


class _Held:
    def __init__(self, display: Display, codes: list[int]) -> None:
        self._display, self._codes = display, codes

    def __enter__(self) -> None:
        self._send(X.KeyPress)

    def __exit__(self, *_: object) -> None:
        self._send(X.KeyRelease)

    def _send(self, event: int) -> None:
        for code in self._codes:
            xtest.fake_input(self._display, event, code)
        self._display.sync()
        time.sleep(PAUSE)
