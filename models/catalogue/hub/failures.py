"""What the hub's library raises, in the user's words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from headlight.models.core.errors import HeadlightError, first_line


class Unreachable(HeadlightError):
    """The hub cannot be asked: there is no network, or it must not be used."""


@contextmanager
def told(name: str) -> Iterator[None]:
    """Whatever is raised while the hub is asked for a model comes out as a HeadlightError, Unreachable where
    there is no way to it."""
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
    )

    try:
        yield
    except HFValidationError as error:
        raise HeadlightError(
            f"“{name}” is no name that the hub allows.", "Write it as owner/name, as the hub shows it."
        ) from error
    except GatedRepoError as error:
        raise HeadlightError(
            f"{name} is gated on the hub.", "Accept its licence there and sign in with `hf auth login`."
        ) from error
    except RepositoryNotFoundError as error:
        raise HeadlightError(
            f"There is no model {name} on the hub, or it is private.", "Check the spelling."
        ) from error
    except (OfflineModeIsEnabled, LocalEntryNotFoundError) as error:
        raise _unreachable(name) from error
    except EntryNotFoundError as error:
        raise HeadlightError(f"{name} lacks a file on the hub.", "Try it again later.") from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        raise HeadlightError(f"The hub answers {status} for {name}.", "Try it again later.") from error
    except HeadlightError:
        raise
    except OSError as error:
        if error.errno is not None and error.filename is not None:  # of this disk
            raise HeadlightError(
                f"{name} cannot be written: {error.strerror}.", "Make room on the disk of the hub’s cache."
            ) from error
        raise _unreachable(name) from error
    except Exception as error:  # of the library below, which is another one from version to version
        if not type(error).__module__.startswith("httpx"):
            raise
        raise _unreachable(name, f": {first_line(error)}") from error


def _unreachable(name: str, why: str = "") -> Unreachable:
    return Unreachable(
        f"{name} is not on this computer, and the hub cannot be reached{why}.",
        "Go online, or open a folder that holds the model.",
    )
