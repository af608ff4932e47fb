"""Exports of what language alone has: words in other company."""
