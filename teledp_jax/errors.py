"""The one error that a user can mend, and the first line of any other."""


class InputError(Exception):
    """Says that a file, schema, query or setting is wrong: one line, with the remedy.

    Scripts print the line and exit with status 2; nothing else catches it. It never
    depends on the values of a device.
    """


def first_line(error: Exception) -> str:
    """Returns the first line of an error's text, for a message of one line.

    Args:
        error: Any error.
    """
    return (str(error).splitlines() or [type(error).__name__])[0].strip()
