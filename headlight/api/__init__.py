"""Headlight from Python: `record`, `show` and `open`, each imported when it is first asked for."""
