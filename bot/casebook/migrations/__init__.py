"""The steps by which the case book's tables came to be; run by `bot.casebook.store.upgrade`."""
