"""The one error that a user can mend."""


class InputError(Exception):
    """A file, schema, query or setting is wrong; the text is one line with the remedy.

    Scripts print the line and exit with status 2; nothing else catches it. It never
    depends on the values of a device.
    """
