"""Reads the grid of an answer."""


def cells(answer):
    """Cells by first column and heading."""
    return {
        (row[0], head): text
        for row in answer.grid.rows
        for head, text in zip(answer.grid.columns, row, strict=True)
    }
