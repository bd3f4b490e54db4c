"""The sandboxed process: ``python -I -m melder_media.sanitiser 20``, its input a socket.

It takes one message per picture with two descriptors (the picture, where to answer), forks, and the
child limits itself before it reads the first byte. Without work for the seconds of its argument it
leaves, so that an idle service costs no memory; the service starts it again when it needs it.
"""

import os
import resource
import select
import signal
import socket
import sys
from contextlib import suppress

import pyvips

from melder_media.domain.pictures import PictureRefused
from melder_media.sanitiser import picture, wire

_MESSAGE_BYTES = 4096
_DESCRIPTORS = 2


def main(idle_seconds: float) -> int:
    """Serve until the service hangs up or there was nothing to do for a while."""
    channel = socket.socket(fileno=sys.stdin.fileno())
    pyvips.cache_set_max(0)
    while select.select([channel], [], [], idle_seconds)[0]:
        message, descriptors, _, _ = socket.recv_fds(channel, _MESSAGE_BYTES, _DESCRIPTORS)
        if not message:
            break
        if os.fork() == 0:
            _work(channel, wire.Task.from_bytes(message), *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        _reap()
    return 0


def _reap() -> None:
    """Let go of the children that have ended; their processor time is then counted as ours."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _work(channel: socket.socket, task: wire.Task, source: int, answer: int) -> None:
    """Do one task in this forked process and end it; whatever goes wrong ends it too."""
    try:
        channel.close()
        os.write(answer, wire.STARTED)
        _limit(task)
        _write(answer, _answer(task, source))
    finally:
        os._exit(0)


def _answer(task: wire.Task, source: int) -> bytes:
    try:
        if task.kind == "inspect":
            return wire.write_inspection(picture.inspect(source, max_pixels=task.max_pixels))
        return wire.write_rendering(picture.render(source, max_pixels=task.max_pixels))
    except PictureRefused as refused:
        return wire.write_refusal(refused)


def _limit(task: wire.Task) -> None:
    """No files, no core dump, bounded memory, processor and clock; the kernel ends who exceeds."""
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stderr.fileno())
    signal.setitimer(signal.ITIMER_REAL, task.wall_seconds)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))
    resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (task.cpu_seconds, task.cpu_seconds))


def _write(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    raise SystemExit(main(float(sys.argv[1])))
