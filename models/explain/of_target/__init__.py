"""What of the input one thing that a model says rests on: a method a module."""
