import numpy as np
import pytest

from teledp_jax import errors
from teledp_jax.job import model_file

FACTS = {"method": "pe", "sizes": (1, 2), "noise": np.float32(0.5), "seed": None}
TREE = {"codes": np.arange(6, dtype=np.uint8).reshape(2, 3), "steps": {"n": 4}}


@pytest.fixture
def path(tmp_path):
    name = tmp_path / "some folder" / "one.model"
    model_file.write(name, FACTS, TREE)
    return name


def test_what_is_written_is_read(path):
    facts, tree = model_file.read(path)
    assert facts == {"method": "pe", "sizes": [1, 2], "noise": 0.5, "seed": None}
    np.testing.assert_array_equal(tree["codes"], TREE["codes"])
    assert tree["codes"].dtype == np.uint8
    assert tree["steps"]["n"] == 4


def test_equal_contents_make_equal_files(path, tmp_path):
    model_file.write(tmp_path / "two.model", FACTS, TREE)
    assert (tmp_path / "two.model").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("end", [0, 10, 60, -1])
def test_a_file_that_was_cut_is_refused(path, end):
    path.write_bytes(path.read_bytes()[:end])
    with pytest.raises(errors.InputError, match=r"one\.model: (is|has)") as caught:
        model_file.read(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("place", [-1, -40, 100, 40])
def test_one_changed_byte_is_found(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(errors.InputError, match="damaged"):
        model_file.read(path)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"PAR1....", "is no fitted model of teledp_jax"),
        (b"\x80\x04K\x01.", "is no fitted model of teledp_jax"),
        (b"teledp_jax fitted model 2 abc\n...", "has format 2, this .* reads format 1"),
    ],
)
def test_a_foreign_file_is_refused(path, content, match):
    path.write_bytes(content)
    with pytest.raises(errors.InputError, match=match):
        model_file.read(path)


def test_what_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(errors.InputError, match="absent: cannot be read"):
        model_file.read(tmp_path / "absent")
    with pytest.raises(errors.InputError, match="cannot be read"):
        model_file.read(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.InputError, match="cannot be written"):
        model_file.write(tmp_path / "file" / "one.model", FACTS, TREE)


def test_a_value_that_json_lacks_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(TypeError, match="got object"):
        model_file.write(tmp_path / "one.model", {"x": object()}, TREE)
    assert list(tmp_path.iterdir()) == []
