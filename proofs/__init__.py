"""Proofs that take minutes, run by `make` and printed into `docs/`; the tests run a small part of the same code."""
