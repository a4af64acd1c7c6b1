"""The real browser: what it was answered, what it complains of, what it downloads."""

import json
import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "Pages"))
from mock.browser import Browser  # noqa: E402

# Nothing leaves this machine, whatever the browser would like to look up or update by itself.
ALONE = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--no-first-run", "--no-default-browser-check"]


class Chromium(Browser):
    def __init__(self, downloads):
        super().__init__(*ALONE, performance="ALL")
        self.downloads = downloads
        self.answers, self.fields = [], []
        self.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(downloads)})
        self.look(1280)

    def drop(self, selector, paths):
        """Drags files from a folder onto an element, through the browser's own drag and drop: the page gets trusted events."""
        box = self.js("""
            const element = document.querySelector(arguments[0]);
            element.scrollIntoView();
            const { x, y, width, height } = element.getBoundingClientRect();
            return [x + width / 2, y + height / 2];""", selector)
        data = {"items": [], "files": [os.fspath(path) for path in paths], "dragOperationsMask": 1}
        for step in ("dragEnter", "dragOver", "drop"):
            self.driver.execute_cdp_cmd("Input.dispatchDragEvent", {"type": step, "x": box[0], "y": box[1], "data": data})

    def slow_down(self, bytes_a_second):
        """-1: as fast as it goes."""
        self.driver.execute_cdp_cmd("Network.enable", {})
        self.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {
            "offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second})

    def responses(self):
        """All answers so far, redirections too, as (URL, status, headers by lower-case name, type)."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            parameters = message["params"]
            response = {"Network.responseReceived": parameters.get("response"),
                        "Network.requestWillBeSent": parameters.get("redirectResponse")}.get(message["method"])
            if response:
                self.answers.append((response["url"], response["status"], self._lowered(response["headers"]), parameters["type"]))
            if message["method"] == "Network.responseReceivedExtraInfo":
                self.fields.append(self._lowered(parameters["headers"]))
        return self.answers

    def raw_fields(self):
        """The headers of all answers so far as they came in, with those that the browser acts on and then keeps to itself."""
        self.responses()
        return self.fields

    @staticmethod
    def _lowered(headers):
        return {name.lower(): value for name, value in headers.items()}
