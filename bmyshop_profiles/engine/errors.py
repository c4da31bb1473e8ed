"""The one error people read. What is wrong, where, what to do; the command line prints it as a paragraph."""


class BmyshopError(Exception):
    """Something a person can put right. The message names the place (file, line, table, month) and the way out."""
