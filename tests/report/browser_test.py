"""The page in a real browser."""

import itertools

import pytest
from selenium.webdriver.common import by, keys
from selenium.webdriver.support import select

from teledp_jax.report import card, receiver, run_files, tables, template
from tests.report import browser

CSS = by.By.CSS_SELECTOR


@pytest.fixture(scope="module")
def chrome():
    with browser.opened() as found:
        yield found


@pytest.fixture
def page(chrome, written):
    browser.show(chrome, written)
    return chrome


def shown(page, selector):
    return [one for one in page.find_elements(CSS, selector) if one.is_displayed()]


def press(page, *names):
    for name in names:
        page.switch_to.active_element.send_keys(getattr(keys.Keys, name))


def lightness(page, name):
    color = page.execute_script(
        f"return getComputedStyle(document.body).{name}.match(/\\d+/g)"
    )
    return sum(map(int, color[:3])) / 3


def cells(page, row_selector, column):
    return page.execute_script(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((row) => row.cells[arguments[1]].textContent.trim())",
        row_selector,
        column,
    )


def test_the_page_asks_for_nothing_and_reports_no_error(page):
    assert page.get_log("browser") == []
    loaded = page.execute_script(
        "return performance.getEntriesByType('resource').map((entry) => entry.name)"
    )
    assert loaded == []


def test_a_heading_sorts_its_table_up_and_then_down(page):
    rows, column = "#verdict table.matrix tbody tr", 1  # dpsgd_vae
    assert cells(page, rows, column) == ["✗ 0 %", "✗ 40 %", "? not judged"]
    page.find_elements(CSS, "#verdict table.matrix thead button")[column].click()
    assert cells(page, rows, column) == ["✗ 0 %", "✗ 40 %", "? not judged"]
    head = page.find_elements(CSS, "#verdict table.matrix thead th")[column]
    assert head.get_attribute("aria-sort") == "ascending"
    page.find_elements(CSS, "#verdict table.matrix thead button")[column].click()
    assert cells(page, rows, column) == ["✗ 40 %", "✗ 0 %", "? not judged"]
    assert head.get_attribute("aria-sort") == "descending"


def test_questions_are_found_by_their_words_and_by_grade(page):
    assert len(shown(page, "details.query")) == 3
    search = page.find_element(CSS, "#query-search")
    search.send_keys("MEMORY laptops")
    assert len(shown(page, "details.query")) == 1
    assert page.find_element(CSS, "#query-count").text == "1 of 3 questions"
    search.clear()
    search.send_keys(keys.Keys.SPACE)
    grades = select.Select(page.find_element(CSS, "#query-grade"))
    grades.select_by_visible_text("pe: to use")
    (found,) = shown(page, "details.query")
    assert "Which vendors' laptops crash most?" in found.text


def test_a_link_of_the_first_screen_opens_its_question(page):
    body = "#query-ram_hist"
    assert not shown(page, body)
    page.find_element(CSS, f"#overview a[href='{body}']").click()
    (found,) = shown(page, body)
    assert "WHERE" not in found.text and "How right the answers are" in found.text


def test_arrow_keys_step_through_the_numbers_of_a_chart(page):
    page.execute_script("location.hash = '#query-crash_by_vendor'")
    chart = page.find_element(CSS, "#query-crash_by_vendor .chart")
    page.execute_script("arguments[0].focus()", chart)
    press(page, "ARROW_DOWN")
    tip = page.find_element(CSS, "#tip")
    assert tip.text.splitlines()[:2] == ["Dell", "real 1,234"]
    press(page, "ARROW_DOWN")
    assert tip.text.splitlines()[:2] == ["HP", "real 617"]
    press(page, "ESCAPE")
    assert not tip.is_displayed()


def test_the_first_tab_offers_to_skip_to_the_content(page):
    page.find_element(CSS, "body").send_keys(keys.Keys.TAB)
    focused = page.switch_to.active_element
    assert focused.text == "Skip to the content" and focused.is_displayed()


