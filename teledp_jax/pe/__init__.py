"""Private evolution: candidates, votes, resampling."""
