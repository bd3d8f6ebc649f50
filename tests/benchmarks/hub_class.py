"""A class on a JupyterHub: what each learner does, in JupyterLab's messages, and one at a browser."""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import browser
import nbformat
from kernel_client import PATIENCE, Kernel
from nbformat.v4 import new_code_cell
from playwright.async_api import TimeoutError as NotSeen
from playwright.async_api import async_playwright
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

TOP = Path(__file__).parents[2]
DRAGS, DRAG_SECONDS = 6, 2.0
KEYS = 30
OWN_LIBRARY = new_code_cell(
    "import freeweights; from pathlib import Path; "
    "assert Path(freeweights.__file__).is_relative_to(Path.home()), freeweights.__file__"
)
ERRORS = '[data-mime-type="application/vnd.jupyter.error"]'
# In the browser: milliseconds from a key to the next change of a panel's picture.
WATCH = """() => {
    const panels = '.freeweights:has([role=status]) img';
    const picture = () => [...document.querySelectorAll(panels)].map(image => image.src).join();
    let pressed = null, shown = picture();
    window.latencies = [];
    document.addEventListener('keydown', event => { pressed = event.timeStamp; }, true);
    new MutationObserver(() => {
        if (pressed === null || picture() === shown) return;
        window.latencies.push(performance.now() - pressed);
        pressed = null;
        shown = picture();
    }).observe(document.body, {childList: true, subtree: true, attributes: true, attributeFilter: ['src']});
}"""


@dataclass
class Learner:
    """What one learner lived through: seconds of each step, latencies of moves, and what went wrong."""

    name: str
    seconds: dict[str, float] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    unanswered: int = 0
    troubles: list[str] = field(default_factory=list)


