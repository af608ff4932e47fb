"""Networks of timm: named, built, loaded with their heads, recorded exactly; of a stand-in for timm."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from headlight.models.attention.capture import recording
from headlight.models.attention.windows.blocks import WindowBlocks
from headlight.models.catalogue.entries import download, find
from headlight.models.catalogue.loading import load_entry
from headlight.models.catalogue.networks import in_windows, libraries, wrapped
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import is_faithful
from headlight.viewer.host.engines import open_engine
from tests.models import timm_like, torchvision_like

ARCHITECTURE = "vit_like_patch8_32"


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder as timm writes it, and the network in it."""
    timm_like.installed(monkeypatch)
    torch.manual_seed(0)
    network = timm_like.create_model(ARCHITECTURE, num_classes=3).eval()
    for block in network.blocks:
        block.attn.fused_attn = True
    folder = tmp_path / "mine"
    folder.mkdir()
    about = {"mean": [0.5, 0.4, 0.3], "std": [1.0, 2.0, 4.0]}
    config = {"architecture": ARCHITECTURE, "num_classes": 3, "pretrained_cfg": about}
    (folder / "config.json").write_text(json.dumps(config | {"label_names": ["cat", "dog", "eel"]}))
    save_file(network.state_dict(), folder / "model.safetensors")
    return folder, network


def test_names_say_what_is_meant():
    assert libraries.named("timm/vit_small_patch16_224.augreg_in21k") == ("timm", "vit_small_patch16_224")
    assert libraries.named("torchvision/resnet50") == ("torchvision", "resnet50")
    assert libraries.named("google/vit-base-patch16-224") is None
    attending = ("vit_small_patch16_224", "deit3_base", "swinv2_tiny", "maxvit_tiny_tf_224", "eva02_tiny")
    assert not any(map(libraries.convolves, attending))
    convolving = ("resnet50", "convnext_tiny", "nfnet_l0", "efficientnet_b0", "regnety_004")
    assert all(map(libraries.convolves, convolving))
    assert find("timm/resnet18.a1_in1k").convolutional
    assert find("timm/vit_tiny_patch16_224.x").where == "hub"


def test_without_the_library_its_package_is_named(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"architecture": "vit_tiny_patch16_224"}))
    save_file({"a": torch.zeros(1)}, tmp_path / "model.safetensors")
    entry = find(str(tmp_path))
    assert (entry.modality, entry.convolutional) == ("image", False)
    if libraries.importlib.util.find_spec("timm") is None:
        with pytest.raises(HeadlightError) as caught:
            load_entry(entry, "cpu")
        assert str(caught.value) == (
            "vit_tiny_patch16_224 is a network of timm, which is not installed. "
            "Run “pip install 'headlight-viewer[timm]'”."
        )


def test_a_folder_is_recorded_as_it_computes_and_answers_as_it_does(folder):
    path, network = folder
    engine = open_engine(str(path), "image", "cpu")
    pixels = np.random.default_rng(0).integers(0, 255, (32, 32, 3), np.uint8)
    trace = engine.run(pixels, size=224)
    seen = torch.from_numpy(trace.inputs["pixel_values"])[None]
    assert trace.inputs["pixel_values"].shape == (3, 32, 32)
    assert np.allclose(engine.normalisation.mean, [0.5, 0.4, 0.3])
    assert not trace.model.untrained
    assert trace.streams["input"].labels[:3] == ("[CLS]", "[REG1]", "patch (0, 0)")
    assert trace.answers[0].names == ("cat", "dog", "eel")
    assert np.allclose(trace.answers[0].probabilities, network(seen).softmax(-1)[0].detach(), atol=1e-6)
    assert all(is_faithful(layer.check()) for layer in trace.layers)
    given = []
    hook = network.blocks[1].attn.qkv.register_forward_hook(lambda _, __, out: given.append(out))
    network(seen)
    hook.remove()
    q, k, _ = given[0].detach().unflatten(-1, (3, 3, -1)).permute(2, 0, 3, 1, 4)
    by_hand = (q @ k.transpose(-1, -2) / 2).softmax(-1)[0]  # four numbers a head
    for head in range(3):
        assert np.allclose(trace.layers[1].matrix(head), by_hand[head], atol=1e-6)


