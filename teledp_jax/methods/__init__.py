"""One module a method name: its Config and make."""
