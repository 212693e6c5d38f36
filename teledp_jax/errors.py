"""The one error that a user can mend, and the first line of any other."""

from collections.abc import Sequence


class InputError(Exception):
    """Says that a file, schema, query or setting is wrong: one line, with the remedy.

    Scripts print the line and exit with status 2; nothing else catches it. It never
    depends on the values of a device.
    """


_MOST_LISTED = 20  # faults, or names, in one message


def refuse(faults: Sequence[str]) -> None:
    """Raises one error that tells all faults, in one line.

    Args:
        faults: A sentence for each fault. If there is none, nothing happens.

    Raises:
        InputError: If there is a fault.
    """
    if faults:
        more = len(faults) - _MOST_LISTED
        rest = [f"And {more} more faults."] if more > 0 else []
        raise InputError(" ".join([*faults[:_MOST_LISTED], *rest]))


def listed(names: Sequence[str]) -> str:
    """Joins names for a message, the first ones only where there are many.

    Args:
        names: The names.
    """
    more = len(names) - _MOST_LISTED
    return ", ".join(names[:_MOST_LISTED]) + (f" and {more} more" if more > 0 else "")


def first_line(error: Exception) -> str:
    """Returns the first line of an error's text, for a message of one line.

    Args:
        error: Any error.
    """
    return (str(error).splitlines() or [type(error).__name__])[0].strip()
