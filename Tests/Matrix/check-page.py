"""Checks a page of results in Chromium, which chromedriver drives.

usage: check-page.py <page> [--screenshots <directory>]

Prints a line for each thing that holds and ends with status 1 at the first that does not.
"""

import argparse
import base64
import json
import pathlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

TAB, ENTER = "\ue004", "\ue007"


class Browser:
    """A session of the WebDriver protocol (W3C WebDriver 2)."""

    def __init__(self, dark=False):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.driver = subprocess.Popen(
            ["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.base = f"http://127.0.0.1:{port}"
        for _ in range(100):
            try:
                self.call("GET", "/status")
                break
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        # No sandbox: containers rarely let root have one. No hosts: whatever the page asks of the network fails.
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
        if dark:
            arguments.append("--force-dark-mode")
        options = {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": options}})
        self.base += f"/session/{answer['sessionId']}"

    def call(self, method, path, body=None):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, page):
        self.call("POST", "/url", {"url": pathlib.Path(page).resolve().as_uri()})

    def resize(self, width, height):
        self.call("POST", "/window/rect", {"width": width, "height": height})

    def run(self, script):
        return self.call("POST", "/execute/sync", {"script": script, "args": []})

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def screenshot(self, file):
        file.write_bytes(base64.b64decode(self.call("GET", "/screenshot")))

    def complaints(self):
        return self.call("POST", "/se/log", {"type": "browser"})

    def close(self):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


def check(sentence, holds):
    print(f"{'ok' if holds else 'not ok'} - {sentence}")
    if not holds:
        sys.exit(1)


# Texts whose contrast with what is behind them is under 4.5 (WCAG 2.2, 1.4.3), or 3 where they are large.
CONTRAST = """
const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const parse = text => text.match(/[\\d.]+/g).map(Number);
const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const behind = element => {
  for (; element; element = element.parentElement) {
    const colour = parse(getComputedStyle(element).backgroundColor);
    if (colour.length < 4 || colour[3] > 0) return colour;
  }
  return [255, 255, 255];
};
const poor = [];
for (const element of document.body.querySelectorAll('*')) {
  const text = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  if (!text || !element.checkVisibility() || element.closest('.hidden, .skip')) continue;
  const style = getComputedStyle(element);
  const [one, two] = [luminance(parse(element.closest('svg') ? style.fill : style.color)), luminance(behind(element))];
  const ratio = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
  const size = parseFloat(style.fontSize);
  if (ratio < (size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5))
    poor.push(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
}
return [...new Set(poor)];
"""


def check_colours(browser, name):
    poor = browser.run(CONTRAST)
    check(f"texts stand out from what is behind them, {name}" + "".join(f"\n# {line}" for line in poor), not poor)


def check_structure(browser):
    check("the page has one heading of the first level", browser.run("return document.querySelectorAll('h1').length") == 1)
    check(
        "every heading of the matrix says what it heads",
        browser.run("return [...document.querySelectorAll('.matrix th')].every(cell => cell.scope)"),
    )
    check(
        "every mark has words, and leads to a log",
        browser.run(
            "return [...document.querySelectorAll('a.mark')].every("
            "mark => mark.textContent.trim() && document.querySelector(mark.getAttribute('href')))"
        ),
    )
    check(
        "verdicts have a mark and a word beside their colour",
        browser.run(
            "return [...document.querySelectorAll('summary .badge')].every("
            "badge => badge.querySelector('svg') && badge.textContent.trim())"
        ),
    )
    check("ids are unique", browser.run(
        "const ids = [...document.querySelectorAll('[id]')].map(one => one.id); return new Set(ids).size === ids.length"))
    check("it loads nothing", browser.run("return performance.getEntriesByType('resource').length") == 0)


def check_keyboard(browser):
    browser.press(TAB)
    check("the first stop skips to the cells", browser.run("return document.activeElement.className") == "skip")
    for _ in range(200):
        browser.press(TAB)
        if browser.run("return document.activeElement.matches('.cell > summary')"):
            break
    check("Tab reaches a cell", browser.run("return document.activeElement.matches('.cell > summary')"))
    check(
        "what has the focus is marked",
        browser.run("return parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2,
    )
    was_open = browser.run("return document.activeElement.parentElement.open")
    browser.press(ENTER)
    check("Enter opens and closes a cell", browser.run("return document.activeElement.parentElement.open") != was_open)
    browser.run("document.querySelectorAll('details').forEach(one => one.open = false)")
    browser.run("document.querySelector('a.mark').focus()")
    browser.press(ENTER)
    check(
        "Enter on a mark opens its cell",
        browser.run(
            "return document.querySelector(document.querySelector('a.mark').getAttribute('href')).closest('details').open"
        ),
    )


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("page")
    arguments.add_argument("--screenshots", type=pathlib.Path, help="where to put pictures of the page")
    options = arguments.parse_args()
    for dark in (False, True):
        name = "dark" if dark else "light"
        browser = Browser(dark)
        try:
            for width in (1280, 500):
                browser.resize(width, 1000)
                browser.open(options.page)
                if width == 1280 and not dark:
                    check_structure(browser)
                    check_keyboard(browser)
                    browser.open(options.page)
                if options.screenshots:
                    browser.screenshot(options.screenshots / f"{name}-{width}.png")
                check(
                    f"nothing is wider than a window of {width} pixels, {name}",
                    browser.run("return document.documentElement.scrollWidth <= document.documentElement.clientWidth"),
                )
                browser.run("document.querySelectorAll('details').forEach(one => one.open = true)")
                check_colours(browser, f"{name}, {width} pixels")
            complaints = [one["message"] for one in browser.complaints()]
            check(f"the browser has no complaint, {name}" + "".join(f"\n# {one}" for one in complaints), not complaints)
        finally:
            browser.close()


main()
