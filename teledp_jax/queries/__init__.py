"""The queries of a suite: their files, what they read, and running them."""
