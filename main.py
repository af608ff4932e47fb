"""Headlight's command line, from a checkout."""

import sys

from headlight.viewer.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
