"""Budgets, events, accounting, the ledger and the mechanisms."""
