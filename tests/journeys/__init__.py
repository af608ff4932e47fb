"""What a person does over several documents, with mouse and keyboard, in a real window of its own process.

`play.py` is that process: it starts the program, lets a `Person` carry out one journey of `trips.py` (or the
robot's random gestures), asks `invariants.py` after each step, and writes what was wrong.
"""
