"""Published networks: what their configurations build, how they are found, and what being offline means."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import (
    AutoModelForImageClassification,
    DeiTForImageClassificationWithTeacher,
    ResNetConfig,
)

from headlight.models.catalogue import entries as catalog
from headlight.models.catalogue import loading, published
from headlight.models.catalogue.entries import download, entries, find
from headlight.models.catalogue.folders import read_config, read_preprocessor
from headlight.models.catalogue.loading import load_entry
from headlight.models.catalogue.networks import classic, nfnet, own
from headlight.models.catalogue.published import PUBLISHED, near
from headlight.models.catalogue.untrained import drawn
from headlight.models.core.errors import HeadlightError
from headlight.models.fields.of_images import growth


@pytest.fixture(autouse=True)
def empty_cache(tmp_path_factory, monkeypatch):
    """No network and nothing downloaded before."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path_factory.mktemp("hub")))


def with_head(id: str) -> int:
    """Numbers in the network with its head of 1000 classes, on the meta device."""
    config = PUBLISHED[id].config()
    with torch.device("meta"):
        if PUBLISHED[id].model_type in published.OWN:
            model = own.NETWORKS[type(config)](config, 1000)
        elif PUBLISHED[id].model_type == "segformer":  # its paper counts the encoder
            model = published.module(config)
        else:
            config.num_labels = 1000
            distilled = PUBLISHED[id].model_type == "deit"
            kind = AutoModelForImageClassification.from_config
            model = (DeiTForImageClassificationWithTeacher if distilled else kind)(config)
    return sum(parameter.numel() for parameter in model.parameters())


EXACT = {  # as torchvision and the papers' own code count them, head included
    "alexnet": 61_100_840,
    "vgg16": 138_357_544,
    "nfnet-f0": 71_489_284,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "mobilenet-v2": 3_504_872,
    "convnext-tiny": 28_589_128,
    "convnext-small": 50_223_688,
    "convnext-base": 88_591_464,
    "convnext-large": 197_767_336,
    "swin-tiny": 28_288_354,
    "swin-small": 49_606_258,
    "swin-base": 87_768_224,
    "vit-base": 86_567_656,
    "vit-large": 304_326_632,
    "vit-huge": 632_045_800,
}


def test_networks_have_as_many_parameters_as_published():
    for id, network in PUBLISHED.items():
        counted = with_head(id)
        assert counted == EXACT.get(id, counted), id
        assert counted == pytest.approx(network.parameters, rel=0.025), id


def test_a_skeleton_takes_no_memory():
    skeleton = published.skeleton("convnext-xlarge")
    assert {parameter.device.type for parameter in skeleton.parameters()} == {"meta"}
    assert not skeleton.training


def test_ids_are_listed_and_found_and_near_misses_named():
    listed = {entry.id: entry for entry in entries()}
    assert list(PUBLISHED) == [id for id in listed if id in PUBLISHED]
    entry = find("swin-tiny")
    assert (entry.where, entry.layers, entry.heads, entry.convolutional) == ("hub", 12, 24, False)
    assert entry.source == "huggingface.co/microsoft/swin-tiny-patch4-window7-224"
    assert find("resnet50").convolutional
    assert find("resnet50").heads is None
    assert near("resnet-50", PUBLISHED)[0] == "resnet50"
    assert near("ConvNeXt T", PUBLISHED)[0] == "convnext-tiny"
    assert near("vgg", PUBLISHED) == ["vgg16"]
    assert near("zebra", PUBLISHED) == near("…", PUBLISHED) == []
    with pytest.raises(HeadlightError, match=r"no model or folder “vit_base”\. Did you mean vit-base"):
        find("vit_base")
    with pytest.raises(HeadlightError, match=r"See “headlight models” for all ids\."):
        find("zebra")


def test_offline_a_network_is_untrained_and_says_why():
    entry = download(find("mobilenet-v2"))
    assert (entry.where, entry.folder) == ("published", None)
    assert entry.notices[0] == (
        "MobileNet V2 is untrained, its weights are random: google/mobilenet_v2_1.0_224 is not on this "
        "computer, and the hub cannot be reached. Go online, or open a folder that holds the model."
    )
    assert "random weights" in entry.source
    assert "No place on the hub is known to hold AlexNet's weights" in download(find("alexnet")).notices[0]
    model, untrained = load_entry(entry, "cpu")
    assert untrained
    # What batch norms let through must neither die out nor blow up, or no gradient says anything.
    noise = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(1))
    assert 0.1 < model(noise).last_hidden_state.std() < 10
    assert not any(layer.training for layer in model.modules())
    before = torch.random.get_rng_state()
    again, _ = load_entry(entry, "cpu")
    assert torch.equal(before, torch.random.get_rng_state())
    for one, other in zip(model.state_dict().values(), again.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_too_little_memory_is_said_before_weights_are_drawn(monkeypatch):
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 1e9}))
    monkeypatch.setattr(published, "module", lambda config, make=published.module: _on_meta(make, config))
    with pytest.raises(HeadlightError, match=r"The model needs 2\.5 GB of memory, and 1\.0 GB are free"):
        load_entry(download(find("vit-huge")), "cpu")


