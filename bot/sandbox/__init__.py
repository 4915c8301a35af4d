"""A mailbox and suppliers on loopback, for the demo and the tests."""
