"""What staff and management see and say."""
