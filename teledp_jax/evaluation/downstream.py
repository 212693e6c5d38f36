"""`downstream.csv`: trained on synthetic devices, tested on real ones held out."""

from typing import Any

import numpy as np
import threadpoolctl
from jaxtyping import Bool, Float

from teledp_jax.evaluation import features as features_lib

COLUMNS = (
    "label", "task", "num_train", "num_test", "positive_train", "positive_test",
    "accuracy", "f1", "auc",
)  # fmt: skip
MOST_DEVICES = 10_000  # that a model is trained on, evenly spaced


def score(
    label: str,
    task: features_lib.Task,
    train: features_lib.Features,
    test: features_lib.Features,
) -> dict[str, Any] | None:
    """Trains small boosted trees on one side and tests it on the other.

    Where all training devices have the same label the prediction is that label, and the
    AUC is 0.5. The AUC is None where all test devices have the same label.

    Args:
        label: Whose devices it is trained on.
        task: What is predicted.
        train: Features of the training devices.
        test: Features of the real devices held out.

    Returns:
        A row of `downstream.csv`, or None if no test device has the label.
    """
    from sklearn import metrics  # takes a second, which most commands can save

    inputs, target = _examples(task, train)
    test_inputs, test_target = _examples(task, test)
    if not test_target.size:
        return None
    probability = _predict(inputs, target, test_inputs)
    predicted = probability >= 0.5
    has_both = 0 < test_target.sum() < test_target.size
    return {
        "label": label,
        "task": task.name,
        "num_train": target.size,
        "num_test": test_target.size,
        "positive_train": float(target.mean()) if target.size else None,
        "positive_test": float(test_target.mean()),
        "accuracy": float((predicted == test_target).mean()),
        "f1": float(metrics.f1_score(test_target, predicted, zero_division=0)),
        "auc": float(metrics.roc_auc_score(test_target, probability))
        if has_both
        else None,
    }


def _examples(
    task: features_lib.Task, features: features_lib.Features
) -> tuple[Float[np.ndarray, "example feature"], Bool[np.ndarray, " example"]]:
    """Inputs and labels of the devices that have the label."""
    positive, known = task.label(features)
    shown = [
        values[known] for name, values in features.items() if name not in task.hidden
    ]
    inputs = np.stack(shown, axis=1) if shown else np.zeros((int(known.sum()), 0))
    return inputs, positive[known]


def _predict(
    inputs: Float[np.ndarray, "example feature"],
    target: Bool[np.ndarray, " example"],
    test_inputs: Float[np.ndarray, "test feature"],
) -> Float[np.ndarray, " test"]:
    """Probability of the positive label."""
    if target.size > MOST_DEVICES:
        chosen = np.linspace(0, target.size - 1, MOST_DEVICES).astype(np.int64)
        inputs, target = inputs[chosen], target[chosen]
    share = float(target.mean()) if target.size else 0.0
    if share in (0.0, 1.0):
        return np.full(len(test_inputs), share)
    varies = np.fmax.reduce(inputs, axis=0) > np.fmin.reduce(inputs, axis=0)
    if not varies.any():
        return np.full(len(test_inputs), share)
    from sklearn import ensemble

    # The fit draws nothing at random at this size; the state only makes that plain.
    model = ensemble.HistGradientBoostingClassifier(
        max_iter=20,
        max_leaf_nodes=15,
        max_bins=63,
        learning_rate=0.2,
        early_stopping=False,
        random_state=0,
    )
    # One thread: on a busy machine its threads wait for each other far too long.
    with threadpoolctl.threadpool_limits(limits=1):
        model.fit(inputs[:, varies], target)
        probability: Float[np.ndarray, " test"] = model.predict_proba(
            test_inputs[:, varies]
        )[:, 1]
    return probability
