"""An input through a model of its kind into a Trace; door.py opens them."""