class Class:
    """The hub's address, the rights of a test account's owner, and the lesson."""

    def __init__(self, at: str, secret: str, lesson: Path, pause: float):
        self.at, self.secret, self.lesson, self.pause = at, secret, lesson, pause

    async def call(self, method: str, path: str, token: str, body: dict | None = None) -> bytes:
        """One request to the hub or to a learner's server."""
        headers, sent = {"Authorization": f"token {token}"}, None if body is None else json.dumps(body)
        request = HTTPRequest(
            f"{self.at}{path}",
            method,
            headers,
            sent,
            request_timeout=PATIENCE,
            allow_nonstandard_methods=True,
        )
        return (await AsyncHTTPClient().fetch(request)).body

    async def attend(self, learner: Learner) -> None:
        """All that one learner does; what goes wrong is noted."""
        try:
            token = await self._step(learner, "server", self._start(learner.name))
            await self._step(learner, "fetch", self._fetch(learner.name, token))
            kernel = await self._step(learner, "open", self._open(learner.name, token))
            await self._step(learner, "run", self._run(learner, kernel))
            await self._drag(learner, kernel)
        except (HTTPClientError, ConnectionError, TimeoutError, OSError, LookupError) as error:
            learner.troubles.append(f"{type(error).__name__}: {error}")

    async def _step(self, learner: Learner, name: str, work):
        start = time.perf_counter()
        result = await work
        learner.seconds[name] = time.perf_counter() - start
        return result

    async def _start(self, name: str) -> str:
        await self.call("POST", f"/hub/api/users/{name}", self.secret)
        token = json.loads(await self.call("POST", f"/hub/api/users/{name}/tokens", self.secret, {}))["token"]
        await self.call("POST", f"/hub/api/users/{name}/server", self.secret, {})
        for _ in range(PATIENCE * 4):
            servers = json.loads(await self.call("GET", f"/hub/api/users/{name}", self.secret))["servers"]
            if servers.get("", {}).get("ready"):
                return token
            await asyncio.sleep(0.25)
        raise TimeoutError("the server did not start")

    async def _fetch(self, name: str, token: str) -> None:
        question = urlencode({"repo": f"file://{TOP}", "targetpath": "course"})
        said = await self.call("GET", f"/user/{name}/git-pull/api?{question}", token)
        if b'"finished"' not in said:
            raise ConnectionError(f"nbgitpuller: {said[-300:].decode()}")

    async def _open(self, name: str, token: str) -> Kernel:
        path = f"course/{self.lesson.relative_to(TOP)}"
        await self.call("GET", f"/user/{name}/api/contents/{path}?content=1", token)
        wish = {"path": path, "name": self.lesson.name, "type": "notebook", "kernel": {"name": "python3"}}
        session = json.loads(await self.call("POST", f"/user/{name}/api/sessions", token, wish))
        at = f"ws{self.at.removeprefix('http')}/user/{name}/api/kernels/{session['kernel']['id']}/channels"
        request = HTTPRequest(at, headers={"Authorization": f"token {token}"}, request_timeout=PATIENCE)
        kernel = Kernel(await websocket_connect(request, max_message_size=1 << 28))
        await kernel.ask("kernel_info_request", {})
        return kernel

    async def _run(self, learner: Learner, kernel: Kernel) -> None:
        for cell in [OWN_LIBRARY, *nbformat.read(self.lesson, as_version=4).cells]:
            if cell.cell_type == "code":
                content = {
                    "code": cell.source,
                    "silent": False,
                    "store_history": True,
                    "user_expressions": {},
                }
                learner.troubles += (
                    await kernel.ask("execute_request", content | {"allow_stdin": False})
                ).errors

    async def _drag(self, learner: Learner, kernel: Kernel) -> None:
        if not kernel.sliders:
            raise LookupError("the lesson made no slider to drag")
        chance = random.Random(learner.name)
        for _ in range(DRAGS):
            await asyncio.sleep(chance.uniform(0, 2 * self.pause))
            slider, state = chance.choice(list(kernel.sliders.items()))
            low, high = state["min"], state["max"]
            value, until = state["value"], time.perf_counter() + DRAG_SECONDS
            while time.perf_counter() < until:
                value = state["value"] = low + (value - low + 1) % (high - low + 1)
                data = {"method": "update", "state": {"value": value}, "buffer_paths": []}
                asked = await kernel.ask("comm_msg", {"comm_id": slider, "data": data})
                learner.troubles += asked.errors
                if asked.picture is None:
                    learner.unanswered += 1
                else:
                    learner.latencies.append(asked.picture - asked.sent)

    async def sit_at_a_browser(self, learner: Learner) -> None:
        """Log in by the form, follow the link, run the lesson, press keys."""
        opens = f"lab/tree/course/{self.lesson.relative_to(TOP)}"
        question = urlencode({"repo": f"file://{TOP}", "targetpath": "course", "urlpath": opens})
        async with async_playwright() as play:
            chromium = await play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
            page = await chromium.new_page(viewport={"width": 1280, "height": 1000})
            page.set_default_timeout(PATIENCE * 1000)
            start = time.perf_counter()
            await page.goto(f"{self.at}/hub/user-redirect/git-pull?{question}")
            await page.fill("#username_input", learner.name)
            await page.fill("#password_input", self.secret)
            await page.click("#login_submit")
            await page.wait_for_selector("#jp-main-statusbar >> text=/\\| Idle/")
            learner.seconds["open"] = time.perf_counter() - start
            start = time.perf_counter()
            await page.click('.lm-MenuBar-itemLabel:text-is("Run")')
            await page.click('.lm-Menu-itemLabel:text-is("Run All Cells")')
            await page.wait_for_function(browser.READY)
            learner.seconds["run"] = time.perf_counter() - start
            handle = page.locator(".jp-Cell-outputArea:has(.freeweights) .noUi-handle").first
            await handle.focus()
            await page.evaluate(WATCH)
            for press in range(KEYS):
                await page.keyboard.press("ArrowRight" if press % 10 < 5 else "ArrowLeft")
                try:
                    seen = press - learner.unanswered
                    await page.wait_for_function("n => window.latencies.length > n", arg=seen, timeout=10_000)
                except NotSeen:
                    learner.unanswered += 1
            learner.latencies = [ms / 1000 for ms in await page.evaluate("window.latencies")]
            learner.troubles += await page.locator(ERRORS).all_inner_texts()
            await chromium.close()
