"""A page of HTML that stands by itself: sections of text, tables and drawings; no script, no network.

It is well-formed XML too. Whatever is said is escaped, wherever it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from headlight.viewer.export.figures import Drawing

LONGEST = 560
"""Pixels of a picture's longer side: what is larger is made smaller, so that a page stays a few megabytes."""
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1d2129; --dim: #5d6675; --paper: #fff; --line: #d5d9e0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e7ec; --dim: #98a1b0; --paper: #16191f; --line: #343a45; }
}
@media print { :root { --ink: #000; --dim: #444; --paper: #fff; --line: #bbb; color-scheme: light; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62em; padding: 1.5em; color: var(--ink); background: var(--paper);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.5em; margin: 0; } h2 { font-size: 1.15em; margin: 2em 0 .5em; }
p { margin: .5em 0; } p.dim, caption, figcaption { color: var(--dim); text-align: left; }
table { border-collapse: collapse; margin: .5em 0; font-variant-numeric: tabular-nums; max-width: 100%; }
th, td { padding: .15em 1em .15em 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th { color: var(--dim); font-weight: normal; } td.number, th.number { text-align: right; }
tr { border-bottom: 1px solid var(--line); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; border: 1px solid var(--line); padding: .7em;
  margin: .5em 0; font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; }
figure { margin: .7em 0; break-inside: avoid; }
figure svg { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); }
h2, caption { break-after: avoid; } tr { break-inside: avoid; }
"""


@dataclass(frozen=True)
class Said:
    """A paragraph. dim: beside the matter."""

    text: str
    dim: bool = False


@dataclass(frozen=True)
class Verbatim:
    """As it stands, line by line. name: what the page calls it, to be found again; "" for nothing."""

    text: str
    name: str = ""


@dataclass(frozen=True)
class Table:
    """rows: of as many cells each; numbers stand at the right. head: of columns, none of names and values."""

    rows: Sequence[Sequence[object]]
    head: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Figure:
    drawing: Drawing
    said: str


Block = Said | Verbatim | Table | Figure


@dataclass(frozen=True, eq=False)
class Section:
    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)


def page(title: str, under: str, sections: Sequence[Section]) -> bytes:
    """UTF-8. under: what stands below the title."""
    body = "\n".join(map(_section, sections))
    return (
        '<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" lang="en">\n<head>\n'
        '<meta charset="utf-8"/>\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{_safe(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{_safe(title)}</h1>\n<p class="dim">{_safe(under)}</p>\n{body}\n</body>\n</html>\n'
    ).encode()


def _section(section: Section) -> str:
    blocks = "\n".join(map(_block, section.blocks))
    return f"<section>\n<h2>{_safe(section.title)}</h2>\n{blocks}\n</section>"


def _block(block: Block) -> str:
    if isinstance(block, Said):
        return f"<p{_class('dim', block.dim)}>{_safe(block.text)}</p>"
    if isinstance(block, Verbatim):
        name = f' id="{_safe(block.name)}"' if block.name else ""
        return f"<pre{name}>{_safe(block.text)}</pre>"
    if isinstance(block, Figure):
        svg = block.drawing.svg(LONGEST).decode()
        return f"<figure>\n{svg}<figcaption>{_safe(block.said)}</figcaption>\n</figure>"
    head = "".join(
        f"<th{_class('number', _is_number_column(block, at))}>{_safe(one)}</th>"
        for at, one in enumerate(block.head)
    )
    rows = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in block.rows)
    head = f"<thead><tr>{head}</tr></thead>\n" if head else ""
    return f"<table>\n{head}<tbody>\n{rows}\n</tbody>\n</table>"


def _is_number_column(table: Table, at: int) -> bool:
    return bool(table.rows) and _is_number(table.rows[0][at])


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _cell(value: object) -> str:
    shown = f"{value:.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
    return f"<td{_class('number', _is_number(value))}>{_safe(shown)}</td>"


def _class(name: str, is_so: bool) -> str:
    return f' class="{name}"' if is_so else ""


def _safe(value: object) -> str:
    """Escaped, without what no page may hold: control characters and halves of surrogate pairs."""
    return escape("".join(one if may_stand(one) else "\ufffd" for one in str(value)))


def may_stand(one: str) -> bool:
    """Whether XML 1.0 has such a character, but for those that only control."""
    code = ord(one)
    return one in "\n\t" or (
        code >= 0x20 and not 0x7F <= code <= 0x9F and not 0xD800 <= code < 0xE000 and code & 0xFFFE != 0xFFFE
    )
