# SPDX-License-Identifier: Apache-2.0
"""What a session of test_attribution_turns.py does at its turn; executed in the session's leader.

Descriptors and mappings stay, by number, from turn to turn.
"""

import mmap
import os
import socket

SIZE = 8192
descriptors, mappings = {}, {}
listener = None


def listen(path):
    global listener
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()


def open_file(number, path, flags):
    descriptors[number] = os.open(path, flags)


def close(number):
    os.close(descriptors.pop(number))


def write(number, at, content):
    assert os.pwrite(descriptors[number], content, at) == len(content)


def truncate(number, length):
    os.ftruncate(descriptors[number], length)
    os.ftruncate(descriptors[number], SIZE)


def child_writes(number, at, content):
    child = os.fork()
    if child == 0:
        done = os.pwrite(descriptors[number], content, at)
        os._exit(0 if done == len(content) else 1)
    assert os.waitpid(child, 0)[1] == 0


def give(number, path):
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(path)
        socket.send_fds(link, [b"x"], [descriptors[number]])


def take(number):
    link, _ = listener.accept()
    with link:
        descriptors[number] = socket.recv_fds(link, 1, 1)[1][0]


def map_file(number, new):
    mappings[new] = mmap.mmap(descriptors[number], SIZE)


def store(number, at, content, flushes):
    mappings[number][at:at + len(content)] = content
    if flushes:
        mappings[number].flush()


def unmap(number):
    mappings.pop(number).close()


def replace(path, content):
    with open(f"{path}.new", "wb") as file:
        file.write(content)
    os.rename(f"{path}.new", path)


def rename(path):
    os.rename(path, f"{path}.away")
    os.rename(f"{path}.away", path)


def link(path):
    os.link(path, f"{path}.link")
    os.unlink(f"{path}.link")


def touch(path, times):
    os.utime(path, **({"ns": times} if times else {}))


def chmod(path, mode):
    os.chmod(path, mode)


def stat(path):
    os.stat(path)


def ask(path, attribute):
    try:
        os.getxattr(path, attribute)
    except OSError:
        pass
