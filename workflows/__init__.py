"""The law as data: rights, terms and the course of a case. Pure."""
