"""Checkpoints of three public layouts, Headlight's own folders, and files that are none."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from headlight.models.catalogue import tensors
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.errors import HeadlightError
from headlight.models.points.checkpoints import class_names, load_network, read_checkpoint, save_network
from headlight.models.points.config import PointConfig
from headlight.models.points.neighbours import geometry
from headlight.models.points.point_transformer import PointTransformer
from headlight.models.points.pointnet import PointNet
from tests.models.clouds import cloud, features, randomised


def of_postech(name: str) -> str:
    return f"module.{name}"


def of_pointcept(name: str) -> str:
    return "module.backbone." + name.replace(".transformer2.", ".transformer.")


def of_open3d(name: str) -> str:
    for s in range(1, 6):
        name = name.replace(f"enc{s}.", f"encoders.{s - 1}.").replace(f"dec{s}.", f"decoders.{5 - s}.")
    return name


LAYOUTS = {
    "postech": (of_postech, "state_dict", "minimum", "inverse", "chair"),
    "pointcept": (of_pointcept, "state_dict", "floor", "inverse", "table"),
    "open3d": (of_open3d, "model_state_dict", "box", "inverse-square", "table"),
}


@pytest.fixture(scope="module")
def net() -> PointTransformer:
    """The full one, since its 932 names are what is read."""
    torch.manual_seed(0)
    return randomised(PointTransformer())


@pytest.mark.parametrize("source", LAYOUTS)
def test_each_layout_is_the_network_it_was(net: PointTransformer, source: str, tmp_path: Path) -> None:
    rename, container, centre, interpolation, eighth = LAYOUTS[source]
    state = {rename(name): tensor for name, tensor in net.state_dict().items()}
    assert len(state) == 932
    file = tmp_path / "best.pth"
    torch.save({"epoch": 99, container: state, "optimizer": {"state": {}}, "best": 0.7}, file)
    found = read_checkpoint(file, trust_pickle=True)
    assert (found.source, found.config.centre, found.config.interpolation) == (source, centre, interpolation)
    assert found.config.planes == (32, 64, 128, 256, 512)
    assert found.config.blocks == (2, 3, 4, 6, 3)
    assert found.config.inputs == ("x", "y", "z", "r", "g", "b")
    assert found.config.classes[7] == eighth
    assert sorted(found.config.classes) == sorted(S3DIS_CLASSES)
    x, shape = features(200), geometry(cloud(200))
    torch.testing.assert_close(found.network()(x, shape), net(x, shape), atol=0, rtol=0)


def test_safetensors_need_no_trust_and_sizes_come_from_shapes(tmp_path: Path) -> None:
    torch.manual_seed(0)
    small = PointTransformer(3, 5, planes=(8, 8, 16, 16, 24), blocks=(2, 1, 2, 3, 2)).eval()
    file = tmp_path / "small.safetensors"
    save_file({of_open3d(name): tensor.contiguous() for name, tensor in small.state_dict().items()}, file)
    found = read_checkpoint(file)
    assert found.config.planes == (8, 8, 16, 16, 24)
    assert found.config.blocks == (2, 1, 2, 3, 2)
    assert found.config.classes == class_names(5, "open3d") == tuple(f"class {i}" for i in range(5))
    x, shape = features(60, 3), geometry(cloud(60))
    torch.testing.assert_close(found.network()(x, shape), small(x, shape))


def small_state() -> dict[str, Tensor]:
    return PointTransformer(6, 13, planes=(8,) * 5, blocks=(2,) * 5).state_dict()


def without(state: dict[str, Tensor], name: str) -> dict[str, Tensor]:
    return {key: tensor for key, tensor in state.items() if key != name}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: without(s, "enc3.0.linear.weight"), "enc3.0.linear.weight is missing"),
        (
            lambda s: without(s, "dec2.1.transformer2.linear_p.1.running_var"),
            r"dec2.1.transformer2.linear_p.1.running_var is missing \(1 of",
        ),
        (lambda s: {**s, "enc1.1.transformer2.linear_qk.weight": torch.zeros(1)}, "linear_qk.weight"),
        (lambda s: {**s, "dec1.1.bn2.bias": torch.zeros(9)}, r"dec1.1.bn2.bias is \(9,\) instead of \(8,\)"),
        (lambda s: {**s, "enc1.0.linear.weight": torch.zeros(8, 9)}, "takes 9 numbers"),
        (lambda s: {**s, "enc1.0.linear.weight": torch.zeros(9, 6)}, "No Point Transformer has stages"),
        (lambda s: {**s, "cls.3.weight": torch.zeros(13)}, r"cls.3.weight has the shape \(13,\)"),
        (lambda s: {**s, "cls.1.bias": torch.full((8,), torch.nan)}, "cls.1.bias is not finite"),
        (lambda s: {"fc.weight": torch.zeros(3, 3)}, "enc1.0.linear.weight is missing"),
        (lambda s: {}, "no tensors"),
    ],
)
def test_what_does_not_fit_is_named(change: Callable, message: str, tmp_path: Path) -> None:
    file = tmp_path / "odd.safetensors"
    save_file({name: t.contiguous() for name, t in change(small_state()).items()}, file)
    with pytest.raises(HeadlightError, match=message):
        read_checkpoint(file)


class Evil:
    def __reduce__(self) -> tuple:
        return (print, ("this ran",))


def test_a_pickle_is_read_only_if_trusted_and_runs_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.pth"
    torch.save({"state_dict": small_state()}, file)
    with pytest.raises(HeadlightError, match="can be made to run code"):
        read_checkpoint(file)
    assert read_checkpoint(file, trust_pickle=True).config.planes == (8,) * 5
    torch.save({"state_dict": small_state(), "more": Evil()}, file)
    with pytest.raises(HeadlightError, match="more than tensors"):
        read_checkpoint(file, trust_pickle=True)
    assert "this ran" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip", b"\x80\x02}q\x00.", b"garbage" * 99])
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_damaged_files_are_refused(content: bytes, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"model.{suffix}"
    file.write_bytes(content)
    with pytest.raises(HeadlightError):
        read_checkpoint(file, trust_pickle=True)


def test_files_are_measured_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tensors, "MAX_BYTES", 10**6)
    file = tmp_path / "bomb.pth"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("archive/data/0", bytes(2 * 10**6))
    assert file.stat().st_size < 10**5
    with pytest.raises(HeadlightError, match="unpacks to more"):
        read_checkpoint(file, trust_pickle=True)
    torch.save({"state_dict": {"enc1.0.linear.weight": torch.zeros(1).expand(10**9, 10**3)}}, file)
    with pytest.raises(HeadlightError, match="need more than"):
        read_checkpoint(file, trust_pickle=True)
    file.write_bytes(bytes(10**6 + 1))
    with pytest.raises(HeadlightError, match="the limit is"):
        read_checkpoint(file, trust_pickle=True)
    monkeypatch.setattr(tensors, "MAX_TENSORS", 3)
    many = tmp_path / "many.safetensors"
    save_file({str(number): torch.zeros(1) for number in range(4)}, many)
    with pytest.raises(HeadlightError, match="more than 3 tensors"):
        read_checkpoint(many)
    with pytest.raises(HeadlightError, match="cannot be read"):
        read_checkpoint(tmp_path / "none.safetensors")


OWN = ("height", "r", "g", "b", "coloured")


def test_our_own_folders_come_back_in_half_precision(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = PointConfig("point_transformer", S3DIS_CLASSES, OWN, (8, 8, 16, 16, 16), (2,) * 5)
    net = randomised(config.network())
    net.cls[1].running_var[0] = 1e6  # beyond half precision, as a trained network's can be
    save_network(tmp_path / "a", net, config, licence="MIT")
    again, found, missing = load_network(tmp_path / "a")
    assert (found, missing) == (config, ())
    assert json.loads((tmp_path / "a/config.json").read_text())["licence"] == "MIT"
    kept = load_file(tmp_path / "a/model.safetensors")
    assert all(kept[name].dtype == torch.float16 for name, _ in net.named_parameters())
    assert again.cls[1].running_var[0] == 1e6
    assert not again.training
    x, shape = features(300, 5), geometry(cloud(300))
    torch.testing.assert_close(again(x, shape), net(x, shape), atol=5e-3, rtol=5e-3)
    assert all(t.dtype == torch.float32 for t in again.state_dict().values() if t.is_floating_point())


def test_a_pointnet_s_folder_keeps_its_widths(tmp_path: Path) -> None:
    torch.manual_seed(0)
    widths = {"point": (16, 16), "feature": (16, 64), "transform": (16, 32, 16), "head": (32,)}
    config = PointConfig("pointnet", ("floor", "rest"), OWN, widths=widths)
    net = randomised(config.network())
    save_network(tmp_path, net, config)
    again, found, _ = load_network(tmp_path)
    assert isinstance(again, PointNet)
    assert found == config
    x, positions = features(100, 5)[None], torch.from_numpy(cloud(100))[None]
    torch.testing.assert_close(again(x, positions), net(x, positions), atol=5e-3, rtol=5e-3)
    config = json.loads((tmp_path / "config.json").read_text())
    config["widths"]["head"] = [31]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(HeadlightError, match=r"head.0.weight is \(32, 80\) instead of \(31, 80\)"):
        load_network(tmp_path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("model_type", "bert"),
        ("planes", [8, 8, 8, 8]),
        ("planes", [8, 8, 8, 8, 10**9]),
        ("planes", [8, 8, 8, 8, 12]),
        ("blocks", [2, 2, 2, 2, "2"]),
        ("classes", []),
        ("inputs", "xyz"),
        ("grid", 0),
        ("colour", "none"),
        ("interpolation", ["inverse"]),
    ],
)
def test_a_config_that_makes_no_network_is_named(name: str, value: object, tmp_path: Path) -> None:
    config = PointConfig("point_transformer", S3DIS_CLASSES, OWN, (8,) * 5, (2,) * 5)
    save_network(tmp_path, config.network(), config)
    content = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**content, name: value}))
    with pytest.raises(HeadlightError, match=f"no usable “{name}”"):
        load_network(tmp_path)
