"""Binder, rehearsed without its engine: the Dockerfile, the pins on its base image, the build, a lesson."""

from __future__ import annotations

import os
import re
import shutil
import stat
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import binder
import browser
import launch_links
import pytest
from freeweights.local import download
from packaging.requirements import Requirement
from packaging.version import Version

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
POST_BUILD = (TOP / "binder" / "postBuild").read_text(encoding="utf-8")
UNTRUSTED = (
    "import glob, nbformat; from nbformat.sign import NotebookNotary; notary = NotebookNotary(); "
    "print([path for path in glob.glob('notebooks/*.ipynb') "
    "if not notary.check_signature(nbformat.read(path, 4))])"
)


@pytest.fixture(scope="module", autouse=True)
def rehearsal_is_possible():
    if why := binder.missing():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)


@pytest.fixture(scope="module")
def dockerfile():
    return binder.dockerfile()


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The built image, with the weights taken from the cache if they are there."""
    image = binder.base(tmp_path_factory.mktemp("binder"), download.cache_folder())
    binder.install_pins(image)
    binder.post_build(image)
    return image


# ---- what repo2docker makes of this folder


def test_the_image_has_python_3_11_and_installs_the_pins_before_the_course_is_copied(dockerfile):
    assert f"python={binder.PYTHON}" in dockerfile and f"environment.py-{binder.PYTHON}-linux-64" in unquoted(
        dockerfile
    )
    steps = [
        'pip install --no-cache-dir -r "binder/requirements.txt"',  # kept by the builder while the pins stay
        "COPY --chown=1000:1000 src/ ${REPO_DIR}/",
        "RUN ./binder/postBuild",
        'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"',
    ]
    places = [dockerfile.find(step) for step in steps]
    assert -1 not in places and places == sorted(places), dict(zip(steps, places, strict=True))


def test_the_image_needs_no_system_packages_no_conda_packages_and_no_other_folder(dockerfile):
    assert {path.name for path in (TOP / "binder").iterdir() if path.name != "__pycache__"} == {
        "requirements.txt", "runtime.txt", "postBuild", "start", "launch_links.py",
    }  # fmt: skip
    assert not (TOP / ".binder").exists(), "repo2docker refuses two folders"


def test_a_version_that_the_base_image_does_not_offer_is_refused(tmp_path):
    shutil.copytree(TOP / "binder", tmp_path / "binder")
    (tmp_path / "binder" / "runtime.txt").write_text("python-3.99\n")
    with pytest.raises(RuntimeError, match="not supported"):
        binder.dockerfile(tmp_path)


def unquoted(dockerfile: str) -> str:
    """The Dockerfile with the file names that repo2docker escapes (-2e for a point) made readable."""
    return re.sub(r"-([0-9a-f]{2})", lambda found: unquote(f"%{found[1]}"), dockerfile)


# ---- the pins


def test_the_base_image_is_read_whole_from_the_package():
    asked, versions = binder.base_image()
    assert {"jupyterlab", "notebook", "ipywidgets", "jupyterhub"} <= set(asked) <= set(versions)
    assert versions["jupyterlab"].startswith("4.") and versions["python"].startswith(f"{binder.PYTHON}.")


def test_nothing_of_the_front_end_is_pinned_and_nothing_of_the_image_is_made_older():
    pinned, (_, versions) = binder.pins(), binder.base_image()
    assert not [name for name in pinned if name.startswith(("jupyter", "notebook"))]
    older = {name: pin for name, pin in pinned.items() if Version(pin) < Version(versions.get(name, "0"))}
    assert not older


def test_the_pins_are_all_that_the_library_asks_for_at_versions_it_accepts():
    project = tomllib.loads((TOP / "lib" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    versions = binder.base_image()[1] | binder.pins()
    refused = [
        need
        for need in map(Requirement, project["dependencies"])
        if not need.specifier.contains(versions.get(need.name, "0"))
    ]
    assert not refused
    needed = {Requirement(need).name for need in project["dependencies"]} | {"nbgitpuller"}
    assert set(binder.pins()) <= needed, "a pin nobody needs"


# ---- postBuild


def test_post_build_stops_at_the_first_error_and_does_its_steps_in_order():
    first, *rest = [line for line in POST_BUILD.splitlines() if line and not line.startswith("#")]
    assert POST_BUILD.startswith("#!/bin/bash\n") and first == "set -euo pipefail"
    for name in ("postBuild", "start"):
        assert (TOP / "binder" / name).stat().st_mode & stat.S_IXUSR, name
    steps = ["pip install", "download.smollm2", "font_manager", "compileall", "jupyter trust"]
    assert [step for line in rest for step in steps if step in line] == steps


def test_the_built_environment_has_no_conflict_and_holds_the_pins(image):
    assert image.run("pip", "check").strip() == "No broken requirements found."
    listed = dict(line.split("==") for line in image.run("pip", "freeze").splitlines() if "==" in line)
    held = {name.lower(): version for name, version in listed.items()}
    assert {name: held[name] for name in binder.pins()} == binder.pins()
    assert held["jupyterlab"] == binder.base_image()[1]["jupyterlab"]
    extensions = image.run("bash", "-c", "jupyter server extension list 2>&1")
    assert re.search(r"nbgitpuller \S*enabled", extensions), "no link of a hub would work"


def test_the_build_leaves_library_weights_fonts_and_bytecode_ready(image):
    where = "import freeweights, pathlib; print(pathlib.Path(freeweights.__file__).parent)"
    library = Path(image.run("python", "-c", where).strip())
    assert library == image.home / "lib" / "freeweights", "installed from the copy, so that edits count"
    assert len(list(library.glob("__pycache__/*.pyc"))) >= len(list(library.glob("*.py")))
    assert list((image.home / ".cache" / "matplotlib").glob("fontlist-*.json")), "no font cache"
    assert image.run("python", "-c", UNTRUSTED).strip() == "[]", "lessons whose pictures Lab would not show"
    found = image.run("env", "no_proxy=", "https_proxy=http://127.0.0.1:9", "python", "-c",
                      "from freeweights.local import download; print(download.smollm2())")  # fmt: skip
    assert Path(found.strip()).stat().st_size == download.GGUF_BYTES


# ---- a session


@pytest.fixture(scope="module")
def lesson(image):
    """Lesson 00, opened and run as the link opens it; the page keeps what went wrong, and the memory."""
    if why := binder.no_browser():
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    (opens,) = parse_qs(urlsplit(launch_links.binder("https://github.com/one/two")).query)["urlpath"]
    with binder.serve(image) as server, sync_playwright() as play, server.watched() as memory:
        chromium = play.chromium.launch(executable_path=browser.CHROMIUM, args=browser.FLAGS)
        page = browser.open_page(chromium)
        page.memory = memory
        browser.open_and_run(page, server.address.format(opens))
        yield page
        chromium.close()


def test_the_link_opens_lesson_00_where_it_runs_and_follows_the_keyboard(lesson):
    assert lesson.locator(binder.CELL_ERROR).all_inner_texts() == []
    assert lesson.get_by_text("Error displaying widget").count() == 0
    assert binder.panels_that_stay(lesson) == [], "these did not follow"
    assert lesson.troubles == []


def test_lesson_00_and_its_server_stay_within_the_memory_that_is_guaranteed(lesson):
    assert 0 < max(lesson.memory) < binder.GUARANTEED, f"{max(lesson.memory) / 1e6:.0f} MB"


# ---- the links


def test_the_readme_shows_what_the_line_that_makes_the_links_prints(capsys):
    launch_links.main(["https://github.com/ORG/REPO"])
    for line in capsys.readouterr().out.splitlines():
        assert f"\n{line}\n" in README, line


@pytest.mark.parametrize("address", [
    "https://github.com/one/two", "https://github.com/one/two.git", "git@github.com:one/two.git",
    "ssh://git@github.com/one/two.git", "https://github.com/one/two/",
    "https://gitlab.com/group/sub/two.git", "https://git.example.org/one/two",
])  # fmt: skip
@pytest.mark.parametrize("version", ["main", "v1.0", "feature/x"])
def test_any_address_of_a_repository_gives_links_that_open_lesson_00(address, version):
    host, path = launch_links.web_address(address)
    link = urlsplit(launch_links.binder(address, version))
    _, _, provider, *place, ref = link.path.split("/")
    assert (link.netloc, unquote(ref)) == ("mybinder.org", version)
    assert {"gh": f"https://github.com/{path}", "gl": f"https://gitlab.com/{unquote(place[0])}"}.get(
        provider, unquote(place[0])
    ) == f"https://{host}/{path}"
    (opens,) = parse_qs(link.query)["urlpath"]
    assert opens.startswith("lab/tree/") and (TOP / opens.removeprefix("lab/tree/")).is_file()
    assert launch_links.badge(address, version).endswith(f"({link.geturl()})")


@pytest.mark.parametrize("address", ["", "one/two", "https://github.com/one", "not an address", "C:\\course"])
def test_what_is_no_address_of_a_repository_is_refused_with_an_example(address):
    with pytest.raises(ValueError, match="give one such as https://github.com/one/two"):
        launch_links.binder(address)
