"""The page on methods of your own: its module is found, runs and is short."""

import sys

from tests import paths
from tests.docs import markdown

PAGE = paths.ROOT / "docs" / "tutorials" / "own-method.md"


def test_the_method_of_the_page_is_found_by_its_path(tmp_path, monkeypatch, capsys):
    module, use = markdown.blocks(PAGE)
    assert module.file == "lab/thresholded.py" and use.mark == "with-lab"
    assert len(module.text.splitlines()) <= 45
    (tmp_path / "lab").mkdir()
    (tmp_path / module.file).write_text(module.text)
    monkeypatch.syspath_prepend(tmp_path)
    exec(compile(use.text, str(PAGE), "exec"), {})
    for name in ("lab", "lab.thresholded"):
        sys.modules.pop(name)
    assert "Windows" in capsys.readouterr().out
