"""How far the answers of a release are likely off, from the release only."""
