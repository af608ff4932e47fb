"""What a person can tell of the numbers in a file, in words: their unit, their axes, what a column is."""
