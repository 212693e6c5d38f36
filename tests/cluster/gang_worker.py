"""One of the processes of `gang_test`: `gang_worker.py FOLDER WHAT [gang flags]`."""

import argparse
import os
import pathlib
import signal
import sys

import jax
import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

from teledp_jax import arrays, base, errors, keys, runs
from teledp_jax.cluster import gang
from teledp_jax.data import array_files, suite
from teledp_jax.job import fit as synthesis
from teledp_jax.job import settings
from teledp_jax.methods import dpsgd_vae, pe
from teledp_jax.pe import voting
from teledp_jax.privacy import events, mechanisms
from tests import toys
from tests.methods import contract_test as contract

LARGE = np.array([[2**31 - 1, 2**40 + 3], [0, -5]])
NUM_DEVICES = 400
SHARED = [("count", "noisy number of devices", events.DiscreteGaussianDpEvent(20.0))]
METHODS = {
    "pe": pe.Config(selection="published", num_iterations=3, num_candidates=50),
    "dpsgd_vae": dpsgd_vae.Config(
        num_epochs=2,
        sampling_prob=0.1,
        hidden=(8,),
        latent=2,
        marginal_share=0.0,
        checkpoint_every=8,
    ),
}


def fit(name, folder, members):
    """Fits a method of the contract on the own devices of a stored fleet."""
    part, stop = members.part(array_files.stored_devices(folder, contract.SCHEMA))
    devices = array_files.load_range(folder, contract.SCHEMA, part.first, stop)
    context = base.Context(
        members.store(base.MemoryStore()),
        lambda done, total, facts: None,
        members.shared_noise(mechanisms.seeded_integer_noise),
        part,
    )
    streams = keys.split(jax.random.key(0), jax.random.key(1))
    fitted = contract.make(name).fit(streams, devices, context)
    return jax.tree.map(np.asarray, fitted)


def fit_all(folder, members):
    """Fits every method and tries what members do together; saves what it sees."""
    for name in contract.SMALL:
        fitted = jax.tree.leaves(fit(name, folder / "fleet", members))
        np.savez(folder / f"{name}_{members.index}.npz", *fitted)
    part, stop = members.part(NUM_DEVICES)
    noise = members.shared_noise(mechanisms.secure_integer_noise)
    told = ""
    try:
        members.once(_at_fault)
    except errors.InputError as error:
        told = str(error)
    np.savez(
        folder / f"together_{members.index}.npz",
        held=[part.first, stop],
        total=members.total({"counts": [LARGE, LARGE[0]]})["counts"][0],
        noisy=noise(jax.random.key(0), np.zeros(20, np.int64), 100.0),
        gathered=members.gathered(10 + members.index),
        told=told,
    )


def _at_fault():
    raise errors.InputError("no such file")


def prepare(folder, label):
    """A run folder with an encoded log of a few users."""
    config = settings.default("eventlog")
    config.budget.epsilon, config.budget.delta, config.seed = 1.0, 1e-5, 3
    config.methods[label] = settings.entry(METHODS[label])
    checked, run = settings.resolve(config), runs.Run(folder / "run")
    log = suite.load(checked.suite_folder)
    if not run.count.exists():
        run.create()
        limits = [head.num_codes for head in log.schema.heads]
        codes = np.random.default_rng(0).integers(0, limits, (300, len(limits)))
        array_files.save(run.arrays, arrays.unflatten(log.schema, codes))
        runs.write_json(run.ledger, {})
        runs.write_json(run.count, {"num_devices": 300})
    return checked, log, run


def synthesize(folder, label, members):
    """Runs the stage of a label."""
    checked, log, run = prepare(folder, label)
    synthesis.synthesize(
        checked, log, run, label, shared=SHARED, token=synthesis.Token(inputs="t"),
        progress=lambda *args: None, members=members,
    )  # fmt: skip
    return run


def die(folder):
    """Kills this process, once."""
    if not (folder / "killed").exists():
        (folder / "killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_vote(folder):
    """Has this process killed as it looks for the candidates of the second vote."""
    nearest, calls = voting.nearest, []

    def dying(embedding, devices, candidates):
        calls.append(len(devices))
        if len(calls) == 3:  # each vote is followed by that of the population
            die(folder)
        return nearest(embedding, devices, candidates)

    voting.nearest = dying


def die_in_a_step(folder):
    """Has this process killed after a checkpoint: the first one is in a step then."""
    store = gang.Gang.store

    def watched(members, inner):
        shared = store(members, inner)
        save = shared.save

        def dying(name, tree):
            save(name, tree)
            if name == "dpsgd":
                die(folder)

        shared.save = dying
        return shared

    gang.Gang.store = watched


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("what")
    parser.add_argument("--coordinator")
    for name in ("num_processes", "process_id"):
        parser.add_argument(f"--{name}", type=int)
    asked, _ = parser.parse_known_args()
    toys.account_coarsely()  # as the test does
    gang.end_with_parent()
    members = gang.join(asked.coordinator, asked.num_processes, asked.process_id)
    if asked.what == "fit_all":
        fit_all(asked.folder, members)
        return
    if asked.what == "pe" and members.is_first:
        die_in_a_vote(asked.folder)
    if asked.what == "dpsgd_vae" and not members.is_first:
        die_in_a_step(asked.folder)
    synthesize(asked.folder, asked.what, members)


if __name__ == "__main__":
    main()
