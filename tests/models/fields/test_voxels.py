"""Fields over voxels against gradients of real 3D convolutions, dense and with empty places masked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import avg_pool3d, conv3d

from headlight.models.core.errors import HeadlightError
from headlight.models.core.stack import ConvLayer, ConvStack
from headlight.models.core.task import Cancelled, Task
from headlight.models.fields.voxels import VOXELS, voxel_field, voxels, window

SIDE = 33
EDGE = (0.05, 0.05, 0.1)
STACKS = {
    "plain": (ConvLayer(padding=1),) * 3,
    "dilated": (ConvLayer(padding=1), ConvLayer(padding=2, dilation=2), ConvLayer(padding=3, dilation=3)),
    "strided": (ConvLayer(padding=1), ConvLayer(stride=2, padding=1), ConvLayer(padding=1)),
    "pooled": (ConvLayer(5, padding=2), ConvLayer(2, 2, kind="average pooling"), ConvLayer(padding=1)),
    "unpadded": (ConvLayer(), ConvLayer(4, 3), ConvLayer(2)),
}


def occupied(seed: int = 0, share: float = 0.3) -> np.ndarray:
    """bool (SIDE,)³; the corners hold something, so that the grid is as large as the array."""
    made = np.random.default_rng(seed).random((SIDE,) * 3) < share
    made[0, 0, 0] = made[-1, -1, -1] = made[16, 16, 16] = True
    return made


def points_in(cells: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """float32 (m, 3): one or two points anywhere in each voxel; the first at the very corner."""
    cells = np.concatenate([cells, cells[::2]])
    where = cells + random.random(cells.shape) * 0.98 + 0.01
    where[0] = 0
    return (where * EDGE + (3, -2, 1)).astype(np.float32)


def gradient(layers, grid: np.ndarray, unit: tuple[int, ...], sparse: bool) -> np.ndarray:
    """float64 (SIDE,)³: |∂ y[unit] / ∂ x| of uniform kernels; sparse: units of empty places are zero."""
    mask = torch.from_numpy(grid.astype(np.float64))[None, None]
    x = mask.clone().requires_grad_()
    y = x
    for layer in layers:
        kernel = torch.full((1, 1, *(layer.kernel,) * 3), 1 / layer.kernel**3, dtype=torch.float64)
        how = {"stride": layer.stride, "padding": layer.padding, "dilation": layer.dilation}
        if layer.kind == "average pooling":
            y = avg_pool3d(y, layer.kernel, layer.stride, layer.padding)
        else:
            y = conv3d(y, kernel, **how)
        if sparse:
            if layer.stride > 1 or layer.kernel % 2 == 0:
                mask = (conv3d(mask, kernel, **how) > 1e-12).double()
            y = y * mask
    y[(0, 0, *unit)].backward()
    return x.grad[0, 0].numpy()


# A submanifold convolution keeps all places: it has no unpadded kind.
@pytest.mark.parametrize(
    ("name", "sparse"), [(n, s) for n in STACKS for s in (False, True) if not (s and n == "unpadded")]
)
def test_weights_are_those_of_a_real_convolution(name, sparse):
    grid = occupied()
    cells = np.argwhere(grid)
    points = points_in(cells, np.random.default_rng(1))
    layers = STACKS[name]
    found = voxel_field(voxels(points, EDGE), ConvStack(layers), np.flatnonzero((cells == 16).all(1)), sparse)
    seen = window(layers)
    unit = round((16 - seen.start - (len(seen.weights) - 1) / 2) / seen.stride + 1e-9)
    expected = gradient(layers, grid, (unit,) * 3, sparse)
    values = np.zeros((SIDE,) * 3)
    values[tuple(cells.T)] = found.values[: len(cells)]
    np.testing.assert_allclose(values, np.where(grid, expected, 0), atol=1e-12)
    assert found.share == pytest.approx(expected[grid].sum())
    assert found.reaching == (expected[grid] > 1e-15).sum()
    # The second points of a voxel have its weight too, and the box is the field that the recurrence gives.
    np.testing.assert_array_equal(found.values[len(cells) :], found.values[: len(cells) : 2])
    low = seen.start + unit * seen.stride
    box = np.array([[low] * 3, [low + len(seen.weights)] * 3]) * EDGE + points.min(0)
    np.testing.assert_allclose(found.box, box, atol=1e-6)
    inside = ((cells >= low) & (cells < low + len(seen.weights))).all(1)
    np.testing.assert_array_equal(found.inside[: len(cells)], inside)
    assert not found.values[~found.inside].any()


def test_several_points_have_the_mean_of_their_units():
    points = points_in(np.argwhere(occupied(2, 0.05)), np.random.default_rng(3))
    cloud, stack = voxels(points, EDGE), ConvStack(STACKS["strided"])
    for sparse in (False, True):
        singly = [voxel_field(cloud, stack, one, sparse) for one in (40, 41, 500)]
        together = voxel_field(cloud, stack, np.array([40, 41, 500]), sparse)
        np.testing.assert_allclose(together.values, np.mean([f.values for f in singly], axis=0), atol=1e-15)
        np.testing.assert_array_equal(together.inside, np.any([f.inside for f in singly], axis=0))
        assert together.box is None
        assert together.units == 3


def test_a_sparse_unit_sees_nothing_over_a_gap_that_a_dense_one_bridges():
    line = np.array([[x, 0, 0] for x in (0, 1, 2, 4, 5)]) * 0.1 + 0.05
    cloud, stack = voxels(line, (0.1, 0.1, 0.1)), ConvStack((ConvLayer(padding=1),) * 4)
    dense, sparse = (voxel_field(cloud, stack, 1, kind) for kind in (False, True))
    assert dense.size == sparse.size == (9, 9, 9)
    assert dense.inside.all()
    assert (dense.values > 0).all()
    assert (sparse.values > 0).tolist() == [True, True, True, False, False]
    assert (sparse.occupied, sparse.reaching) == (5, 3)


def test_a_pillar_takes_the_whole_height():
    points = np.array([[0, 0, 0], [0.1, 0.1, 30], [0.5, 0, 7]], np.float32)
    for sparse in (False, True):
        found = voxel_field(
            voxels(points, VOXELS["PointPillars"]), ConvStack((ConvLayer(padding=1),)), 0, sparse
        )
        assert found.size == (3, 3, 1)
        assert found.inside.tolist() == [True, True, False]
        assert found.values.tolist() == pytest.approx([1 / 9, 1 / 9, 0])
        assert np.isinf(found.box[:, 2]).all()


def test_one_uniform_layer_after_another_has_the_variance_of_its_closed_form():
    weights = window((ConvLayer(5),) * 6).weights
    x = np.arange(len(weights))
    mean = (x * weights).sum()
    assert ((x - mean) ** 2 * weights).sum() == pytest.approx(6 * (5**2 - 1) / 12)


def test_branches_add_up_to_their_mean():
    points = points_in(np.argwhere(occupied(4, 0.1)), np.random.default_rng(5))
    cloud, layers = voxels(points, EDGE), tuple(ConvLayer(3, 1, d, d) for d in (1, 3, 2))
    for sparse in (False, True):
        singly = [voxel_field(cloud, ConvStack((layer,)), 700, sparse) for layer in layers]
        together = voxel_field(cloud, ConvStack(layers, parallel=True), 700, sparse)
        np.testing.assert_allclose(together.values, np.mean([f.values for f in singly], axis=0), atol=1e-15)
        assert together.size == (7, 7, 7)
        np.testing.assert_array_equal(together.box, singly[1].box)
        assert together.share == pytest.approx(np.mean([f.share for f in singly]))


def test_voxels_that_cannot_be_are_named():
    with pytest.raises(HeadlightError, match="longer than 0 m"):
        voxels(np.zeros((2, 3)), (0.1, 0.0, 0.1))
    with pytest.raises(HeadlightError, match="Layer 1 has a stride of 0"):
        voxel_field(voxels(np.zeros((2, 3)), EDGE), ConvStack((ConvLayer(stride=0),)), 0)
    with pytest.raises(HeadlightError, match="larger voxels"):
        voxels(np.array([[0, 0, 0], [1e6, 0, 0]]), (0.05, 0.05, 0.05))


def test_a_long_search_is_given_up_when_nobody_waits():
    class Unwanted(Task):
        def check(self) -> None:
            raise Cancelled

    cloud = voxels(np.random.default_rng(0).random((50, 3)), (0.1, 0.1, 0.1))
    with pytest.raises(Cancelled):
        voxel_field(cloud, ConvStack(), np.arange(50), task=Unwanted())
