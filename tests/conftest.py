"""What several test files need: a stage with the whole shop on loopback, and the bot that works on it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.sandbox.stage import Stage
from tests.world import World

settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

MONDAY_MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """The shop on loopback, its first start behind it; a run that met something unmodelled fails."""
    with Stage(tmp_path / "shop", MONDAY_MORNING, messages_per_minute=0) as stage:
        world = World(stage)
        world.run()
        yield world
        assert not stage.unmodelled
