"""What an owner of data writes: drafts of suites from schemas, and their check."""
