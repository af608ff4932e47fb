"""Exports of texts and pictures: attention of a layer or of all, rollout, saliency; experiments on them."""
