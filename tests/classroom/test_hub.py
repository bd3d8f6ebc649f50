"""What classroom/hub.md tells whoever runs a hub: its link, its two configurations, and its figures."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import launch_links
import pytest
import yaml
from freeweights.local import download
from saved import FENCE, LESSONS
from traitlets.config import Config

CLASSROOM = Path(__file__).parents[2] / "classroom"
PAGE = (CLASSROOM / "hub.md").read_text(encoding="utf-8")
KUBERNETES = yaml.safe_load((CLASSROOM / "z2jh.yaml").read_text(encoding="utf-8"))["singleuser"]
MEASURED = re.compile(r"^\| (\d\d) \| (\d+) \| (\d+) \|$", re.MULTILINE)
NAMED = re.compile(r"\b(\d\d)\b")


def link(address: str = "https://github.com/ORG/REPO") -> str:
    return launch_links.hub("https://hub.example.org", address)


def learners_folder() -> str:
    """Where the link puts the course, below a learner's home."""
    (opens,) = parse_qs(urlsplit(link()).query)["urlpath"]
    return opens.removeprefix("lab/tree/").partition("/")[0]


def bytes_of(size: str) -> int:
    """What JupyterHub makes of 450M or 2G: it counts in powers of 1,024."""
    return int(size[:-1]) * 1024 ** " KMGT".index(size[-1])


def test_the_link_on_the_page_is_what_the_line_above_it_prints(capsys):
    command, shown, *_ = [body.strip() for _, _, body in FENCE.findall(PAGE)]
    program, *arguments = command.removeprefix("python ").split()
    assert program == "binder/launch_links.py" and (CLASSROOM.parent / program).is_file()
    launch_links.main(arguments)
    assert capsys.readouterr().out.splitlines()[-1] == shown == link()


@pytest.mark.parametrize("address", [
    "https://github.com/one/two", "git@github.com:one/two.git", "https://gitlab.com/group/sub/two.git",
    "https://git.example.org/one/two/",
])  # fmt: skip
def test_a_hubs_link_fetches_the_repository_and_opens_lesson_00_in_its_folder(address):
    question = {name: values[0] for name, values in parse_qs(urlsplit(link(address)).query).items()}
    assert question["repo"] == "https://{}/{}".format(*launch_links.web_address(address))
    folder, lesson = question["urlpath"].removeprefix("lab/tree/").split("/", 1)
    assert folder == question["repo"].split("/")[-1], "nbgitpuller names the folder so"
    assert (CLASSROOM.parent / lesson).is_file()


def test_on_kubernetes_the_library_is_the_one_that_the_link_fetched():
    assert KUBERNETES["extraEnv"]["PYTHONPATH"] == f"/home/jovyan/{learners_folder()}/lib"
    assert f"{KUBERNETES['image']['name']}:{KUBERNETES['image']['tag']}" in PAGE, "another image is built"


def test_on_the_littlest_hub_the_library_is_the_one_that_the_link_fetched():
    c = Config()
    exec((CLASSROOM / "tljh_config.py").read_text(encoding="utf-8"), {"get_config": lambda: c})
    variables = c.Spawner.environment.get_value({})
    ada = SimpleNamespace(user=SimpleNamespace(name="ada"))
    assert variables["PYTHONPATH"](ada) == f"/home/jupyter-ada/{learners_folder()}/lib"
    assert f"FREEWEIGHTS_CACHE={variables['FREEWEIGHTS_CACHE']} " in PAGE, "the weights are fetched elsewhere"
    assert "download.smollm2()" in PAGE and callable(download.smollm2)


def test_each_lesson_fits_what_its_profile_guarantees_and_no_guarantee_is_above_its_limit():
    memory = {number: 1e6 * int(most) for number, most, _ in MEASURED.findall(PAGE)}
    assert sorted(memory) == [path.name[:2] for path in LESSONS], "a lesson is not measured"
    profiles = {profile["slug"]: profile for profile in KUBERNETES["profileList"]}
    large = set(NAMED.findall(profiles["model"]["display_name"]))
    assert set(NAMED.findall(profiles["lessons"]["display_name"])) == large, "'every lesson but' these"
    for number, needed in memory.items():
        limits = profiles["model" if number in large else "lessons"]["kubespawner_override"]
        assert needed <= bytes_of(limits["mem_guarantee"]) <= bytes_of(limits["mem_limit"]), number
    small = profiles["lessons"]["kubespawner_override"]
    assert KUBERNETES["memory"] == {"guarantee": small["mem_guarantee"], "limit": small["mem_limit"]}
    (limit,) = re.findall(r"limits\.memory (\w+)", PAGE)
    assert bytes_of(limit) >= max(memory.values()) + min(memory.values()), "no room for a second lesson"


def test_what_the_page_runs_exists():
    for name in re.findall(r"(?:tests|classroom)/[\w/]+\.\w+", PAGE):
        assert (CLASSROOM.parent / name).is_file(), name
