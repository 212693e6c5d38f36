"""What the published study left open, answered with the numbers of a run."""
