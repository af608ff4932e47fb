"""Opening a model that hears."""

from __future__ import annotations

from dataclasses import replace

from transformers import AutoModelForSpeechSeq2Seq

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import SPEECH, read_config
from headlight.models.catalogue.loading import load_model, told
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.engines.paired.heard.hearing import Hearing
from headlight.models.engines.paired.heard.transcripts import TranscriptEngine
from headlight.models.engines.paired.heard.waves import WavesEngine


class SoundEngine:
    """The engine of a model of sounds."""

    @staticmethod
    def open(entry: Entry, device: str, task: Task = SILENT) -> TranscriptEngine | WavesEngine:
        """Load the model of a catalogue entry that has its folder. HeadlightError if it cannot be shown."""
        if read_config(entry.folder)["model_type"] not in SPEECH:
            return WavesEngine.open(entry, device, task)
        model, missing = load_model(entry.weights, device, Part(task, 0.2, 0.8), AutoModelForSpeechSeq2Seq)
        hearing, notices = Hearing.of(entry.folder, model.config, entry.title)
        entry = told(entry, model, model.base_model, missing)
        entry = replace(entry, notices=(*entry.notices, *notices))
        parts = (model.get_encoder(), model)
        return TranscriptEngine.of(model, parts, missing, hearing, entry, device, task)
