"""What the numbers in a file mean, guessed or told: where their bulk lies, unit, axes, columns."""
