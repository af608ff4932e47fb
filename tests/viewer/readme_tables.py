"""The README's tables as the registry has them; run as a module it prints them."""

from __future__ import annotations

import headlight.viewer.builtin  # noqa: F401  (what there is)
from headlight.viewer.app.commands.every import listed
from headlight.viewer.registry import REGISTRY, Kind, Method, Page

ARROWS = {"Right": "→", "Left": "←", "Up": "↑", "Down": "↓"}


def keys() -> str:
    """A row for each menu: the keys of its commands, and what these do."""
    menus: dict[str, list[str]] = {}
    for command in listed():
        if command.keys:
            written = " or ".join(
                "`" + "+".join(ARROWS.get(k, k) for k in _parts(key)) + "`" for key in command.keys
            )
            title = command.title.rstrip("…")
            menus.setdefault(command.category, []).append(f"{written} {title[:1].lower()}{title[1:]}")
    rows = (f"| {menu} | {', '.join(said)} |" for menu, said in menus.items())
    return "\n".join(("| menu | keys |", "| --- | --- |", *rows))


def pages() -> str:
    """A row for each kind of document: its pages."""
    titles = {page.id: page.title.lower() for page in REGISTRY.all(Page).values()}
    rows = (
        f"| {kind.noun} | {', '.join(titles[layout.page] for layout in kind.layouts)} |"
        for kind in REGISTRY.all(Kind).values()
    )
    return "\n".join(("| document | pages |", "| --- | --- |", *rows))


def methods() -> str:
    """A row for each method: what it is of, what it shows, of which documents. Recorded ones are as their
    like."""
    of = {
        "head": "one head",
        "layers": "through layers",
        "picture": "the whole model",
        "target": "one target",
    }
    rows = []
    for method in REGISTRY.all(Method).values():
        every = [kind for kind in REGISTRY.all(Kind).values() if "recorded" not in kind.gives]
        kinds = [kind.plural for kind in every if method.needs.suits(kind)]
        rows.append(f"| {method.name} | {of[method.of]} | {method.noun} | {', '.join(kinds)} |")
    return "\n".join(("| method | of | shows | documents |", "| --- | --- | --- | --- |", *rows))


def _parts(key: str) -> list[str]:
    """The keys that are held together; the last may be a plus itself."""
    *held, last = key[:-1].split("+") if key.endswith("+") else key.split("+")
    return [*held, last or "+"]


if __name__ == "__main__":
    print(keys(), pages(), methods(), sep="\n\n")
