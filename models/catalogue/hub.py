"""Folders of models from the Hugging Face hub: downloaded before, or now. No pickles, no code."""

from __future__ import annotations

from pathlib import Path

from headlight.models.core.errors import HeadlightError, first_line

FILES = (
    "config.json",
    "model*.safetensors",
    "model.safetensors.index.json",
    "preprocessor_config.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "*.model",
    "special_tokens_map.json",
    "added_tokens.json",
    "1_Pooling/config.json",
)
"""What is downloaded of a hub model: no pickles, no code."""


def cached(name: str) -> Path | None:
    """The folder of a hub model that was downloaded before, None if it was not."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        file = try_to_load_from_cache(name, "config.json")
    except HFValidationError as error:
        raise HeadlightError(
            f"“{name}” is no name that the hub allows.", "Write it as owner/name, as the hub shows it."
        ) from error
    return Path(file).parent if isinstance(file, str) else None


def fetched(name: str) -> Path:
    """The folder of a hub model, downloaded as far as it is missing."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(FILES)))
    except GatedRepoError as error:
        raise HeadlightError(
            f"{name} is gated on the hub.", "Accept its licence there and sign in with `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise HeadlightError(
            f"There is no model {name} on the hub, or it is private.", "Check the spelling."
        ) from error
    except OSError as error:
        raise HeadlightError(
            f"{name} is not on this computer, and the hub cannot be reached.",
            "Go online, or open a folder that holds the model.",
        ) from error
    except Exception as error:  # of the library below, which is another one from version to version
        if not type(error).__module__.startswith("httpx"):
            raise
        raise HeadlightError(
            f"{name} is not on this computer, and the hub cannot be reached: {first_line(error)}.",
            "Go online, or open a folder that holds the model.",
        ) from error
