"""Models that are shown by clicks what to cut out of a picture."""
