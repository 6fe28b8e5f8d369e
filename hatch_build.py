"""What the package's metadata says of the project's address, for the page of a package index.

README's pictures and links are relative, so that they work in a clone and on any forge. A package index shows README alone:
there they have to be absolute. `homepage` in pyproject.toml (or MMREC_HOMEPAGE, for a trial) is the one place that holds the
address; while it is empty the metadata has no addresses, and README's pictures and links are left as their words.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_PICTURE = re.compile(r"!\[(?P<words>[^\]]*)\]\((?P<path>(?!https?:)[^)\s]+)\)")
_LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]*)\]\((?P<path>(?!https?:|#)[^)\s]+)\)")


class ProjectAddress(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        homepage = os.environ.get("MMREC_HOMEPAGE", str(self.config.get("homepage", ""))).rstrip("/")
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": with_address(text, homepage)}
        if homepage:
            metadata["urls"] = {
                "Homepage": homepage,
                "Documentation": f"{homepage}/blob/main/docs",
                "Changelog": f"{homepage}/blob/main/CHANGELOG.md",
                "Issues": f"{homepage}/issues",
            }


def with_address(text: str, homepage: str) -> str:
    """README with each relative picture and link below the homepage; without one, with their words in their place."""
    if not homepage:
        return _LINK.sub(r"\g<words>", _PICTURE.sub(r"*\g<words>*", text))
    text = _PICTURE.sub(rf"![\g<words>]({homepage}/raw/main/\g<path>)", text)
    return _LINK.sub(rf"[\g<words>]({homepage}/blob/main/\g<path>)", text)
