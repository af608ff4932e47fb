"""What Headlight computes. No Qt here; torch is imported by the modules that need it, in the worker."""

import os

# torch's profiler, which measures what a layer allocates, would report every start and stop on stderr. This
# is read once, when torch is imported.
os.environ.setdefault("KINETO_LOG_LEVEL", "6")
