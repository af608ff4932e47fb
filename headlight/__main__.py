"""`python -m headlight`."""

import sys

from headlight.viewer.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
