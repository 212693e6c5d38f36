"""Product events by user: reading, simulating, releasing and comparing logs."""
