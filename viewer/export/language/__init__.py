"""Exports of what language alone has: words in other company, and what a model goes on with."""
