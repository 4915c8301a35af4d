"""A privacy-request desk for one mailbox."""
