"""What the README promises: its commands, its map of the lessons, its picture, its links and its example."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from saved import FENCE, LESSONS, LINK, MARKDOWN_IMAGE, headings, prose, read, without_code

TOP = Path(__file__).parents[2]
README = (TOP / "README.md").read_text(encoding="utf-8")
MARKS = re.compile(r"<!-- test command -->\n(.*?)<!-- end -->", re.DOTALL)
BINDER = re.compile(r"https://mybinder\.org/v2/gh/[^\s)`]+")
MAP_ROW = re.compile(
    r"^\| \[(?P<title>\d\d · [^\]]+)\]\(notebooks/(?P<file>[^)]+)\) \| (?P<minutes>\d+) \| .+ \|$",
    re.MULTILINE,
)
COMING = re.compile(r"\b(\d\d) (?=[A-Za-z])")
NAMED_FILE = re.compile(r"(?<![\w.])[\w./\\-]+\.(?:txt|ipynb|py)\b")
ALL_LESSONS = [f"{number:02}" for number in range(12)]


def blocks(language: str, text: str = README) -> list[str]:
    """The fenced blocks of one language."""
    return [body.strip() for _, found, body in FENCE.findall(text) if found == language]


def marked_command(text: str) -> str:
    """The one command between the two marks, as .ci/run reads it."""
    (between,) = MARKS.findall(text)
    ((_, _, body),) = FENCE.findall(between)
    (line,) = body.strip().splitlines()
    return line


# ---- commands


def test_the_first_block_is_one_command_that_opens_lesson_00():
    (command,) = blocks("bash")[0].splitlines()
    assert "-m venv" in command and "pip install -r requirements.txt" in command
    assert command.endswith("jupyter lab notebooks/00_start_here.ipynb")


def test_one_command_between_the_marks_installs_and_runs_all_tests():
    command = marked_command(README)
    assert "-m venv" in command and "pip install -r tests/requirements.txt" in command
    assert command.endswith("-m pytest"), "a test command that runs less than all tests"


def test_continuous_integration_reads_the_command_between_the_same_marks():
    script = (TOP / ".ci" / "run").read_text(encoding="utf-8")
    assert "/<!-- test command -->/,/<!-- end -->/p" in script and "README.md" in script


def test_uv_and_windows_forms_install_the_same_files_and_open_the_same_lesson():
    plain = {
        name
        for command in (blocks("bash")[0], marked_command(README))
        for name in NAMED_FILE.findall(command)
    }
    uv = next(block for block in blocks("bash") if block.startswith("uv "))
    windows = blocks("powershell")[0].replace("\\", "/")
    assert set(NAMED_FILE.findall(uv)) == set(NAMED_FILE.findall(windows)) == plain


def test_every_file_that_a_command_names_exists():
    commands = "\n".join([*blocks("bash"), *re.findall(r"`([^`\n]+)`", without_code(README))]).replace(
        "\\", "/"
    )
    missing = [name for name in NAMED_FILE.findall(commands) if not (TOP / name).exists()]
    assert not missing, missing


def test_the_example_runs_as_it_stands():
    for example in blocks("python"):
        exec(compile(example, "README.md", "exec"), {})
    assert blocks("python"), "no example"


def test_it_says_what_was_measured_and_leaves_no_place_to_fill():
    text = without_code(README)
    assert not re.search(r"@[A-Z]+@|\bTODO\b|\bTBD\b|\bXXX\b", README)
    assert re.search(
        r"\d\s?(?:MB|GB)\b.*download|download.*\d\s?(?:MB|GB)\b", " ".join(text.split()), re.IGNORECASE
    )
    assert re.search(r"\d (?:minutes?|seconds?|s)\b", text), "how long the set-up takes"
    assert re.search(r"\bmemory\b", text, re.IGNORECASE), "how much memory a lesson takes"


def test_the_versions_of_python_are_those_the_library_installs_on():
    project = tomllib.loads((TOP / "lib" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = sorted(set(re.findall(r"\b3\.\d\d\b", without_code(README))))
    assert named and project["requires-python"].startswith(f">={named[0]}"), (
        named,
        project["requires-python"],
    )


# ---- the map


def test_the_map_lists_every_lesson_once_with_its_title_and_minutes():
    rows = [row.groupdict() for row in MAP_ROW.finditer(README)]
    assert [row["file"] for row in rows] == [path.name for path in LESSONS]
    for row, path in zip(rows, LESSONS, strict=True):
        notebook = read(path)
        assert headings(notebook)[0][1].startswith(row["title"]), f"{row['title']!r} is no start of the title"
        minutes = re.search(r"^\*\*Time\*\* (\d+) minutes", prose(notebook), re.MULTILINE)[1]
        assert row["minutes"] == minutes, f"{row['title']}: {minutes} minutes in the lesson"


def test_what_is_to_come_is_every_lesson_that_is_not_here_yet():
    coming = re.search(r"^To come: (.+?)\n\n", README, re.MULTILINE | re.DOTALL)
    here = [path.name[:2] for path in LESSONS]
    assert sorted(here + (COMING.findall(coming[1]) if coming else [])) == ALL_LESSONS


def test_every_folder_of_the_list_exists():
    folders = re.findall(r"^\| `([\w./-]+/)` \|", README, re.MULTILINE)
    assert {"notebooks/", "lib/freeweights/", "data/", "tests/", "binder/"} <= set(folders)
    assert all((TOP / folder).is_dir() for folder in folders)


# ---- links and pictures


@pytest.mark.parametrize("page", ["README.md", "data/README.md"])
def test_every_relative_link_and_picture_leads_somewhere(page):
    path = TOP / page
    text = without_code(path.read_text(encoding="utf-8"))
    targets = [found["target"] for pattern in (LINK, MARKDOWN_IMAGE) for found in pattern.finditer(text)]
    local = [target.split("#")[0] for target in targets if not re.match(r"https?://|#", target)]
    missing = [target for target in local if not (path.parent / target).exists()]
    assert not missing, missing


def test_it_shows_a_picture_of_a_panel_before_anything_else_and_describes_it():
    shown = MARKDOWN_IMAGE.search(without_code(README))
    assert shown and shown.start() < README.index("```"), "no picture before the first command"
    assert len(shown["alt"]) > 40, "the alternative text says what the picture shows"
    assert (TOP / shown["target"]).stat().st_size > 5_000, "an empty picture"


# ---- Binder


def launch(template: str, address: str) -> str:
    """The Binder link of the repository at an address, such as https://github.com/one/two.git."""
    place = re.sub(r"^(?:https://github\.com/|git@github\.com:)|(?:\.git)?/?$", "", address)
    return template.replace("ORG/REPO", place)


