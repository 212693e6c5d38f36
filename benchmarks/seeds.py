"""Runs the main job once for each seed."""

import pathlib
import subprocess
import sys
from collections.abc import Sequence

_SCRIPT = pathlib.Path(__file__).parents[1] / "scripts" / "run_benchmark.py"


def run(
    config: str, workdir: str, num_seeds: int, overrides: Sequence[str]
) -> list[pathlib.Path]:
    """Runs the job; seed s simulates fleet s and draws keys from seed s.

    Args:
        config: Config file.
        workdir: Gets a run folder for each seed.
        num_seeds: Number of runs.
        overrides: Further flags of the job.

    Returns:
        The run folders.
    """
    folders = [pathlib.Path(workdir) / f"seed-{seed}" for seed in range(num_seeds)]
    for seed, folder in enumerate(folders):
        flags = [f"--config={config}", f"--workdir={folder}", f"--config.seed={seed}"]
        flags.append(f"--config.simulation.seed={seed}")
        subprocess.run([sys.executable, str(_SCRIPT), *flags, *overrides], check=True)
    return folders
