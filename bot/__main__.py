"""`python -m bot` is `privacybot`."""

from bot.cli import main

main()
