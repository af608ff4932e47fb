"""What was computed from a trace is kept with it, within bounds, and goes when it goes. No Qt."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from headlight.models.core.trace import Trace

KEPT = 256

_derived: weakref.WeakKeyDictionary[Trace, OrderedDict[Hashable, Any]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def derived(trace: Trace, key: Hashable, compute: Callable[[], Any]) -> Any:
    """compute(), or what it gave for this trace and key before; the last KEPT of a trace are kept."""
    with _lock:
        kept = _derived.setdefault(trace, OrderedDict())
        if key in kept:
            kept.move_to_end(key)
            return kept[key]
    value = compute()
    with _lock:
        kept[key] = value
        while len(kept) > KEPT:
            kept.popitem(last=False)
    return value
