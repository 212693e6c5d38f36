import jinja2
import pytest

from teledp_jax.report import template


def render(folder, text: str, *, autoescape: bool = True, **facts) -> str:
    (folder / "own.jinja").write_text(text)
    environment = template.environment(folder, autoescape=autoescape)
    return environment.get_template("own.jinja").render(**facts)


def test_what_is_shown_is_escaped(tmp_path):
    assert render(tmp_path, "{{ x }}", x="<b>") == "&lt;b&gt;"
    assert render(tmp_path, "{{ x }}", x="<b>", autoescape=False) == "<b>"


def test_a_name_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(jinja2.UndefinedError, match="absent"):
        render(tmp_path, "{{ absent }}")


def test_a_cell_of_a_markdown_table_does_not_split_it(tmp_path):
    assert render(tmp_path, "{{ x | cell }}", x="a|b", autoescape=False) == "a\\|b"
