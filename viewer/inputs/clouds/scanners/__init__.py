"""Formats of scanners: of buildings and of cars."""
