"""Families of models: how the attention of each is come by, and why some have none that could be shown.

assets/tables/families.json lists them by the model type of their config.json, tried one by one with small
random models; `script/families.py` tries them again. Nothing here imports torch or transformers.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from headlight.models.core.errors import HeadlightError

FILE = Path(__file__).resolve().parents[1] / "assets" / "tables" / "families.json"


@cache
def table() -> dict[str, Any]:
    """ways: how weights are come by, in words, by name. reasons: why there are none, likewise, for the end of
    a sentence. families: by model type what holds for each kind of input that it is known to read: the name
    of a way, or of a reason.
    """
    return json.loads(FILE.read_text("utf-8"))


def reason(model_type: str) -> str | None:
    """Why no model of this type can be shown, for the end of a sentence; None where that is not known."""
    reasons = table()["reasons"]
    found = list(table()["families"].get(model_type, {}).values())
    return reasons[found[0]] if found and all(name in reasons for name in found) else None


def refuse(model_type: str, title: str) -> None:
    """HeadlightError for a model of a type that cannot be shown."""
    if (why := reason(model_type)) is not None:
        raise HeadlightError(
            f"{title} cannot be shown: a model of the type “{model_type}” {why}.",
            "Choose a transformer, such as those of the BERT, GPT-2, Llama, T5 and ViT families.",
        )
