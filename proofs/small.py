"""`python -m proofs.small …`: the bot with small limits for one write to Graph, so that small files go by upload."""

import runpy

from bot.graph import outbox

outbox.LARGEST_MIME_DRAFT = 50_000
outbox.LARGEST_POSTED_FILE = 12_000
outbox.UPLOAD_RANGE = 16_384

if __name__ == "__main__":
    runpy.run_module("bot", run_name="__main__")
