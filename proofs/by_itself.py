"""What no command of the bot does yet: `python -m proofs.by_itself --config FILE` destroys a key and holds a permit."""

import sys
from datetime import timedelta
from pathlib import Path

from bot import work
from bot.clock import SystemClock
from bot.context import open_bot
from bot.settings import load


def main(settings: Path) -> None:
    """Destroys a key of its own, which nothing else uses, and holds the one permit of a budget of its own."""
    bot = open_bot(load(settings), SystemClock())
    if not bot.vault.destroyed("proof"):
        bot.vault.key("proof")
    bot.vault.destroy("proof")
    with bot.store.begin() as session:
        work.set_permits(session, "proof", 1)
        work.free_permits(session, "proof")
    with work.holding(bot.store, "proof", bot.clock, timedelta(seconds=5)):
        pass
    bot.close()


if __name__ == "__main__":
    main(Path(sys.argv[-1]))
