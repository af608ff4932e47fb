"""A sound: what the chosen token looks at lies on its spectrogram, over time, and behind the words."""

from __future__ import annotations

from headlight.viewer.panes.attention.mixed import MixedPane


class HeardPane(MixedPane):
    pass