def _on_meta(make, config):
    assert torch.empty(0).device.type == "meta", "weights were built"
    return make(config)


def cached(name: str, files: dict[str, object], cache) -> None:
    """A model in the hub's cache, as a download leaves it."""
    folder = cache / f"models--{name.replace('/', '--')}"
    kept = folder / "snapshots" / ("0" * 40)
    kept.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text("0" * 40)
    for file, content in files.items():
        if file.endswith(".json"):
            (kept / file).write_text(json.dumps(content))
        else:
            save_file(content, kept / file)


def test_what_was_downloaded_before_is_pretrained(tmp_path, monkeypatch):
    """timm's folder of VGG16, its weights of one block put in the place of all."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    small = classic.VGGConfig(widths=(4, 4, 4, 4, 4))
    weights = classic.VGG(small).state_dict() | {"head.fc.weight": torch.zeros(2, 2)}
    monkeypatch.setitem(PUBLISHED["vgg16"].settings, "widths", small.widths)
    files = {"config.json": {"architecture": "vgg16"}, "model.safetensors": weights}
    cached("timm/vgg16.tv_in1k", files, tmp_path)
    entry = find("vgg16")
    assert (entry.where, entry.title, entry.family) == ("downloaded", "VGG16", "VGG")
    assert entry.convolutional
    model, untrained = load_entry(download(entry), "cpu")
    assert not untrained
    assert torch.equal(model.features[0].weight, weights["features.0.weight"])
    assert [entry.id for entry in entries()].count("vgg16") == 1
    assert "timm/vgg16.tv_in1k" not in [entry.id for entry in entries()]


def lying(folder, config: dict, weights: dict) -> str:
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config))
    save_file(weights, folder / "model.safetensors")
    return str(folder)


def test_torchvisions_weights_load_from_a_folder_and_others_are_refused(tmp_path):
    torch.manual_seed(0)
    whole = classic.AlexNet(classic.AlexNetConfig(widths=(4, 6, 8, 8, 8)), classes=5)
    config = {"model_type": "alexnet", "widths": [4, 6, 8, 8, 8]}
    weights = {name: value.half() for name, value in whole.state_dict().items()}
    assert "classifier.6.bias" in weights
    entry = find(lying(tmp_path / "good", config, weights))
    assert (entry.modality, entry.convolutional) == ("image", True)
    model, untrained = load_entry(entry, "cpu")
    assert not untrained
    assert model.features[0].weight.dtype == torch.float32
    picture = torch.randn(1, 3, 64, 64)
    torch.testing.assert_close(model(picture), whole(picture), atol=2e-2, rtol=1e-2)

    def cause(name: str, config: dict, weights: dict) -> str:
        with pytest.raises(HeadlightError) as caught:
            load_entry(find(lying(tmp_path / name, config, weights)), "cpu")
        return caught.value.cause.replace(str(tmp_path), "")

    less = {name: value for name, value in weights.items() if name != "features.3.bias"}
    assert (
        cause("less", config, less)
        == "/less/model.safetensors lacks features.3.bias; this alexnet needs (6,)."
    )
    wide = config | {"widths": [8, 6, 8, 8, 8]}
    assert cause("wide", wide, weights) == (
        "/wide/model.safetensors has features.0.weight as (4, 3, 11, 11); this alexnet needs (8, 3, 11, 11)."
    )
    more = weights | {"features.13.weight": torch.zeros(1)}
    assert cause("more", config, more) == (
        "/more/model.safetensors has features.13.weight, which this alexnet does not."
    )
    odd = {"model_type": "vgg", "widths": [4, -1]}
    assert cause("odd", odd, weights) == (
        "In /odd/config.json “widths” is [4, -1], not up to 8 numbers from 1 to 4,096."
    )


def test_folders_of_convolutional_networks_open(tmp_path):
    model = drawn(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic"))
    model.save_pretrained(tmp_path / "mine")
    entry = find(str(tmp_path / "mine"))
    assert (entry.modality, entry.layers, entry.heads, entry.convolutional) == ("image", 2, None, True)
    loaded, untrained = load_entry(entry, "cpu")
    assert not untrained
    picture = torch.randn(1, 3, 64, 64)
    assert torch.equal(loaded(picture).last_hidden_state, model(picture).last_hidden_state)
    meta = loading.skeleton(tmp_path / "mine")
    assert list(meta.state_dict()) == list(loaded.state_dict())
    (tmp_path / "mine" / "config.json").write_text(json.dumps({"model_type": "encodec"}))
    with pytest.raises(HeadlightError, match="a model of the type “encodec” hears sounds"):
        find(str(tmp_path / "mine"))


def test_random_networks_have_fields_to_look_at():
    """Channels of a new layer norm add up to 0, and a layer scale of 10⁻⁶ leaves a single patch."""
    config = PUBLISHED["convnext-tiny"].config()
    config.hidden_sizes, config.depths = [8, 8, 8, 8], [1, 1, 1, 1]
    model = drawn(config)
    picture = torch.randn(1, 3, 224, 224).requires_grad_()
    model(picture).last_hidden_state[0, :, 3, 3].sum().backward()
    spread = picture.grad[0].abs().sum(0)
    assert spread[96:128, 96:128].sum() < 0.95 * spread.sum()
    config = PUBLISHED["deit-tiny"].config()
    config.hidden_size, config.intermediate_size, config.num_hidden_layers = 24, 48, 2
    picture.grad = None
    drawn(config)(picture).last_hidden_state[0, 100].sum().backward()
    assert picture.grad.abs().max() > 1e-4
    assert np.isfinite(picture.grad.numpy()).all()


def test_a_broken_download_does_not_end_the_list(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    cached("microsoft/resnet-18", {"config.json": {}, "model.safetensors": {"a": torch.zeros(1)}}, tmp_path)
    assert "resnet18" in [entry.id for entry in entries()]
    with pytest.raises(HeadlightError, match="names no model_type"):
        catalog.find("resnet18")


def test_nfnets_parts_keep_a_variance_of_one_as_its_paper_says():
    noise = torch.Generator().manual_seed(0)
    layer = nfnet.Standardised(6, 8, 3)
    torch.nn.init.uniform_(layer.weight, 2, 5, generator=noise)
    seen = []
    hook = layer.register_forward_hook(lambda _, inputs, output: seen.append((inputs[0], output)))
    layer(torch.ones(1, 6, 5, 5))
    hook.remove()
    assert seen[0][1][0, :, 2, 2].abs().max() < 1e-4  # every filter sums to nothing
    numbers = torch.randn(2, 6, 96, 96, generator=noise)
    assert layer(numbers).detach().var() == pytest.approx(1, abs=0.05)
    assert nfnet.Active()(torch.randn(1_000_000, generator=noise)).var() == pytest.approx(1, abs=0.01)
    network = nfnet.NFNet(nfnet.NFNetConfig())
    betas = [block.beta for stage in network.stages for block in stage]
    deviations = [1, 1.04, 1.04, 1.08, *(1 + 0.04 * number for number in range(1, 6)), 1.24, 1.04, 1.08]
    assert betas == pytest.approx([variance**-0.5 for variance in deviations])
    assert [layer.groups for layer in (network.stages[0][0].conv2, network.stages[2][0].conv2)] == [1, 6]


def test_nfnet_opens_by_name_is_untrained_and_has_fields():
    entry = download(find("nfnet-f0"))
    assert (entry.convolutional, entry.family, entry.modality) == (True, "NFNet", "image")
    assert entry.notices[0].startswith("NFNet-F0 is untrained, its weights are random")
    fields = {field.name: field for field in growth("nfnet-f0")}
    assert fields["stages.0.0"].size == (31, 31)
    assert fields["final_conv"].size == (807, 807)
    assert fields["final_conv"].stride == (32, 32)
    assert "Statistics over the whole map (stages.0.0.attn_last.fc2)" in fields["final_conv"].note


def test_an_nfnet_of_timms_names_loads_from_a_folder_as_timm_describes_it(tmp_path):
    config = {"architecture": "dm_nfnet_f0", "pretrained_cfg": {"mean": [0.1, 0.2, 0.3], "std": [1, 1, 2]}}
    small = {"widths": [16, 16, 16, 16], "depths": [1, 1, 1, 1], "group": 4}
    network = nfnet.NFNet(own.read({"model_type": "nfnet", **small}), 3)
    folder = lying(tmp_path / "small", {"model_type": "nfnet", **config, **small}, network.state_dict())
    assert read_preprocessor(tmp_path / "small") == {"image_mean": [0.1, 0.2, 0.3], "image_std": [1, 1, 2]}
    said = tmp_path / "small" / "preprocessor_config.json"
    said.write_text(json.dumps({"image_std": [0.5, 0, 0.5]}))
    with pytest.raises(HeadlightError, match=r"no usable “image_std”: \[0\.5, 0, 0\.5\]"):
        read_preprocessor(tmp_path / "small")
    said.unlink()
    model, untrained = load_entry(find(folder), "cpu")
    assert not untrained
    picture = torch.randn(1, 3, 64, 64)
    assert torch.equal(model(picture), network.eval()(picture))
    (tmp_path / "small" / "config.json").write_text(json.dumps(config))
    assert read_config(tmp_path / "small")["widths"] == [256, 512, 1536, 1536]
