"""The suppliers that hold data for the shop, one file each."""
