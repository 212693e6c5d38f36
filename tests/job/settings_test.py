import pytest

from teledp_jax import errors
from teledp_jax.job import settings
from teledp_jax.methods import independent, mst


def make_config():
    config = settings.default("dca")
    config.budget.epsilon = 4.0
    config.budget.delta = 1e-5
    config.methods.independent = settings.entry(independent.Config())
    return config


def test_a_config_resolves_to_types():
    found = settings.resolve(make_config())
    assert found.epsilon == 4.0
    assert found.seed is None
    assert found.workloads == ("intel", "stability")
    assert found.methods["independent"] == ("independent", independent.Config())


def test_a_label_may_differ_from_its_method():
    config = make_config()
    config.methods.second = settings.entry(independent.Config())
    assert settings.resolve(config).methods["second"][0] == "independent"


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("budget.epsilon", 0.0, "budget.epsilon"),
        ("budget.delta", 1.0, "budget.delta"),
        ("budget.count_stddev", 0.0, "count_stddev"),
        ("budget.book", "book.jsonl", r"state budget\.data_set"),
        ("budget.cap_epsilon", 5.0, r"budget\.cap_epsilon: a cap needs a book"),
        ("suite", "nothing", "known: dca"),
        ("source", "no/such/folder", "no such folder"),
        ("num_devices", 0, "num_devices"),
        ("holdout", 1.0, "holdout"),
        ("device_share", 0.0, "device_share"),
        ("workloads", ("nothing",), "workloads"),
        ("window", ("yesterday", ""), "expected its first and last day"),
        ("window", ("2024-02-01", "2024-01-01"), "expected its first and last day"),
        ("methods.independent.method", "nothing", "known: .*dpsgd_vae"),
    ],
)
def test_a_faulty_key_is_named(key, value, text):
    config = make_config()
    config.update_from_flattened_dict({key: value})
    with pytest.raises(errors.InputError, match=text):
        settings.resolve(config)


def test_all_values_out_of_range_are_told_at_once():
    config = make_config()
    config.holdout, config.num_devices, config.memory_limit = 2.0, 0, "much"
    config.budget.count_stddev, config.workloads = -1.0, ("nothing",)
    with pytest.raises(errors.InputError) as caught:
        settings.resolve(config)
    for text in ("holdout", "num_devices", "memory_limit", "count_stddev", "workloads"):
        assert text in str(caught.value)


NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("source", "", "a text .it is empty, as a shell variable"),
        ("memory_limit", "", "a text .it is empty"),
        ("memory_limit", "much", "such as 4GB"),
        ("temp_limit", "much", "temp_limit='much': expected a size such as 4GB"),
        ("passes", 97, "passes=97: expected 0"),
        ("buckets", "", "a text .it is empty"),
        ("budget.data_set", "", "a text .it is empty"),
        ("budget.count_stddev", NAN, "a finite number, got nan"),
        ("budget.count_stddev", INF, "a finite number"),
        ("budget.epsilon", NAN, "a finite number"),
        ("holdout", NAN, "a finite number"),
        ("holdout", None, "a finite number"),
        ("num_devices", 10.5, "a whole number"),
        ("seed", 1.5, "a whole number"),
        ("seed", -1, "0 or more"),
        ("allow_missing_tables", "False", "True or False, got 'False'"),
        ("workloads", "intel", "a list of texts"),
        ("workloads", ("",), "none of them empty"),
        ("domains.share", NAN, "a finite number"),
        ("simulation.coverage", NAN, "a finite number"),
        ("window", "2024-01-01", "expected its first and last day"),
        ("window", (0, 0), "expected its first and last day"),
        ("methods.independent.row_share", NAN, "is NaN"),
    ],
)
def test_what_is_empty_or_no_number_is_taken_for_nothing_else(key, value, text):
    config = make_config()
    *sections, last = key.split(".")
    section = config
    for name in sections:
        section = section[name]
    with section.unlocked(), section.ignore_type():
        section[last] = value
    with pytest.raises(errors.InputError, match=text) as caught:
        settings.resolve(config)
    assert last in str(caught.value)


def test_a_workload_that_no_method_is_told_of_is_judged_apart():
    config = make_config()
    config.unseen_workloads = ("unseen",)
    found = settings.resolve(config)
    assert found.workloads == ("intel", "stability")
    assert found.judged == ("intel", "stability", "unseen")
    config.workloads = ("intel", "unseen")
    with pytest.raises(errors.InputError, match="methods are told"):
        settings.resolve(config)
    config.unseen_workloads = ("unheard",)
    with pytest.raises(errors.InputError, match="unseen_workloads: dca has no"):
        settings.resolve(config)


def test_all_faults_of_types_are_told_at_once():
    config = make_config()
    with config.ignore_type():
        config.holdout, config.budget.delta, config.memory_limit = NAN, NAN, ""
    with pytest.raises(errors.InputError) as caught:
        settings.resolve(config)
    for name in ("config.holdout", "config.budget.delta", "config.memory_limit"):
        assert name in str(caught.value)


def test_privacy_numbers_have_no_defaults():
    config = settings.default("dca")
    with pytest.raises(errors.InputError, match=r"budget\.epsilon: state it"):
        settings.resolve(config)


def test_an_unknown_field_of_a_method_lists_the_known_ones():
    config = make_config()
    config.methods.independent.wrong = 1
    with pytest.raises(errors.InputError, match=r"has no \['wrong'\]; known"):
        settings.resolve(config)


def test_books_are_kept_as_published_only_for_methods_of_the_study():
    config = make_config()
    config.methods.theirs = settings.entry(mst.Config(), bookkeeping="paper")
    found = settings.resolve(config)
    assert found.claimed == {"theirs"}
    assert found.methods["theirs"] == ("mst", mst.Config())
    config.methods.theirs.bookkeeping = "table"
    with pytest.raises(errors.InputError, match="'paper' or leave it out"):
        settings.resolve(config)
    config.methods.theirs = settings.entry(independent.Config(), bookkeeping="paper")
    with pytest.raises(errors.InputError, match="no method independent; known"):
        settings.resolve(config)


@pytest.mark.parametrize("label", ["real", "half_sample", "a/b", "-x", ""])
def test_a_label_that_would_collide_is_refused(label):
    config = make_config()
    config.methods[label] = settings.entry(independent.Config())
    with pytest.raises(errors.InputError, match="methods"):
        settings.resolve(config)
