"""The case book: tables, unit of work, keys, journal, register."""
