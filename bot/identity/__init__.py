"""Who is asking, by the lightest means that works."""
