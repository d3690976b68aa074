"""Follows a TUF repository by python-tuf, at a time that is given.

    python_tuf.py URL ROOT CACHE TIME

ROOT is a file with a root that is trusted; CACHE a folder in which the client remembers; TIME an RFC 3339 time, which
takes the place of the machine's clock. Prints, as JSON, the versions that are trusted afterwards and the trusted root, or
the name of the error.
"""

import datetime
import json
import pathlib
import sys

from tuf.ngclient import Updater


def main():
    url, root, cache, time = sys.argv[1:]
    cache = pathlib.Path(cache)
    cache.mkdir(exist_ok=True)
    bootstrap = None if (cache / "root.json").exists() else pathlib.Path(root).read_bytes()
    try:
        updater = Updater(
            str(cache),
            url + "/",
            target_dir=str(cache),
            target_base_url=url + "/targets/",
            bootstrap=bootstrap,
        )
        # Where python-tuf keeps the time by which everything expires.
        updater._trusted_set.reference_time = datetime.datetime.fromisoformat(time)
        updater.refresh()
        info = updater.get_targetinfo("trusted_root.json")
        content = pathlib.Path(updater.download_target(info)).read_text(encoding="utf-8")
        trusted = updater._trusted_set
        answer = {role: getattr(trusted, role).version for role in ("root", "timestamp", "snapshot", "targets")}
        answer["trustedRoot"] = json.loads(content)
    except Exception as error:  # whatever it is, the test wants to see it
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer))


main()