def test_a_name_alone_is_built_untrained_and_says_so(monkeypatch):
    timm_like.installed(monkeypatch)
    entry = download(find(f"timm/{ARCHITECTURE}"))
    assert entry.notices[0].endswith("its weights are random: Its name stands for an architecture alone.")
    model, untrained = load_entry(entry, "cpu")
    assert untrained
    assert model.config.image_mean == [0.1, 0.2, 0.3]
    with recording(model) as calls, torch.no_grad():
        model(torch.randn(1, 3, 32, 32))
    assert [call.shape for call in calls] == [(1, 3, 18, 18)] * 2
    tagged = download(find(f"timm/{ARCHITECTURE}.of_nobody"))
    assert "the hub cannot be reached" in tagged.notices[0]
    with pytest.raises(HeadlightError, match="timm has no network vit_of_nobody that can be built"):
        wrapped.WrappedModel(wrapped.WrappedConfig("vit_of_nobody"))


def test_weights_of_another_network_are_refused(folder):
    path, network = folder
    state = network.state_dict() | {"norm.weight": torch.zeros(5)}
    save_file(state, path / "model.safetensors")
    with pytest.raises(HeadlightError, match=f"are not those of {ARCHITECTURE}"):
        load_entry(find(str(path)), "cpu")


@pytest.mark.parametrize(
    ("name", "sides", "said"),
    [
        (
            "swin_like",
            (224, 232),
            ["4 × 4 windows, padded to 56 × 60", "4 × 4 windows shifted by 2"],
        ),
        ("maxvit_like", (32, 32), ["2 × 2 windows", "2 × 2 tokens spread over the map"]),
    ],
)
def test_windows_of_torchvision_are_recorded_as_they_attend(tmp_path, monkeypatch, name, sides, said):
    torchvision_like.installed(monkeypatch)
    torch.manual_seed(0)
    network = torchvision_like.get_model(name, num_classes=3).eval()
    about = {"architecture": name, "library_name": "torchvision", "num_classes": 3}
    (tmp_path / "config.json").write_text(json.dumps(about))
    save_file(network.state_dict(), tmp_path / "model.safetensors")
    engine = open_engine(str(tmp_path), "image", "cpu")
    trace = engine.run(np.random.default_rng(0).integers(0, 255, (*sides, 3), np.uint8), size=224)
    seen = torch.from_numpy(trace.inputs["pixel_values"])[None]
    assert seen.shape[2:] == sides
    assert np.allclose(trace.answers[0].probabilities, network(seen).softmax(-1)[0].detach(), atol=1e-6)
    assert len(trace.layers) == 4
    assert all(layer.check() < 2e-6 for layer in trace.layers)
    assert [layer.said()[: len(one)] for layer, one in zip(trace.layers, said, strict=False)] == said


@pytest.mark.parametrize("kind", ["ShiftedWindowAttention", "ShiftedWindowAttentionV2"])
@pytest.mark.parametrize("grid", [(8, 8), (6, 13), (4, 8), (9, 3), (2, 2)])
def test_parts_of_a_layer_give_what_the_layer_gives_and_lie_where_they_are_said_to(kind, grid):
    torch.manual_seed(1)
    layer = getattr(torchvision_like, kind)(8, 2, 4, 2)
    x = torch.randn(2, *grid, 8)
    wanted = layer(x)
    in_windows.part(layer, wrapped.WrappedConfig(attn_implementation="eager"))
    blocks = WindowBlocks(layer)
    with blocks.watched() as found, torch.no_grad():
        layer(x[:1])
        ((_, cut),) = found.items()
        torch.testing.assert_close(layer(x), wanted, rtol=0, atol=2e-6)
    moved = tuple(2 if length > 4 else 0 for length in grid)
    assert (cut.grid, cut.window, cut.misplaced) == (grid, 4, 0)
    assert cut.shift == (moved[0] if moved[0] == moved[1] else moved)
