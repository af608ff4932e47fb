"""Texts as models read and write them: tokens with their characters, what is expected, what is written."""
