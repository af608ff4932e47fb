"""Which stack a layer of somebody else's model stands in, as its module's name and its numbers tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_DECODES = re.compile(r"(^|[._])(decoder|dec|decode|tgt)([._]|\d|$)", re.IGNORECASE)


def stacks_of(calls: Sequence[tuple[str, str, int, int]]) -> list[str]:
    """Of (name, kind, queries, keys) of each call: "encoder", "decoder" or "cross".

    Where nothing crosses there is one stack, "decoder" if all names say so. Where something does, layers of
    the length that is looked at are the encoder's and those of the length that looks the decoder's, unless
    names tell.
    """
    crossing = [(queries, keys) for _, kind, queries, keys in calls if kind == "cross"]
    decodes = [bool(_DECODES.search(name)) for name, *_ in calls]
    if not crossing:
        several = any(decodes) and not all(decodes)
        return ["decoder" if said and several else "encoder" for said in decodes]
    looking, seen = (Counter(counts).most_common(1)[0][0] for counts in zip(*crossing, strict=True))
    named = any(decodes) and not all(decodes)
    found = []
    for (_, kind, queries, keys), said in zip(calls, decodes, strict=True):
        if kind == "cross":
            found.append("cross")
        elif queries == keys == looking != seen or (said and (named or queries == looking)):
            found.append("decoder")
        else:
            found.append("encoder")
    return found
