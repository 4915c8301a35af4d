"""A message as data: parse, own text, where it came from, compose."""
