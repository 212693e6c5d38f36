"""Writes the tables and figures of recorded results into the documentation.

    python benchmarks/results_tables.py           # README.md, docs/ and the figures
    python benchmarks/results_tables.py --check   # writes nothing; status 1 if stale

A document holds a table between two comments, `<!-- table: NAME -->` and
`<!-- end of table -->`; NAME is a file of benchmarks/results/ without its ending. What
stands between them is replaced. A table shows one recorded result, and its last column
says whether the code that made it is the present code.
"""

import pathlib
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import result_figures
import result_forms
import table_form
from absl import app, flags

from teledp_jax import runs

_CHECK = flags.DEFINE_bool("check", False, "Write nothing; name what is out of date.")

ROOT = pathlib.Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
_TABLE = re.compile(
    r"^(?P<begin><!-- table: (?P<name>[\w.-]+) -->\n)"
    r".*?^(?P<end><!-- end of table -->)",
    re.DOTALL | re.MULTILINE,
)


def documents() -> list[pathlib.Path]:
    """Returns the documents that may hold tables."""
    top = [ROOT / "README.md", ROOT / "BUILD.md"]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def shown(text: str) -> list[str]:
    """Returns the names of the results that a document shows."""
    return [match["name"] for match in _TABLE.finditer(text)]


def filled(text: str) -> str:
    """Returns a document with its tables made anew."""
    return _TABLE.sub(
        lambda match: f"{match['begin']}\n{table(match['name'])}\n{match['end']}", text
    )


def table(name: str) -> str:
    """Makes the table of a result, with its command and its hardware.

    Args:
        name: A file of `benchmarks/results/`, without its ending.

    Returns:
        Markdown.

    Raises:
        InputError: If there is no such result.
    """
    result = runs.read_json(RESULTS / f"{name}.json")
    form = result_forms.of(name)(result)
    about = _about(name, result)
    ages = {row[-1] for row in form.rows}
    columns = list(zip(form.header, *form.rows, strict=True))
    if len(ages) == 1:  # said once below the table, not in each row
        about += f" Code: {ages.pop()}."
        columns.pop()
    aligned = [_alignment(cells[1:]) for cells in columns]
    header, *rows = zip(*columns, strict=True)
    lines = [f"    {line}" for line in _commands(result)]
    lines += ["", *(f"| {' | '.join(row)} |" for row in (header, aligned, *rows))]
    return "\n".join([*lines, "", f"*{about}*", ""])


def _alignment(cells: Sequence[str]) -> str:
    """Right where all cells begin with a digit or are a dash, else left."""
    numbers = all(cell[0].isdigit() or cell == table_form.NONE for cell in cells)
    return "--:" if numbers else "---"


def _commands(result: Mapping[str, Any]) -> list[str]:
    """The commands that made a result, one a line."""
    if "command" in result:
        commands = str(result["command"]).split(" && ")
    else:
        commands = [part["command"] for part in result.values() if "command" in part]
    return [
        line if line.startswith("python") else f"python {line}" for line in commands
    ]


def _about(name: str, result: Mapping[str, Any]) -> str:
    """Where a table comes from, in one sentence or two."""
    hardware = result["hardware"]
    if isinstance(hardware, Mapping):
        cards = sorted(set(hardware.get("accelerators", ())) - {"cpu"})
        cores = f"{hardware['machine']}, {hardware['cores']} cores"
        hardware = ", ".join([*cards, cores])
    seeds = result.get("num_seeds")
    mean = ""
    if seeds:
        mean = "One run. " if seeds == 1 else f"Mean of {seeds} runs. "
    return f"{mean}Hardware: {hardware}. File: `benchmarks/results/{name}.json`."


def wanted() -> Iterator[tuple[pathlib.Path, str]]:
    """Yields each document and figure with the text that it should have."""
    for path in documents():
        yield path, filled(path.read_text(encoding="utf-8"))
    for name, draw in result_figures.FIGURES.items():
        source = RESULTS / f"{result_figures.SOURCES[name]}.json"
        yield RESULTS / f"{name}.svg", draw(runs.read_json(source))


def stale() -> list[pathlib.Path]:
    """Returns the documents and figures that differ from what this command makes."""
    return [
        path
        for path, text in wanted()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(argv: list[str]) -> None:
    """Writes what is out of date, or only names it."""
    if argv[1:]:
        raise app.UsageError(f"Unknown arguments {argv[1:]}.")
    if _CHECK.value:
        if found := stale():
            names = ", ".join(str(path.relative_to(ROOT)) for path in found)
            sys.exit(f"Out of date: {names}; run make tables.")
        return
    for path, text in list(wanted()):
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


if __name__ == "__main__":
    app.run(main)
