"""Headlight's command line."""

from __future__ import annotations

import sys
import warnings


def main() -> int:
    """The exit status: 0, 2 for what the user can put right, 1 for a defect, 130 after Ctrl+C."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # stderr is for what the user can act on; python -W brings them back
    from viewer.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
