"""Which attention function a model runs with, and that a pass leaves a model as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from transformers import PreTrainedConfig, PreTrainedModel


def use_eager(model: PreTrainedModel) -> None:
    """Leave a model and all models inside it in eager attention.

    Written into the configurations: the public setter refuses models that take no attention function from
    outside, which nevertheless look there for how masks are to be made.
    """
    for config in _configs(model):
        config._attn_implementation_internal = "eager"


@contextmanager
def eager(model: PreTrainedModel) -> Iterator[None]:
    """Eager attention in a model and in all models inside it, and back."""
    with _restored(model):
        use_eager(model)
        yield


@contextmanager
def functional(model: PreTrainedModel, name: str) -> Iterator[None]:
    """The attention function registered as `name` in a model and in all models inside it, and back."""
    with _restored(model):
        model.set_attn_implementation(name)
        yield


@contextmanager
def unchanged(model: PreTrainedModel) -> Iterator[None]:
    """Take back what passes change of a model for good.

    A BigBird turns to full attention at the first short text, a Swin shrinks its windows to the first small
    picture: the next input would be read by another model.
    """
    before = [(vars(module), vars(module).copy(), module._modules.copy()) for module in model.modules()]
    try:
        yield
    finally:
        for now, then, children in before:
            then["_modules"].update(children)
            changed = {name: x for name, x in then.items() if now.get(name) is not x}
            now.update({name: x for name, x in changed.items() if _is_setting(name, x)})


def _is_setting(name: str, value: object) -> bool:
    return not name.startswith("_") and isinstance(value, bool | int | float | str)


@contextmanager
def _restored(model: PreTrainedModel) -> Iterator[None]:
    before = [(config, config._attn_implementation) for config in _configs(model)]
    try:
        yield
    finally:
        # The public setter would pass a value on to nested configs, which may have had another.
        for config, name in before:
            config._attn_implementation_internal = name


def _configs(model: PreTrainedModel) -> list[PreTrainedConfig]:
    """The configurations of a model and of the models inside it, and those nested in them, once each."""
    configs: dict[int, PreTrainedConfig] = {}
    found = [module.config for module in model.modules() if isinstance(module, PreTrainedModel)]
    while found:
        config = found.pop()
        configs[id(config)] = config
        nested = (getattr(config, key) for key in config.sub_configs)
        found += [c for c in nested if c is not None and id(c) not in configs]
    return list(configs.values())
