"""Models of two towers (CLIP, SigLIP and their kin): how well texts that a person typed fit a picture.

The tower that sees is recorded as any vision transformer's. CLIP's probabilities are the softmax over the
texts (Radford et al. 2021, section 3.1), SigLIP's the sigmoid of each text's own logit (Zhai et al. 2023,
section 3.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.same_answer import agree
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.loading import load_tokenizer
from headlight.models.core.answers import EVERY, Target, TextClasses
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Offer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace
from headlight.models.engines.heads import Said, foreign, given, recorded
from headlight.models.engines.pictures.class_texts import HOLE, PLAIN, ClassTexts, TextTower
from headlight.models.engines.pictures.pixels import USUAL, Fit, Seen, fit
from headlight.models.engines.pictures.seeing import image_size
from headlight.models.engines.pictures.vision import VisionEngine
from headlight.models.engines.pictures.words import Words
from headlight.models.engines.run import Made

NAFLEX = 256
"""Pixels of the short side, of a tower that is given patches, not pixels."""


@dataclass(frozen=True, eq=False)
class SeenBeside(Seen):
    """A picture, with the class texts that it is compared with."""

    classes: ClassTexts


def sentence_within(error: HeadlightError) -> str:
    """What is wrong, for the end of a sentence."""
    return error.cause[:1].lower() + error.cause[1:].rstrip(".")


def probabilities(logits: Tensor, exclusive: bool) -> Tensor:
    """[classes] → [classes]"""
    return logits.softmax(0) if exclusive else logits.sigmoid()


class TowersEngine(VisionEngine):
    """A tower that sees and one that reads. Read from a folder by `TowersEngine.open`."""

    takes = ("texts", "prompts")
    """What `run` takes beside a picture."""
    tower: TextTower | None = None
    """The one that reads; None where it lacks weights or a tokenizer."""

    def __init__(self, model: PreTrainedModel, entry: Entry, device: str, untrained: bool = False) -> None:
        super().__init__(model, entry, device, untrained)
        self.whole = model
        self._seeing_at = next(name for name, part in model.named_modules() if part is self.model).split(".")
        made_for = image_size(self.model.config)
        self.usual_size = min(made_for) if made_for else NAFLEX if self.laying.names else USUAL

    def _completed(self, model: PreTrainedModel, body: Any, missing: frozenset[str]) -> tuple[str, ...]:
        """Without a tower that reads the picture's attention is still there."""
        sees = ".".join(self._seeing_at) + "."
        lacking = sorted(name for name in missing if not name.startswith(sees) and "position_ids" not in name)
        if lacking:
            more = f" and {len(lacking) - 1:,} more" * (len(lacking) > 1)
            return (self._unread(f"the weights {lacking[0]}{more} are missing"),)
        try:
            self.tower = TextTower(model, load_tokenizer(self.entry.folder), self.entry.title)
        except HeadlightError as error:
            return (self._unread(sentence_within(error)),)
        return ()

    def _unread(self, why: str) -> str:
        return f"{self.entry.title} compares no texts with pictures: {why}."

    def _make_sure(self, task: Task) -> None:
        super()._make_sure(task)
        if self.tower is None:
            return
        try:
            why = self._objection(self.tower, task)
        except HeadlightError as error:
            why = sentence_within(error)
        if why:
            self.tower = None
            self._said += (self._unread(why),)

    def _objection(self, tower: TextTower, task: Task) -> str:
        """Why its texts must not be shown, or nothing: towers apart and recorded have to say what the whole
        model does."""
        inputs, seen = tower.inputs([tower.encoded("a")]), self._of(self._small_noise())
        read = partial(tower.forward, inputs)
        tower.asked, notice = way_to_record(tower.model, self.entry.title, read, task)
        self._said += (notice,) if notice else ()
        with torch.no_grad():
            wanted = self.whole(**self.laying.fed(seen), **inputs).logits_per_image
            output = recorded(self.model, partial(self._forward, seen), self._asked)
            classes = tower.vectors(tower.forward(inputs), inputs)
            found = self._logits(output, classes)[None]
        return (
            "" if agree({"logits": found}, {"logits": wanted}) else "towers apart say another thing than both"
        )

    @property
    def _besides(self) -> frozenset[Offer]:
        return super()._besides | ({"texts"} if self.tower is not None else set())

    def run(
        self,
        pixels: np.ndarray,
        size: int | None = None,
        task: Task = SILENT,
        texts: tuple[str, ...] = (),
        prompts: tuple[str, ...] = (),
    ) -> Trace:
        """As `VisionEngine.run`. texts: what it is compared with, each in every prompt, “{}” in it.

        The trace has TextClasses then. Raises HeadlightError for texts and prompts that cannot be read.
        """
        seen = self._seen(pixels, size, task)
        if not texts:
            return self._traced(seen, task)
        if self.tower is None:
            raise HeadlightError(
                f"{self.entry.title} reads no class texts.", "Choose a model of two towers that does."
            )
        classes = self.tower.read(texts, prompts or PLAIN, task)
        return self._traced(SeenBeside(seen.values, seen.fitted, classes), task)

    def _fitted(self, height: int, width: int, size: int) -> Fit:
        """Its own size may be a small one."""
        return fit(height, width, size, self.sides[0], least=min(self.usual_size, 224))

    # -- pictures beside texts -------------------------------------------------------------------------------

    @property
    def scale(self) -> float:
        return float(self.whole.logit_scale.exp())

    @property
    def bias(self) -> float:
        """What SigLIP adds to each logit."""
        return float(self.whole.logit_bias) if self._is_sigmoid else 0.0

    @property
    def _is_sigmoid(self) -> bool:
        return hasattr(self.whole, "logit_bias")

    def vector(self, output: Any) -> Tensor:
        """[d] of length 1: the picture's, of what its tower gave."""
        over = given(self.whole, self._seeing_at, type(output)(**output))  # which the whole model writes into
        found = over.get_image_features(pixel_values=output.last_hidden_state).pooler_output
        return torch.nn.functional.normalize(found[0].float(), dim=-1)

    def _logits(self, output: Any, classes: Tensor) -> Tensor:
        """[classes] of their vectors [classes, d]."""
        return self.scale * (classes @ self.vector(output)) + self.bias

    def _answered(self, output: Any, inputs: dict[str, Any], given: Seen) -> Said:
        if not isinstance(given, SeenBeside):
            return (), ()
        with torch.no_grad():
            cosines = given.classes.means @ self.vector(output)
            shares = probabilities(self.scale * cosines + self.bias, not self._is_sigmoid)
        answer = TextClasses(
            given.classes.texts,
            shares.cpu().numpy(),
            not self._is_sigmoid,
            cosines=cosines.cpu().numpy(),
            scale=self.scale,
            bias=self.bias,
            prompts=given.classes.prompts,
        )
        return (answer,), ()

    def _asking(self, target: Target, run: Made) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, Tensor]]:
        """A class text, by its number; the logit is that of the whole model."""
        seen = run.given
        if not isinstance(seen, SeenBeside) or target.place is not None or target.index < EVERY:
            return super()._asking(target, run)
        if target.index >= len(seen.classes.texts):
            raise foreign(target)
        means = seen.classes.means

        def said(output: Any, _: Any) -> tuple[Tensor, Tensor]:
            logits = self._logits(output, means)
            if target.index == EVERY:
                return logits.sum(), torch.ones(())
            return logits[target.index], probabilities(logits, not self._is_sigmoid)[target.index]

        return said

    def words(self, run: Made, target: Target, prompt: int, task: Task = SILENT) -> Trace:
        """As `Run.words`."""
        seen = run.given
        if not isinstance(seen, SeenBeside) or not 0 <= target.index < len(seen.classes.texts):
            raise foreign(target)
        if not 0 <= prompt < len(seen.classes.prompts):
            raise HeadlightError(f"There is no prompt {prompt}.", "Choose one of those that there are.")
        task.progress(0.0, "Looking at the picture again")
        output = self.watched(run, nullcontext(), task)[0]
        with torch.no_grad():
            picture = self.vector(output)
        others = np.delete(np.arange(len(seen.classes.prompts)), prompt)
        vectors = seen.classes.vectors[target.index][torch.from_numpy(others)]
        text = seen.classes.prompts[prompt].replace(HOLE, seen.classes.texts[target.index])
        return Words(self.tower, self.entry, self.card, self.device).read(text, vectors, picture, task)
