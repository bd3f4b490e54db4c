"""Waits until an address answers with a status: answers.py URL STATUS SECONDS."""

import sys
import time
import urllib.error
import urllib.request


def main(url: str, status: int, patience_s: float) -> int:
    """0 once ``url`` answers with ``status``, 1 when it has not within ``patience_s``."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if status_of(url) == status:
            return 0
        time.sleep(0.5)
    print(f"{url} does not answer with {status}")
    return 1


def status_of(url: str) -> int | None:
    """The status that ``url`` answers with now; None without an answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
