"""Suite purchases: the public CDNOW data of the package lifetimes."""
