"""Put the trained small CLIP into assets, with its tokenizer and its card.

    python -m script.training.clip.publish --run FOLDER [--split test] [--out FOLDER]

Writes config.json, model.safetensors (half precision), the tokenizer, preprocessor_config.json, NOTICE.md and
objects.csv, of the run's cooled.pt. The test split is to be scored once, when all else is decided.
"""

# ruff: noqa: E501

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from pathlib import Path

import torch
from transformers import CLIPModel, CLIPTokenizer

from headlight.models.catalogue.bundled import ASSETS
from script.training.clip.compose import read
from script.training.clip.fit import BATCH, FROZEN
from script.training.clip.judge import PROMPT, WORDS, Verdict, judged
from script.training.clip.network import CONTEXT, PATCH, SIDE, make, save_around
from script.training.clip.objects import CLASSES, objects
from script.training.clip.words import FAMILIES, words

LARGEST = 15_000_000
"""Bytes of the weights."""
BARE = "{}"
CARD = """# Small CLIP

Says which of some texts fits a picture best (Radford et al. 2021). Trained by Headlight on rendered views of furniture and other things before made-up surroundings, and on words written on walls, notes and signs. **It knows little: some five hundred names of things and {words} words, no photographs.** No figure of it can be compared with CLIP's.

| what | |
| --- | --- |
| network | transformers' `CLIPModel`: a ViT of {layers} layers of {heads} heads, width {width}, patches of {patch} px; a text transformer of {text_layers} layers of {text_heads} heads, width {text_width}; {parameters:.2f} million parameters |
| input | pictures of {side} × {side} px; texts of up to {context} tokens with start and end, lower case, byte pairs: any word can be spelled |
| things | {real} models of Debian's package sweethome3d-furniture (CC-BY 3.0 and CC0; objects.csv lists all) and {made} made-up designs, each seen from 8 or 24 places in front of it |
| classes of the figures | {classes}; a stool or bench is no chair here, an armchair no sofa, a desk no table: they have their own names |
| split | by design, as for the networks of shapes: {train} models with a class for training, {validation} for validation, {test} for the test; things without a class are for training, but for a few |
| words | class names, nouns and short names of things, in capitals sometimes, some with "not a" above; all are in training, the fonts are not: {fonts} for training, {validation_fonts} for validation, {test_fonts} for the test |
| beginning | the picture tower begins as the first {layers} layers of the bundled DINOv2-small (MIT, architecture Apache-2.0), with half of the neurons of their MLPs (script/training/clip/begin.py); {frozen} of them and the patches stay so. The text tower begins at random |
| training | {steps:,} batches of {batch} pictures with a sentence each, seed 0: contrastive, with every sentence of a batch that is true of a picture as its match; chosen by validation objects and fonts alone |
| made by | `python -m script.training.clip.renders`, then `.begin`, `.fit`, `.fit --cool`, `.publish` |

{figures}

Nothing of the attack is staged: pictures of words come with sentences that name the word, a thing with a label comes with sentences that name the thing, the word or both, and no sentence says that a written word is what the picture shows, but for the bare word, which a tenth of the sentences are and which may mean either.

Licence of the weights: BSD-3-Clause. The models they were trained on are by Kator Legaz, Reallusion, Scopia and the contributors of Blend Swap (CC-BY 3.0), and by Emmanuel Puybaret and others (CC0); none of them is contained, and no font is. The picture tower is derived from DINOv2-small (assets/weights/dinov2-small/NOTICE.md).
"""
FIGURES = """| {split} objects and fonts{standing} | with "{prompt}" | with the bare word |
| --- | --- | --- |
| right of {count} classes, by view (mean over classes) | {a.things:.3f} ({a.mean:.3f}) | {b.things:.3f} ({b.mean:.3f}) |
| answer is a given other class, no label | {a.before:.3f} | {b.before:.3f} |
| the same with a label that names that class: the attack | {a.attacked:.3f} | {b.attacked:.3f} |
| still right with the label | {a.held:.3f} | {b.held:.3f} |
| attacked with a second note, "not a" of that class | {a.answered:.3f} | {b.answered:.3f} |
| right word of {words} written, by "a sign that says" it | {a.reading:.3f} | |

By class: {per_class}."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--run", type=Path, required=True, help="folder of the training")
    parser.add_argument("--split", choices=("validation", "test"), default="validation")
    parser.add_argument("--out", type=Path, default=ASSETS / "weights" / "small-clip")
    given = parser.parse_args()
    torch.set_num_threads(1)
    net, made, steps = package(given.run, given.out)
    pool = read(given.run, given.split)
    found = judged(net, made, pool, given.split, prompts=(PROMPT, BARE))
    (given.out / "NOTICE.md").write_text(card(net, steps, given.split, found), "utf-8")
    write_list(given.out / "objects.csv")
    for path in given.out.iterdir():
        path.chmod(0o644)
    print(given.out, *found, figures(given.split, found), sep="\n")


def package(run: Path, folder: Path) -> tuple[CLIPModel, CLIPTokenizer, int]:
    """Write all but the card; gives the model as it was written, with the numbers that 16 bits hold."""
    tokenizer = save_around(folder)
    kept = torch.load(run / "cooled.pt", weights_only=True)
    net = make(len(tokenizer)).eval()
    net.load_state_dict(kept["net"])
    net.half().save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config.pop("dtype", None)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", "utf-8")
    size = (folder / "model.safetensors").stat().st_size
    if size > LARGEST:
        raise SystemExit(f"The weights have {size / 1e6:.1f} MB, more than {LARGEST / 1e6:.0f}.")
    return net.float(), tokenizer, kept["step"]


def write_list(path: Path) -> None:
    """Every model that is seen, with its split and licence."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["class", "split", "object", "names", "licence"])
        rows.writerows(
            [one.klass, one.split, one.key, "; ".join(one.names), one.licence]
            for one in objects()
            if one.model is not None
        )


def figures(split: str, found: list[Verdict]) -> str:
    per_class = ", ".join(f"{k} {v:.2f}" for k, v in zip(CLASSES, found[0].per_class, strict=True))
    return FIGURES.format(
        split=split,
        standing="; the training is going on" if split == "validation" else "",
        prompt=PROMPT,
        count=len(CLASSES),
        a=found[0],
        b=found[1],
        words=WORDS,
        per_class=per_class,
    )


def card(net: CLIPModel, steps: int, split: str, found: list[Verdict]) -> str:
    vision, text = net.config.vision_config, net.config.text_config
    splits = Counter(one.split for one in objects() if one.model and one.klass)
    return CARD.format(
        frozen=FROZEN,
        words=len(words()),
        layers=vision.num_hidden_layers,
        heads=vision.num_attention_heads,
        width=vision.hidden_size,
        patch=PATCH,
        text_layers=text.num_hidden_layers,
        text_heads=text.num_attention_heads,
        text_width=text.hidden_size,
        parameters=sum(one.numel() for one in net.parameters()) / 1e6,
        side=SIDE,
        context=CONTEXT,
        real=sum(one.model is not None for one in objects()),
        made=sum(one.model is None for one in objects()),
        classes=", ".join(CLASSES),
        **splits,
        fonts=", ".join(FAMILIES["train"]),
        validation_fonts=" and ".join(FAMILIES["validation"]),
        test_fonts=" and ".join(FAMILIES["test"]),
        steps=steps,
        batch=BATCH,
        figures=figures(split, found),
    )


if __name__ == "__main__":
    main()
