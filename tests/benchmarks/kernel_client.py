"""A kernel over the websocket that JupyterLab uses: for `hub_load.py`."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from dataclasses import dataclass, field

PATIENCE = 900  # seconds for any one thing
SLIDERS = ("IntSliderModel", "FloatSliderModel")


@dataclass
class Asked:
    """A message under way: when it was sent, when its picture came, what went wrong, and its end."""

    sent: float
    done: asyncio.Future
    picture: float | None = None
    errors: list[str] = field(default_factory=list)


class Kernel:
    """One kernel over the websocket that JupyterLab uses; it notes the sliders that the kernel makes."""

    def __init__(self, socket):
        self._socket, self._asked, self.sliders = socket, {}, {}
        self._session = uuid.uuid4().hex
        self._reader = asyncio.ensure_future(self._read())

    async def ask(self, kind: str, content: dict) -> Asked:
        """Send a message and wait until the kernel has dealt with it."""
        key = uuid.uuid4().hex
        header = {"msg_id": key, "msg_type": kind, "session": self._session, "username": "", "version": "5.3",
                  "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}  # fmt: skip
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "buffers": []}
        asked = self._asked[key] = Asked(time.perf_counter(), asyncio.get_running_loop().create_future())
        await self._socket.write_message(json.dumps(message | {"channel": "shell"}))
        await asyncio.wait_for(asked.done, PATIENCE)
        return self._asked.pop(key)

    async def _read(self) -> None:
        while (text := await self._socket.read_message()) is not None:
            if isinstance(text, bytes):
                continue  # only messages with buffers come so; pictures of panels are HTML
            message = json.loads(text)
            kind, content = message["header"]["msg_type"], message["content"]
            if kind == "comm_open" and content["data"].get("state", {}).get("_model_name") in SLIDERS:
                self.sliders[content["comm_id"]] = content["data"]["state"]
            asked = self._asked.get(message["parent_header"].get("msg_id"))
            if asked is None or asked.done.done():
                continue
            if kind == "update_display_data":
                asked.picture = time.perf_counter()
            elif kind == "error":
                asked.errors.append(f"{content['ename']}: {content['evalue']}")
            elif kind == "status" and content["execution_state"] == "idle":
                asked.done.set_result(None)
        for asked in self._asked.values():
            if not asked.done.done():
                asked.done.set_exception(ConnectionError("the kernel's connection was closed"))
