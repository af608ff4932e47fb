"""What both networks are trained on: weighted cross-entropy and the Lovász extension of the Jaccard loss."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def segmentation_loss(logits: Tensor, labels: Tensor, weights: Tensor, lovasz: float = 1.0) -> Tensor:
    """Scalar. logits [n, classes], labels int64 [n], weights [classes] of the cross-entropy."""
    logits = logits.float()
    loss = F.cross_entropy(logits, labels, weights, label_smoothing=0.05)
    return loss + lovasz * lovasz_softmax(logits.softmax(1), labels) if lovasz else loss


def lovasz_softmax(probabilities: Tensor, labels: Tensor) -> Tensor:
    """Scalar: the mean over the classes present of the Lovász extension of 1 − IoU.

    probabilities [n, classes], labels int64 [n]. Berman, Triki and Blaschko 2018, equation 8 and algorithm 1.
    """
    present = labels.unique()
    truth = (labels[:, None] == present[None]).float()  # [n, present]
    errors = (truth - probabilities[:, present]).abs()
    errors, order = errors.sort(0, descending=True)
    return (errors * _jaccard_gradient(truth.gather(0, order))).sum(0).mean()


def _jaccard_gradient(truth: Tensor) -> Tensor:
    """What each further error adds to the Jaccard loss; truth 0/1 [n, classes], sorted by error."""
    total = truth.sum(0)
    missed = truth.cumsum(0)
    loss = 1 - (total - missed) / (total + (1 - truth).cumsum(0))
    return torch.cat([loss[:1], loss[1:] - loss[:-1]])


def class_weights(shares: Tensor) -> Tensor:
    """float [classes] with mean 1: one over the square root of each class's share of all points.

    No class counts more than ten times another.
    """
    weights = shares.clamp(min=1e-5).rsqrt()
    weights = weights.clamp(max=10 * weights.min())
    return weights / weights.mean()
