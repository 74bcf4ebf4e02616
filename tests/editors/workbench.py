"""The workbench as a person sees and uses it: keys, lists, texts. The only place that knows VS Code's element names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Locator, Page, expect

START = 60_000
"""Milliseconds that the workbench and the extension may take to be there, on a machine that does something else too."""
SOON = 20_000
"""Milliseconds for anything that is expected to follow from what was just done."""


class Workbench:
    def __init__(self, page: Page, pictures: Path) -> None:
        self.page = page
        self._pictures = pictures

    def wait_until_open(self) -> None:
        self.page.locator(".monaco-workbench").wait_for(timeout=START)
        self.page.locator(".explorer-folders-view .monaco-list-row").first.wait_for(timeout=START)

    def reload(self) -> None:
        """What 'Developer: Reload Window' does in a browser: the extension's host ends and a new one starts."""
        self.page.reload(timeout=START, wait_until="commit")
        self.wait_until_open()

    # What is shown

    @property
    def status(self) -> Locator:
        """Locus's item in the status bar."""
        return self.page.locator(".statusbar-item[id='locus.locus.locus.status']")

    def wait_for_status(self, text: str | re.Pattern[str], milliseconds: int = SOON) -> str:
        expect(self.status).to_contain_text(text, timeout=milliseconds)
        return self.status_text()

    def wait_until_idle(self) -> str:
        """Until nothing is going on, nothing has failed and nothing waits for an answer."""
        self.status.locator(".codicon-check").wait_for(timeout=SOON)
        return self.status_text()

    def status_text(self) -> str:
        return plain(self.status)

    def status_bar(self) -> list[str]:
        return [plain(item) for item in self.page.locator(".statusbar-item").all() if item.is_visible()]

    def notification(self, text: str | re.Pattern[str]) -> Locator:
        return self.page.locator(".notification-toast", has_text=text)

    def progress(self, text: str | re.Pattern[str]) -> Locator:
        """Work-done progress, which VS Code shows beside Locus's own item."""
        return self.page.locator(".statusbar-item[id='status.progress']", has_text=text)

    def wait_for_log(self, name: str) -> None:
        """Until the output panel shows this log. Its lines are not looked at: the panel reads them from log files,
        which this installation of code-server cannot write (see install.py)."""
        shown = self.page.locator(".panel select[aria-label='Switch Output']").first.locator("option:checked")
        expect(shown).to_have_text(name, timeout=SOON)

    def screenshot(self, name: str) -> None:
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png", animations="disabled")

    # What a person does

    def palette(self, command: str, *, picture: str | None = None) -> None:
        """Runs a command from the command palette. `picture` names a screenshot of the palette just before."""
        self.page.keyboard.press("F1")
        self.page.locator(".quick-input-widget input").first.wait_for(timeout=SOON)
        self.page.keyboard.type(command)
        row = self.row(command)
        row.wait_for(timeout=SOON)
        if picture is not None:
            self.screenshot(picture)
        row.click()

    def row(self, text: str) -> Locator:
        """A row of the quick pick that is open."""
        return self.page.locator(".quick-input-list .monaco-list-row", has_text=text).first

    def input(self) -> Locator:
        """The text field of the input box that is open."""
        field = self.page.locator(".quick-input-widget .quick-input-box input")
        field.wait_for(timeout=SOON)
        return field

    def open_file(self, name: str) -> None:
        self.page.locator(".explorer-folders-view .monaco-list-row", has_text=name).first.dblclick()
        self.page.locator(f".tab[data-resource-name='{name}']").wait_for(timeout=SOON)
        self.page.locator(".monaco-editor .view-line").first.wait_for(timeout=SOON)

    def select_lines(self, first: int, last: int) -> None:
        """Selects whole lines of the open file, 1-based, with the keyboard."""
        self.page.locator(".monaco-editor .view-line").first.click()
        self.page.keyboard.press("Control+Home")
        for _ in range(first - 1):
            self.page.keyboard.press("ArrowDown")
        for _ in range(last - first):
            self.page.keyboard.press("Shift+ArrowDown")
        self.page.keyboard.press("Shift+End")

    def buttons(self, notification: Locator) -> list[str]:
        """Of a notification. One that VS Code has cut short ends in an ellipsis."""
        cut = "button => button.textContent + (button.scrollWidth > button.clientWidth ? '…' : '')"
        return [str(button.evaluate(cut)) for button in notification.locator(".monaco-text-button").all()]

    def press_button(self, notification: Locator, label: str | re.Pattern[str]) -> None:
        notification.locator(".monaco-button", has_text=label).first.click()


def plain(locator: Locator) -> str:
    """Text as a person reads it: VS Code draws spaces as no-break spaces, and icons as empty elements."""
    return " ".join((locator.text_content() or "").replace("\u00a0", " ").split())


@contextlib.contextmanager
def window(browser: Browser, address: str, folder: Path, pictures: Path, name: str) -> Iterator[Workbench]:
    """A window on the folder. When the test fails, what it looked like then is kept as `failed-<name>.png`."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    try:
        # Only the loopback server is spoken to.
        context.route(lambda url: not url.startswith(address), lambda route: route.abort())
        workbench = Workbench(context.new_page(), pictures)
        workbench.page.goto(f"{address}/?folder={quote(str(folder))}", timeout=START, wait_until="commit")
        try:
            workbench.wait_until_open()
            yield workbench
        except BaseException:
            workbench.screenshot(f"failed-{name}")
            raise
    finally:
        context.close()
