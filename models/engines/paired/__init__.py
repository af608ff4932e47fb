"""Models that are given a picture and a text at once: in one sequence, or one read and the other written."""
