"""What the numbers in a file mean, guessed or told in words: where their bulk lies, unit, axes, columns."""
