"""Trains the small Transformer that turns letters to phonemes, on the CMU pronouncing dictionary."""
