"""What of the input an answer rests on: a method a module."""
