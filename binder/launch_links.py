"""Links that open the course from any address of its repository, on Binder or on a JupyterHub."""

from __future__ import annotations

import argparse
import re
from urllib.parse import quote, urlencode

START = "lab/tree/{}notebooks/00_start_here.ipynb"
BADGE = "https://mybinder.org/badge_logo.svg"
ADDRESS = re.compile(
    r"(?:(?:https|ssh)://(?:git@)?|git@)(?P<host>[\w.-]+)[:/](?P<path>[\w.~-]+(?:/[\w.~-]+)+?)"
)


def web_address(address: str) -> tuple[str, str]:
    """Split the address of a repository, as a browser or as git writes it, into its host and its path there.

    Args:
        address: such as https://github.com/one/two, https://gitlab.com/one/two.git or git@host:one/two.git.

    Raises:
        ValueError: it is no address of a repository.

    >>> web_address("git@github.com:one/two.git"), web_address("https://codeberg.org/one/two/")
    (('github.com', 'one/two'), ('codeberg.org', 'one/two'))
    >>> web_address("one/two")
    Traceback (most recent call last):
    ...
    ValueError: 'one/two' is no address of a repository: give one such as https://github.com/one/two.
    """
    found = ADDRESS.fullmatch(address.strip().removesuffix("/").removesuffix(".git"))
    if not found:
        raise ValueError(
            f"{address!r} is no address of a repository: give one such as https://github.com/one/two."
        )
    return found["host"], found["path"]


def binder(address: str, version: str = "main") -> str:
    """The link that builds the repository on mybinder.org and opens lesson 00 in JupyterLab.

    Args:
        address: of the repository.
        version: a branch, or better a tag: every new commit behind a branch means a new build.

    Form of the links: https://docs.mybinder.org, "URL parameters" and "Repository providers".

    >>> binder("https://github.com/one/two", "v1")
    'https://mybinder.org/v2/gh/one/two/v1?urlpath=lab/tree/notebooks/00_start_here.ipynb'
    >>> binder("https://gitlab.com/one/two.git")
    'https://mybinder.org/v2/gl/one%2Ftwo/main?urlpath=lab/tree/notebooks/00_start_here.ipynb'
    >>> binder("https://codeberg.org/one/two")
    'https://mybinder.org/v2/git/https%3A%2F%2Fcodeberg.org%2Fone%2Ftwo/main?urlpath=lab/tree/notebooks/00_start_here.ipynb'
    """
    host, path = web_address(address)
    if host == "github.com":
        place = f"gh/{path}"
    elif host == "gitlab.com":
        place = f"gl/{quote(path, safe='')}"
    else:
        place = f"git/{quote(f'https://{host}/{path}', safe='')}"
    return f"https://mybinder.org/v2/{place}/{quote(version, safe='')}?urlpath={START.format('')}"


def badge(address: str, version: str = "main") -> str:
    """The line of Markdown that shows Binder's badge; it opens what `binder` opens.

    >>> badge("https://github.com/one/two")[:70]
    '[![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/'
    """
    return f"[![Binder]({BADGE})]({binder(address, version)})"


def hub(hub: str, address: str, version: str = "main") -> str:
    """The link that fetches the course into a learner's folder on a JupyterHub, or updates it, and opens it.

    Args:
        hub: the address of a JupyterHub whose learners' servers have nbgitpuller.
        address: of the repository.
        version: a branch. With a tag the course is fetched once and never updated.

    Form of the link: https://nbgitpuller.readthedocs.io, "URL options".

    >>> hub("https://hub.example.org/", "git@github.com:one/two.git")[:76]
    'https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub'
    """
    host, path = web_address(address)
    opens = START.format(path.rpartition("/")[2] + "/")
    question = urlencode({"repo": f"https://{host}/{path}", "branch": version, "urlpath": opens})
    return f"{hub.removesuffix('/')}/hub/user-redirect/git-pull?{question}"


def main(arguments: list[str] | None = None) -> None:
    """Print the links of a repository: the Binder link, the badge, and a hub's link where a hub is named.

    >>> main(["https://github.com/one/two", "--version", "v1"])  # doctest: +ELLIPSIS
    https://mybinder.org/v2/gh/one/two/v1?urlpath=lab/tree/notebooks/00_start_here.ipynb
    [![Binder](https://mybinder.org/badge_logo.svg)](https://mybinder.org/v2/gh/one/two/v1?...)
    """
    parser = argparse.ArgumentParser(
        prog="python -m freeweights.tools.launch_links", description=main.__doc__.splitlines()[0]
    )
    parser.add_argument("address", help="of the repository, such as https://github.com/one/two")
    parser.add_argument("--version", default="main", help="a branch or a tag; main if left out")
    parser.add_argument("--hub", help="the address of a JupyterHub, such as https://hub.example.org")
    given = parser.parse_args(arguments)
    print(binder(given.address, given.version))
    print(badge(given.address, given.version))
    if given.hub:
        print(hub(given.hub, given.address, given.version))


if __name__ == "__main__":
    main()
