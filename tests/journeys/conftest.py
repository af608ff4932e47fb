"""Journeys wait much: they are under way beside all other tests, and their own tests come last."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.journeys.carry_out import JOURNEYS, carry_out

AT_ONCE = 2
UNDER_WAY = pytest.StashKey[dict[str, Future]]()
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_is_journey)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start those that are asked for."""
    wanted = {item.callspec.params["name"] for item in session.items if _is_journey(item)}
    if not wanted or session.config.option.collectonly:
        return
    folder, pool = TemporaryDirectory(), ThreadPoolExecutor(AT_ONCE)
    session.config.add_cleanup(folder.cleanup)
    session.config.add_cleanup(lambda: pool.shutdown(cancel_futures=True))
    under_way = session.config.stash[UNDER_WAY] = {}
    for name in [name for name in JOURNEYS if name in wanted]:
        place = Path(folder.name, name)
        place.mkdir()
        under_way[name] = pool.submit(carry_out, *JOURNEYS[name], place)


def _is_journey(item: pytest.Item) -> bool:
    return item.path.parent == HERE
