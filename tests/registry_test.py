"""Methods of your own: found by a dotted path, and held to the contract."""

import textwrap

import pytest

import teledp_jax as teledp
from teledp_jax import errors, registry
from teledp_jax.job import provenance
from teledp_jax.methods import histogram

SCHEMA = teledp.schema(
    teledp.anchor("devices", {"os": teledp.category(["a", "b"])}), device="guid"
)
OWN = """
    import dataclasses
    import functools
    import numpy as np
    from teledp_jax import arrays, base
    from teledp_jax.privacy import split

    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Config:
        share: float = 0.5

    def fit(streams, devices, context):
        context.progress(1, 1, {})
        return {TREE}

    def sample(key, fitted, count):
        codes = np.full((COUNT, 1, 1), CODE, np.uint8)
        return {"devices": arrays.from_padded(codes, np.ones((COUNT, 1), bool))}

    def make(config, schema, budget):
        made = split.calibrate([split.Counts("sigma", 1)], budget)
        return base.Synthesizer(EVENT, fit, sample, {})
"""
WHOLE = {
    "TREE": '"share": np.float32(0.5)',
    "COUNT": "count",
    "CODE": "1",
    "EVENT": 'made.event_of("sigma")',
}


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes a module of a method with some parts replaced; gives its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def written(**parts):
        name = f"own{len(list(tmp_path.glob('*.py')))}_{abs(hash(str(parts))) % 10**6}"
        text = textwrap.dedent(OWN)
        for part, value in (WHOLE | parts).items():
            text = text.replace(part, value)
        folder = tmp_path / f"lab_{name}"
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / f"{name}.py").write_text(text)
        return f"lab_{name}.{name}"

    return written


def fitted(name):
    devices = teledp.encode({"devices": {"guid": ["p"], "os": ["a"]}}, SCHEMA)
    return teledp.fit(devices, name, epsilon=2.0, delta=1e-5, seed=0)


def test_a_module_anywhere_is_a_method(write):
    name = write()
    made = fitted(name)
    assert made.method == name
    assert made.sample(3)["devices"]["os"].to_pylist() == ["a"] * 3
    config = registry.method(name).Config(share=0.2)
    assert registry.entry(config).to_dict() == {"method": name, "share": 0.2}
    assert fitted(config).method == name


def test_its_code_counts_among_what_a_stage_depends_on(write):
    one, two = write(), write(CODE="2")
    for name in (one, two):
        registry.method(name)
    found = {path.name for path in provenance.closure(one)}
    assert {one.rpartition(".")[2] + ".py", "split.py"} <= found
    assert provenance.code_hash(one) != provenance.code_hash(two)


@pytest.mark.parametrize(
    ("parts", "match"),
    [
        ({"TREE": "1: object()"}, "fit must return a dict of arrays and numbers"),
        ({"COUNT": "5"}, "sample gave 5 devices, not the 3 asked for"),
        ({"CODE": "7"}, "sample broke the schema: .*a code is outside of its domain"),
        ({"EVENT": "2.0"}, "the event is float, not a dp_accounting.DpEvent"),
        (
            {"return base.Synthesizer(": "return list((", "fit, sample, {})": "fit))"},
            "make returned list, not a base.Synthesizer",
        ),
        (
            {"EVENT": "__import__('dp_accounting').GaussianDpEvent(0.5)"},
            r"would cost epsilon \d+\.\d+, above 2; .* Nothing was read",
        ),
    ],
)
def test_each_breach_of_the_contract_is_one_message(parts, match, write):
    name = write(**parts)
    with pytest.raises(errors.InputError, match=match) as caught:
        fitted(name).sample(3)
    assert str(caught.value).startswith(name) and "\n" not in str(caught.value)


def test_a_name_that_is_no_method_is_refused(write):
    with pytest.raises(errors.InputError, match=r"known: aim, .* dotted path"):
        registry.method("nothing")
    with pytest.raises(errors.InputError, match=r"finds no module lab\.nothing"):
        registry.method("lab.nothing")
    with pytest.raises(
        errors.InputError, match=r"json\.decoder: has no dataclass Config"
    ):
        registry.method("json.decoder")


def test_methods_of_the_package_keep_their_short_names():
    assert registry.entry(histogram.Config())["method"] == "histogram"
    assert registry.module_name("histogram") == "teledp_jax.methods.histogram"
