"""Bytes of pictures → upright sRGB pixels."""
