"""What Headlight computes. No Qt here; torch is imported by the modules that need it, in the worker."""
