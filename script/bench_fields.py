"""Speed of receptive fields: the walk of whole networks, and the gradient of a unit."""

from __future__ import annotations

import time


def fields_walk() -> list[tuple[str, str, str]]:
    """The theoretical fields of every layer at 224 × 224, without weights."""
    import torch
    import transformers as hf

    from headlight.models.fields.walk import walk

    with torch.device("meta"):
        networks = {
            "ResNet-101": (hf.ResNetModel(hf.ResNetConfig(depths=[3, 4, 23, 3])), "≤ 1 s"),
            "ConvNeXt-S": (hf.ConvNextModel(hf.ConvNextConfig(depths=[3, 3, 27, 3])), ""),
            "Swin-T": (hf.SwinModel(hf.SwinConfig()), ""),
            "ViT-B": (hf.ViTModel(hf.ViTConfig()), ""),
        }
    found = []
    for name, (network, reach) in networks.items():
        took, busy = [], []
        for _ in range(4):
            began, worked = time.perf_counter(), time.process_time()
            count = len(walk(network, (3, 224, 224)))
            took.append(time.perf_counter() - began)
            busy.append(time.process_time() - worked)
        what = f"fields of {name}, {count} layers (processor time {min(busy):.2f} s)"
        found.append((what, f"{min(took):.2f} s", reach))
    return found


def fields_effective() -> list[tuple[str, str, str]]:
    """The effective field of a unit against one forward and backward pass of the whole network."""
    import torch
    import transformers as hf

    from headlight.models.fields.effective import effective_field
    from headlight.models.fields.walk import walk
    from script.timing import ratio, seconds

    torch.manual_seed(0)
    network = hf.ResNetModel(hf.ResNetConfig()).eval()
    x = torch.randn(1, 3, 224, 224)
    last = [field for field in walk(network, (3, 224, 224)) if field.level == "stage"][-1]

    def both_ways() -> None:
        network.zero_grad(set_to_none=True)
        network(x).last_hidden_state.sum().backward()

    effective, passes = seconds(lambda: effective_field(network, [x], last, (3, 3), 1), both_ways, rounds=9)
    what = "effective field, ResNet-50, 224 × 224 / one forward and backward pass"
    return [(what, f"{ratio(effective, passes):.2f}", "≤ 1.5")]
