"""Opens pages in a headless Chromium, the one that the machine has."""

import contextlib
import pathlib
import shutil
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.chrome import service as chrome_service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


@contextlib.contextmanager
def opened() -> Iterator[webdriver.Chrome]:
    """Starts a browser; skips where the machine has none."""
    found = [path for name in _BROWSERS if (path := shutil.which(name))]
    driver = shutil.which("chromedriver")
    if not found or driver is None:
        pytest.skip("no Chromium with chromedriver: .ci/browser installs them")
    options = webdriver.ChromeOptions()
    options.binary_location = found[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in _FLAGS:
        options.add_argument(flag)
    chrome = webdriver.Chrome(options, chrome_service.Service(driver))
    try:
        yield chrome
    finally:
        chrome.quit()


def show(
    chrome: webdriver.Chrome,
    page: pathlib.Path,
    *,
    width: int = 1280,
    scheme: str = "light",
    media: str = "",
    scripts: bool = True,
) -> None:
    """Opens a page anew, for a screen or paper of that kind."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},  # no waiting for scrolls
    ]
    for command, fields in (
        ("Emulation.setDeviceMetricsOverride", metrics),
        ("Emulation.setEmulatedMedia", {"media": media, "features": features}),
        ("Emulation.setScriptExecutionDisabled", {"value": not scripts}),
    ):
        chrome.execute_cdp_cmd(command, fields)
    chrome.get("about:blank")  # so that a part of the address is no shortcut
    chrome.get(page.as_uri())
