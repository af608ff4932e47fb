import torch
from torch.nn import functional as F

from headlight.models.points.grids.voxel_net import Chosen3d, VoxelNet


def test_the_network_has_the_published_field_and_as_many_weights_as_it_should():
    net = VoxelNet(13)
    assert net.field == 19
    assert sum(p.numel() for p in net.parameters()) == 519_213
    assert sum(p.numel() for p in net.parameters() if p.ndim == 5) == 512_864


def test_a_convolution_of_chosen_cells_is_that_of_all():
    torch.manual_seed(0)
    layer, x = Chosen3d(3, 4, 5), torch.randn(2, 3, 4, 5, 7)
    cells = torch.randperm(2 * 4 * 5 * 7)[:60]
    dense = F.conv3d(x, layer.weight, padding=2).movedim(1, -1).reshape(-1, 4)
    assert torch.allclose(layer(x, cells), dense[cells], atol=1e-5)


def test_an_answer_depends_on_its_field_alone():
    torch.manual_seed(0)
    net = VoxelNet(4).eval()
    grid = (torch.rand(1, 3, 3, 40) > 0.5).float()
    grid[0, 1, 1, 20] = 1
    cell, changed = torch.tensor([(1 * 3 + 1) * 40 + 20]), grid.clone()
    changed[..., : 20 - 9] = changed[..., 20 + 10 :] = 1
    with torch.no_grad():
        assert torch.allclose(net(grid, cell), net(changed, cell), atol=1e-6)
        changed[0, 1, 1, 20 - 9] = 1 - grid[0, 1, 1, 20 - 9]
        assert not torch.allclose(net(grid, cell), net(changed, cell), atol=1e-6)
