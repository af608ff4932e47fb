import numpy as np
import torch

from headlight.models.points.grids.range_net import RangeNet, seen
from headlight.models.points.representations.range_image import SENSORS, range_image


def test_the_network_has_as_many_weights_as_it_should():
    assert sum(p.numel() for p in RangeNet(classes=6).parameters()) == 401_334
    assert sum(p.numel() for p in RangeNet().parameters()) == 401_301


def test_columns_go_round():
    torch.manual_seed(0)
    net, image = RangeNet().eval(), torch.randn(1, 5, 6, 32)
    with torch.no_grad():
        turned = net(image.roll(12, 3))
        assert torch.allclose(turned, net(image).roll(12, 3), atol=1e-5)
    assert turned.shape == (1, 5, 6, 32)


def test_a_turned_cloud_is_the_same_image_rolled_but_for_the_azimuth():
    rng = np.random.default_rng(0)
    sensor = SENSORS["vlp-16"]
    azimuth = (rng.integers(0, sensor.columns, 200) + 0.5) / sensor.columns * 2 * np.pi
    far, height = rng.uniform(3, 60, 200), rng.uniform(-0.5, 0.5, 200)

    def image(by):
        x, y = far * np.cos(azimuth + by), far * np.sin(azimuth + by)
        return seen(range_image(np.stack([x, y, height], 1), sensor, np.full(200, 0.5)).arrays["image"])

    by = 300
    one, other = image(0.0), image(-by / sensor.columns * 2 * np.pi)
    kept = [0, 1, 3, 4]
    np.testing.assert_allclose(other[kept], np.roll(one, by, 2)[kept], atol=1e-5)
    assert not one[:, one[-1] == 0].any()
