"""A class on a JupyterHub: learners who follow the link, run a lesson and drag its sliders, all at once.

Run by hand on Linux, from the top folder of a clone, in an environment of its own beside the course's:

    pip install -r tests/requirements.txt jupyterhub && npm install -g configurable-http-proxy
    python tests/benchmarks/hub_load.py --learners 20 --lesson 01

A real JupyterHub stands on this machine's loopback with a server for each test account, spawned as a
process. Each learner follows the nbgitpuller link (a clone of this repository), opens the lesson, runs
every cell over the websocket messages that JupyterLab sends, then drags: as in JupyterLab, one move is
under way at a time, and the next is sent when its answer is complete. A drag of two seconds is followed by
a pause of about `--pause` seconds. Update latency goes from sending a move to having the new picture. One
more learner sits at a real browser: logs in, follows the link, runs the lesson, presses arrow keys; there
latency goes from key to picture. Clients, browser, hub and kernels share the processors, so servers on
machines of their own do better. Memory counts shared pages once: on one machine all servers share the pages
of the libraries, in containers they do not.

Measured with 20 learners and no browser on 2 cores of an Intel Xeon (Sapphire Rapids, virtual machine) with 24 GiB and
nothing else to do, Linux, Python 3.11, JupyterHub 6.1, 2026-11-22, lesson 01:

    learners without any trouble 20 of 20
                                                   median     95 %
    server starts, s                                   33       37
    course fetched by the link, s                       7        9
    lesson opened, kernel ready, s                      6        7
    lesson run, s                                     445      450
    move to picture, ms, 1,739 moves                  111      347
    moves without a new picture                         0
    most memory of a learner, MB                     1060     1102
    the same, all 20 at the fullest moment           1047
    processor of a learner, s                          50       51
    hub and proxy, MB                                 179
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "shared"))

import browser
import numpy as np
import psutil
from freeweights.local import download
from hub_class import TOP, Class, Learner
from kernel_client import PATIENCE
from tornado.httpclient import AsyncHTTPClient

CONFIG = """
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub_port}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{secret}"
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{scratch}/homes/{{username}}"
c.Spawner.args = ["--allow-root"]
c.Spawner.environment = {{"FREEWEIGHTS_CACHE": "{weights}", "OPENBLAS_NUM_THREADS": "1",
    "PYTHONPATH": lambda spawner: f"{scratch}/homes/{{spawner.user.name}}/course/lib"}}
c.Spawner.start_timeout = c.Spawner.http_timeout = {patience}
c.JupyterHub.services = [{{"name": "load", "api_token": "{secret}"}}]
c.JupyterHub.load_roles = [{{"name": "load", "services": ["load"], "scopes":
    ["admin:users", "admin:servers", "tokens", "access:servers"]}}]
"""


def use_by_learner(hub: psutil.Process) -> dict[str, np.ndarray]:
    """Bytes of memory and seconds of processor of each learner's server and kernels; "" is hub and proxy."""
    total: dict[str, np.ndarray] = {}
    for process in [hub, *hub.children(recursive=True)]:
        try:
            owner = process.environ().get("JUPYTERHUB_USER", "")
            used = [process.memory_full_info().pss, sum(process.cpu_times()[:2])]
            total[owner] = total.get(owner, 0) + np.array(used)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return total


async def watch(hub: psutil.Process, seen: list[dict[str, np.ndarray]]) -> None:
    """Measure every three seconds until cancelled."""
    while True:
        seen.append(await asyncio.to_thread(use_by_learner, hub))
        await asyncio.sleep(3)


async def lesson_of_a_class(
    room: Class, learners: list[Learner], probe: Learner | None, hub: psutil.Process
) -> list:
    """Let all attend at once; the measurements of memory."""
    seen: list[dict[str, np.ndarray]] = []
    watcher = asyncio.ensure_future(watch(hub, seen))
    await asyncio.gather(*map(room.attend, learners), *([room.sit_at_a_browser(probe)] if probe else []))
    watcher.cancel()
    return seen


def spread(values: list[float], scale: float = 1.0) -> str:
    """Median and 95th percentile."""
    return (
        "{:8.0f} {:8.0f}".format(*(scale * np.percentile(values, [50, 95])))
        if values
        else "       -        -"
    )


