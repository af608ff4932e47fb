"""Paths, bytes and the clipboard → inputs, within limits. No Qt, no torch."""
