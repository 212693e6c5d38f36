"""Links of pages lead to files, and their fragments to headings."""

import re

from tests import paths

PAGES = [*paths.ROOT.glob("*.md"), *paths.ROOT.glob("docs/**/*.md")]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")


def headings(text: str) -> set[str]:
    """Fragments of a page, as GitHub and Sphinx make them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles
    }


def test_links_of_pages_lead_somewhere():
    broken = []
    for page in PAGES:
        for target, fragment in LINK.findall(page.read_text("utf-8")):
            file = page.parent / target if target else page
            if not file.exists():
                broken.append((page.name, target))
            elif fragment and fragment not in headings(file.read_text("utf-8")):
                broken.append((page.name, f"{target}#{fragment}"))
    assert len(PAGES) > 20 and not broken
