"""From a message to what it is to us, with reasons."""
