"""Suites of tables that come with the project: simulators, loaders, report parts."""
