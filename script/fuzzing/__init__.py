"""Damaged files and model folders, made by number: only documents and messages may come of them."""