def report(learners: list[Learner], probe: Learner | None, seen: list[dict[str, np.ndarray]]) -> None:
    """Print the table."""
    whole = [one for one in learners if not one.troubles and not one.unanswered and one.latencies]
    print(f"    learners without any trouble {len(whole)} of {len(learners)}")
    print(f"    {'':44} {'median':>8} {'95 %':>8}")
    for step, said in [("server", "server starts, s"), ("fetch", "course fetched by the link, s"),
                       ("open", "lesson opened, kernel ready, s"), ("run", "lesson run, s")]:  # fmt: skip
        print(f"    {said:44} {spread([one.seconds[step] for one in learners if step in one.seconds])}")
    moves = [latency for one in learners for latency in one.latencies]
    print(f"    {f'move to picture, ms, {len(moves):,} moves':44} {spread(moves, 1e3)}")
    print(f"    {'moves without a new picture':44} {sum(one.unanswered for one in learners):8}")
    most = [max((now[one.name][0] for now in seen if one.name in now), default=0) for one in learners]
    print(f"    {'most memory of a learner, MB':44} {spread(most, 1e-6)}")
    peak = max(seen, key=lambda now: sum(use[0] for use in now.values()))
    heads = [use[0] for name, use in peak.items() if name]
    print(f"    {f'the same, all {len(heads)} at the fullest moment':44} {np.mean(heads) / 1e6:8.0f}")
    print(
        f"    {'processor of a learner, s':44} {spread([seen[-1][one.name][1] for one in learners if one.name in seen[-1]])}"
    )
    print(f"    {'hub and proxy, MB':44} {max(now[''][0] for now in seen) / 1e6:8.0f}")
    if probe:
        said = f"browser: key to picture, ms, {len(probe.latencies)} keys"
        print(f"    {said:44} {spread(probe.latencies, 1e3)}")
        steps = ", ".join(f"{step} {seconds:.0f} s" for step, seconds in probe.seconds.items())
        print(f"    browser: {steps}; {probe.unanswered} keys without a new picture")
    for one in [*learners, *([probe] if probe else [])]:
        for trouble in dict.fromkeys(one.troubles):
            print(f"    {one.name}: {trouble[:200]}")


def main() -> None:
    """Start a hub, let a class attend, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--learners", type=int, default=20)
    parser.add_argument("--lesson", default="01", help="how its file name begins")
    parser.add_argument("--pause", type=float, default=4.0, help="mean seconds between two drags")
    parser.add_argument("--no-browser", action="store_true")
    given = parser.parse_args()
    (lesson,) = (TOP / "notebooks").glob(f"{given.lesson}*.ipynb")
    download.smollm2()  # once, as an image has it
    secret, ports = secrets.token_hex(16), [browser.free_port() for _ in range(3)]
    with tempfile.TemporaryDirectory() as scratch:
        config = Path(scratch) / "jupyterhub_config.py"
        config.write_text(CONFIG.format(
            port=ports[0], hub_port=ports[1], proxy_port=ports[2], secret=secret, scratch=scratch,
            weights=download.cache_folder(), patience=PATIENCE,
        ))  # fmt: skip
        log = Path(scratch) / "hub.log"
        with log.open("w") as file:
            command = [sys.executable, "-m", "jupyterhub", f"--config={config}"]
            # The hub starts servers by name: they are found beside this Python.
            found = os.environ | {
                "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
            }
            hub = subprocess.Popen(command, cwd=scratch, stdout=file, stderr=file, env=found)
        try:
            browser.wait_for(f"http://127.0.0.1:{ports[0]}/hub/api", hub, log)
            room = Class(f"http://127.0.0.1:{ports[0]}", secret, lesson, given.pause)
            learners = [Learner(f"learner-{number:02}") for number in range(given.learners)]
            probe = None if given.no_browser else Learner("at-a-browser")
            report(
                learners,
                probe,
                asyncio.run(lesson_of_a_class(room, learners, probe, psutil.Process(hub.pid))),
            )
        finally:
            hub.terminate()
            hub.wait(60)


if __name__ == "__main__":
    AsyncHTTPClient.configure(None, max_clients=1000, max_body_size=1 << 28)
    main()
