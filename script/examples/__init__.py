"""Headlight from Python, in three short scripts: run them, or read them."""
