"""Updates a python-tuf client from a repository that lies in a folder.

    update.py REPOSITORY LOCAL_COPY [TARGET…]

The local copy is a folder with the trusted root.json in it. Prints, as JSON, the versions that are trusted afterwards and
the text of each target, or the error.
"""

import hashlib
import json
import os
import sys
import tempfile
from urllib.parse import unquote

from securesystemslib.formats import encode_canonical
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

BASE = "http://repository.invalid/"


class Folder(FetcherInterface):
    def __init__(self, folder):
        self.folder = folder

    def _fetch(self, url):
        path = os.path.join(self.folder, unquote(url.removeprefix(BASE)))
        try:
            with open(path, "rb") as file:
                return iter([file.read()])
        except FileNotFoundError as error:
            raise DownloadHTTPError(url, 404) from error


def main():
    repository, local, targets = sys.argv[1], sys.argv[2], sys.argv[3:]
    answer = {"contents": {}}
    with tempfile.TemporaryDirectory() as downloads:
        try:
            updater = Updater(
                local,
                BASE,
                target_dir=downloads,
                target_base_url=BASE + "targets/",
                fetcher=Folder(repository),
                bootstrap=None,
            )
            updater.refresh()
            for path in targets:
                info = updater.get_targetinfo(path)
                if info is None:
                    answer["contents"][path] = None
                    continue
                file = updater.download_target(info)
                with open(file, encoding="utf-8") as content:
                    answer["contents"][path] = content.read()
                if info.custom is not None:
                    answer.setdefault("custom", {})[path] = info.custom
            trusted = updater._trusted_set
            for role in ("root", "timestamp", "snapshot", "targets"):
                answer[role] = getattr(trusted, role).version
            answer["keys"] = {
                name: hashlib.sha256(encode_canonical(key.to_dict()).encode()).hexdigest()
                for name, key in trusted.root.keys.items()
            }
        except Exception as error:  # whatever it is, the test wants to see it
            answer["error"] = f"{type(error).__name__}: {error}"
    print(json.dumps(answer))


main()
