"""Boxes found in clouds: networks, targets, decoding, and how well what they find agrees with the truth."""
