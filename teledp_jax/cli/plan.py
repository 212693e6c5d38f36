"""Tries what a budget can buy, on a made-up fleet.

    teledp plan --config=my_suite/config.py --num_devices=20000 --output=plans/mine

Fits the labels of the config at several epsilons to a fleet that is drawn from the
public schema, and runs the config's queries. It says which method and budget answer
what, by size of groups, beside the error of a count by formula, and which queries to
drop. Choosing this way costs no budget.
Takes as long as a fit for each label and epsilon.
"""

import pathlib
from typing import Any

from absl import flags

from teledp_jax import errors, runs
from teledp_jax.cli import command, job_flags, progress
from teledp_jax.job import plan, provenance, settings
from teledp_jax.report import plans


def define(values: flags.FlagValues) -> None:
    """Defines the flags."""
    job_flags.define_config(values)
    command.define_path(
        values, "output", "Folder of plan.json, plan.csv, plan.txt and plan.svg."
    )
    flags.DEFINE_integer(
        "num_devices",
        None,
        "Devices that you expect, or a noisy count that was paid for; none: "
        "config.num_devices.",
        flag_values=values,
    )
    flags.DEFINE_list(
        "epsilons", ["0.5", "1", "2", "4", "8"], "Budgets to try.", flag_values=values
    )


def main(values: flags.FlagValues) -> None:
    """Makes the plan, and prints it."""
    if values.config is None or values.output is None:
        raise errors.InputError("State --config and --output, as --output=plans/mine.")
    chosen = settings.resolve(values.config)
    num_devices = values.num_devices or chosen.num_devices
    if num_devices < 1:
        raise errors.InputError(f"--num_devices={num_devices}: expected 1 or more.")
    epsilons = sorted({_epsilon(text) for text in values.epsilons})
    output = pathlib.Path(values.output)
    runs.Run(output).create()
    found = plan.plan(
        chosen,
        output / "fleet",
        num_devices=num_devices,
        epsilons=epsilons,
        progress=progress.bar("plan"),
    )
    for refusal in found.refusals:
        print(refusal)
    rows = [outcome._asdict() for outcome in found.outcomes]
    if not rows:
        raise errors.InputError(
            "plan: no query has an answer of 50 devices or more that can be judged; "
            "state devices in their headers, or more --num_devices."
        )
    near = min(epsilons, key=lambda epsilon: abs(epsilon - chosen.epsilon))
    noises = [noise._asdict() for noise in found.noises]
    text = "\n\n".join(
        part
        for part in (
            plans.text(rows, near),
            plans.expected(rows, noises, near, plan.SIZES),
            plans.learnt(found.learnt),
        )
        if part
    )
    content: dict[str, Any] = {
        **provenance.describe(),
        "num_devices": num_devices,
        "delta": chosen.delta,
        "outcomes": rows,
        "noises": noises,
        "refusals": found.refusals,
        "learnt": found.learnt,
    }
    runs.write_json(output / "plan.json", content)
    runs.write_csv(output / "plan.csv", plan.Outcome._fields, rows)
    (output / "plan.txt").write_text(text + "\n")
    (output / "plan.svg").write_text(plans.figure(rows))
    print(text)
    print(f"\n{output / 'plan.svg'}")


def _epsilon(text: str) -> float:
    """One budget of --epsilons."""
    try:
        return float(text)
    except ValueError:
        raise errors.InputError(f"--epsilons: {text!r} is no number.") from None
