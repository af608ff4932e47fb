"""Attention of any module of one's own, as it is called from Python."""