@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_screen(chrome, written, width):
    browser.show(chrome, written, width=width)
    chrome.execute_script(
        "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
    )
    reached = chrome.execute_script("return document.documentElement.scrollWidth")
    assert reached <= width


def test_a_dark_screen_gets_light_words_on_dark(chrome, written):
    browser.show(chrome, written)
    assert lightness(chrome, "color") < 80
    assert lightness(chrome, "backgroundColor") > 200
    browser.show(chrome, written, scheme="dark")
    assert lightness(chrome, "color") > 200
    assert lightness(chrome, "backgroundColor") < 80


def test_all_parts_open_and_fold_again(page):
    page.find_element(CSS, "button.fold[value=open]").click()
    assert not page.find_elements(CSS, "details:not([open])")
    page.find_element(CSS, "button.fold[value=fold]").click()
    assert not page.find_elements(CSS, "details[open]")


def test_paper_shows_what_is_open_in_dark_words_and_no_controls(chrome, written):
    browser.show(chrome, written, media="print", scheme="dark")
    for selector in ("nav", "button.fold", "#query-tools"):
        assert not shown(chrome, selector)
    assert shown(chrome, ".lists") and not shown(chrome, "#query-ram_hist")
    assert lightness(chrome, "color") < 80


def test_without_scripts_everything_is_there_but_the_tools(chrome, written):
    browser.show(chrome, written, scripts=False)
    assert not shown(chrome, "#query-tools")
    assert len(shown(chrome, "details.query > summary")) == 3
    assert shown(chrome, "#verdict table.matrix")
    chrome.get(f"{written.as_uri()}#query-ram_hist")
    assert shown(chrome, "#query-ram_hist")  # the browser opens it
    assert chrome.find_elements(CSS, "#query-ram_hist .hit > title")


def test_headings_step_by_one_and_tables_charts_and_fields_have_names(page):
    levels = page.execute_script(
        "return [...document.querySelectorAll('h1,h2,h3,h4,h5')]"
        ".map((head) => Number(head.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in itertools.pairwise(levels))
    nameless = page.execute_script(
        "return [...document.querySelectorAll("
        "'[role=region], [role=img], nav')].filter("
        "(one) => !one.getAttribute('aria-label')).length"
        " + [...document.querySelectorAll('input, select')].filter("
        "(one) => !one.labels.length).length"
        " + [...document.querySelectorAll('thead th, tbody th')].filter("
        "(one) => !one.scope).length"
    )
    assert nameless == 0


def test_the_page_of_a_release_fits_and_reports_no_error(chrome, release_run, suite):
    card.write(release_run, "pe", suite.schema)
    queries = run_files.queries_of(suite.folder / "queries", {}, [])
    path = receiver.write(release_run.release("pe"), queries)
    browser.show(chrome, path, width=400)
    chrome.find_element(CSS, "button.fold[value=open]").click()
    assert shown(chrome, "#query-ram_hist") and shown(chrome, "#columns table")
    assert chrome.execute_script("return document.documentElement.scrollWidth") <= 400
    assert chrome.get_log("browser") == []


def test_a_long_table_is_filtered_by_its_words(chrome, tmp_path):
    rows = [(f"app {i}", f"{i:,} s", f"{1.5 * i:g} min") for i in (*range(19), 2000)]
    environment = template.environment()
    source = environment.from_string(
        '{% from "parts.html.jinja" import grid %}<!DOCTYPE html>{{ grid(table) }}'
        '<div id="tip"></div><script>{% include "report.js" %}</script>'
    )
    path = tmp_path / "table.html"
    table = tables.of(("name", "time", "wait"), rows)
    path.write_text(source.render(table=table), encoding="utf-8")
    browser.show(chrome, path)
    chrome.find_element(CSS, ".filter input").send_keys("APP 27")
    assert [row.text.split()[1] for row in shown(chrome, "tbody tr")] == ["18"]
    chrome.find_elements(CSS, "thead button")[1].click()
    chrome.find_elements(CSS, "thead button")[1].click()
    assert cells(chrome, "tbody tr", 1)[:2] == ["2,000 s", "18 s"]
