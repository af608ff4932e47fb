"""Files of sounds, and the spectrogram that is drawn of one."""
