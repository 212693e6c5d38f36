"""Attacks and replays that measure what every method promises."""
