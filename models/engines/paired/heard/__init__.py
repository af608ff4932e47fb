"""Models that hear: a sound's frames are one stream, what is written of it another."""