@pytest.mark.parametrize(
    "address", ["https://github.com/one/two", "https://github.com/one/two.git", "git@github.com:one/two.git"]
)
def test_every_binder_link_opens_a_lesson_in_any_repository(address):
    templates = BINDER.findall(README)
    assert templates and all("/gh/ORG/REPO/" in template for template in templates), templates
    for template in templates:
        parts = urlsplit(launch(template, address))
        assert re.fullmatch(r"/v2/gh/one/two/[\w.-]+", parts.path), parts.path
        (opens,) = parse_qs(parts.query)["urlpath"]
        assert opens.startswith("lab/tree/") and (TOP / opens.removeprefix("lab/tree/")).is_file(), opens


def test_binder_pins_what_the_library_needs_and_leaves_jupyterlab_to_its_image():
    lines = (TOP / "binder" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    assert not [name for name in pins if name.startswith(("jupyter", "notebook"))]
    project = tomllib.loads((TOP / "lib" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {re.match(r"[\w.-]+", need)[0].lower() for need in project["dependencies"]}
    assert needed - {"pip"} <= set(pins), f"not pinned: {needed - set(pins)}"  # the image brings pip
    assert (TOP / "binder" / "runtime.txt").read_text(encoding="utf-8").strip() == "python-3.11"


# ---- the check itself


@pytest.mark.parametrize("text", [
    "no marks", "<!-- test command -->\n```bash\n```\n<!-- end -->",
    "<!-- test command -->\npytest\n<!-- end -->",
    "<!-- test command -->\n```bash\npip install x\npytest\n```\n<!-- end -->",
])  # fmt: skip
def test_marks_without_exactly_one_command_are_found(text):
    with pytest.raises(ValueError):
        marked_command(text)
