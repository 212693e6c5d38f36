"""Which files a module consists of."""

import pytest

from teledp_jax.job import provenance

FILES = {
    "a.py": "from demo import b\nimport demo.rooms.c\n",
    "b.py": "from demo.rooms.d import thing\n",
    "other.py": "",
    "rooms/c.py": "import os\nimport numpy\n",
    "rooms/d.py": "def thing():\n    from demo import late\n",
    "late.py": "",
    "rooms/rates.yaml": "x: 1\n",
    "rooms/__init__.py": "",
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of a few files, of which `demo.a` needs all but one."""
    for name, text in FILES.items():
        path = tmp_path / "demo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path / "demo")
    return tmp_path / "demo"


def names(package, module, **options):
    found = provenance.closure(module, **options)
    return {str(path.relative_to(package)) for path in found}


def test_a_closure_holds_what_is_imported_at_any_depth(package):
    assert names(package, "demo.a") == {
        "a.py", "b.py", "rooms/c.py", "rooms/d.py", "late.py"
    }  # fmt: skip
    assert names(package, "demo.other") == {"other.py"}


def test_what_is_left_out_is_not_followed(package):
    assert names(package, "demo.a", without=["demo.b"]) == {"a.py", "rooms/c.py"}


def test_a_hash_follows_code_and_data_of_the_closure_only(package):
    first = provenance.code_hash("demo.a")
    (package / "other.py").write_text("# a comment\n")
    (package / "rooms" / "._rates.yaml").write_bytes(b"\xff")
    assert provenance.code_hash("demo.a") == first
    (package / "rooms" / "rates.yaml").write_text("x: 2\n")
    second = provenance.code_hash("demo.a")
    (package / "rooms" / "d.py").write_text(FILES["rooms/d.py"] + "X = 1\n")
    assert len({first, second, provenance.code_hash("demo.a")}) == 3


def test_words_about_the_code_do_not_change_its_hash(package):
    first = provenance.code_hash("demo.a")
    text = FILES["rooms/d.py"].replace("\n", "  # why\n")
    (package / "rooms" / "d.py").write_text(f"'About it.'\n\n{text}")
    assert provenance.code_hash("demo.a") == first


def test_a_module_that_is_not_imported_has_no_closure(package):
    with pytest.raises(ValueError, match=r"module='no\.such'"):
        provenance.closure("no.such")


def test_a_description_names_command_versions_and_hardware(monkeypatch):
    monkeypatch.setattr("sys.argv", ["/any/where/teledp run", "--config=a.py"])
    found = provenance.describe()
    assert found["command"] == "teledp run --config=a.py"
    assert {"teledp_jax", "jax", "python"} <= set(found["versions"])
