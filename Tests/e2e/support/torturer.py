# SPDX-License-Identifier: Apache-2.0
"""One of several processes that change the same files in every way there is, until time is up.

Run as `python3 torturer.py JSON` by test_attribution_model.py. Whatever is done to a file of the view
is done to its twin in a plain directory, which is the model of its content. Each file has a lock
outside the view, so that what is done to it has an order, and a record of who changed it, which is
the model of its stamps: "SESSION" a line, "new" where another inode has taken the name. Between
steps, descriptors stay open.
"""

import contextlib
import ctypes
import fcntl
import json
import mmap
import os
import random
import signal
import socket
import sys
import threading
import time

FALLOC_KEEP_SIZE, FALLOC_PUNCH_HOLE = 1, 2
LARGEST = 60000
_libc = ctypes.CDLL(None, use_errno=True)


class Torturer:
    def __init__(self, view, twins, control, names, workers, sessions, worker, seed, seconds):
        self.view, self.twins, self.control = view, twins, control
        self.names, self.workers, self.sessions, self.worker = names, workers, sessions, worker
        self.session = sessions[worker]
        self.end = time.monotonic() + seconds
        self.choose = random.Random(seed)
        self.held = {}  # name: (generation, descriptor)
        self.steps = 0

    # Paths and descriptors.

    def both(self, name):
        return f"{self.view}/{name}", f"{self.twins}/{name}"

    def generation(self, name):
        with open(f"{self.control}/{name}.generation", encoding="ascii") as file:
            return int(file.read())

    def descriptor(self, name):
        """An open descriptor of the file that has this name now, often one kept from before."""
        generation, descriptor = self.held.get(name, (None, None))
        if descriptor is not None and generation != self.generation(name):
            self.close(name)
            descriptor = None
        if descriptor is None:
            flags = self.choose.choice((os.O_RDWR, os.O_WRONLY))
            descriptor = os.open(self.both(name)[0], flags)
            self.held[name] = self.generation(name), descriptor
        return descriptor

    def close(self, name):
        _, descriptor = self.held.pop(name, (None, None))
        if descriptor is not None:
            os.close(descriptor)

    def record(self, name, line):
        with open(f"{self.control}/{name}.record", "a", encoding="ascii") as file:
            file.write(f"{line}\n")

    def piece(self, least=0):
        """An offset and some bytes to write there."""
        at = self.choose.randrange(least, LARGEST - 6000)
        return at, bytes([self.choose.randrange(33, 127)]) * self.choose.randrange(1, 6000)

    def on_twin(self, name, at, content):
        with open(self.both(name)[1], "r+b") as twin:
            twin.seek(at)
            twin.write(content)

    # What changes content: each does the same to the twin, and records who did it.

    def write(self, name):
        at, content = self.piece()
        assert os.pwrite(self.descriptor(name), content, at) == len(content)
        self.on_twin(name, at, content)
        self.record(name, self.session)

    def append(self, name):
        _, content = self.piece()
        if os.path.getsize(self.both(name)[1]) + len(content) > LARGEST:
            return
        for path in self.both(name):
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
            assert os.write(descriptor, content) == len(content)
            os.close(descriptor)
        self.record(name, self.session)

    def truncate(self, name):
        size = self.choose.randrange(LARGEST)
        if size == os.path.getsize(self.both(name)[1]):
            return
        if self.choose.random() < 0.5:
            os.truncate(self.both(name)[0], size)
        else:
            os.ftruncate(self.descriptor(name), size)
        os.truncate(self.both(name)[1], size)
        self.record(name, self.session)

    def open_truncating(self, name):
        _, content = self.piece()
        for path in self.both(name):
            descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC)
            assert os.write(descriptor, content) == len(content)
            os.close(descriptor)
        self.record(name, self.session)

    def allocate(self, name):
        size = os.path.getsize(self.both(name)[1]) + self.choose.randrange(1, 3000)
        if size > LARGEST:
            return
        os.posix_fallocate(self.descriptor(name), 0, size)
        with open(self.both(name)[1], "r+b") as twin:
            os.posix_fallocate(twin.fileno(), 0, size)
        self.record(name, self.session)

    def punch(self, name):
        at, content = self.piece()
        with open(self.both(name)[1], "r+b") as twin:
            for descriptor in (self.descriptor(name), twin.fileno()):
                done = _libc.fallocate(descriptor, FALLOC_PUNCH_HOLE | FALLOC_KEEP_SIZE,
                                       ctypes.c_int64(at), ctypes.c_int64(len(content)))
                assert done == 0, os.strerror(ctypes.get_errno())
        self.record(name, self.session)

    def replace(self, name):
        """Another inode takes the name; who has the old one open may go on, to nobody's harm."""
        _, content = self.piece()
        for path in self.both(name):
            with open(f"{path}.new", "wb") as file:
                file.write(content)
            os.rename(f"{path}.new", path)
        generation = self.generation(name) + 1
        with open(f"{self.control}/{name}.generation", "w", encoding="ascii") as file:
            file.write(str(generation))
        self.record(name, "new")
        self.record(name, self.session)

    def child_writes(self, name):
        """A child writes through the descriptor that it inherits, and may not live to close it."""
        at, content = self.piece()
        descriptor = self.descriptor(name)
        child = os.fork()
        if child == 0:
            os.pwrite(descriptor, content, at)
            if at % 2:
                os.kill(os.getpid(), signal.SIGKILL)
            os._exit(0)
        os.waitpid(child, 0)
        self.on_twin(name, at, content)
        self.record(name, self.session)

    def store(self, name):
        """Through a mapping that may outlive its descriptor, which is all that is open here."""
        at, content = self.piece()
        path, twin = self.both(name)
        if os.path.getsize(twin) < at + len(content):
            return
        descriptor = os.open(path, os.O_RDWR)
        mapping = mmap.mmap(descriptor, os.path.getsize(twin))
        early = self.choose.random() < 0.5
        if early:
            os.close(descriptor)
        mapping[at:at + len(content)] = content
        if self.choose.random() < 0.5:
            mapping.flush()
        mapping.close()
        if not early:
            os.close(descriptor)
        self.on_twin(name, at, content)
        self.record(name, self.session)

    def pass_on(self, name):
        """Another process, often of another session, writes through a descriptor opened here."""
        at, content = self.piece()
        other = self.choose.randrange(self.workers)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
            link.connect(f"{self.control}/socket{other}")
            socket.send_fds(link, [json.dumps([at, content.decode()]).encode()],
                            [self.descriptor(name)])
            assert link.recv(16) == b"written"
        self.on_twin(name, at, content)
        self.record(name, self.sessions[other])

    def serve(self, listener):
        """Writes through the descriptors that others pass on, in a thread of its own."""
        while True:
            link, _ = listener.accept()
            with link:
                request, descriptors, _, _ = socket.recv_fds(link, 65536, 1)
                at, content = json.loads(request)
                assert os.pwrite(descriptors[0], content.encode(), at) == len(content)
                os.close(descriptors[0])
                link.send(b"written")

    # What changes none.

    def rename(self, name):
        path = self.both(name)[0]
        os.rename(path, f"{path}.away")
        os.rename(f"{path}.away", path)

    def link(self, name):
        path = self.both(name)[0]
        os.link(path, f"{path}.link")
        os.unlink(f"{path}.link")

    def metadata(self, name):
        path = self.both(name)[0]
        os.chmod(path, self.choose.choice((0o644, 0o640)))
        # Whether a stamp is older than a store must show: mtime stays true where there are stores.
        if not name.startswith("mapped"):
            os.utime(path, ns=(5, 5))

    def sync(self, name):
        os.fsync(self.descriptor(name))

    def compare(self, name):
        path, twin = self.both(name)
        with open(path, "rb") as seen, open(twin, "rb") as expected:
            assert seen.read() == expected.read(), f"{name} differs from its twin"

    ALWAYS = (write, append, truncate, open_truncating, allocate, punch, replace, rename, link,
              metadata, compare, compare)
    BY_KIND = {
        "shared": ALWAYS + (write, write, child_writes, close, sync),
        "passed": ALWAYS + (pass_on, pass_on, pass_on, close),
        # Nothing stays open: whose store a page is can be known then.
        "mapped": ALWAYS + (store,) * 6,
    }

    def step(self):
        name = self.choose.choice(self.names)
        kind = name.rstrip("0123456789")
        with open(f"{self.control}/{name}.lock", "r+b") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.choose.choice(self.BY_KIND[kind])(self, name)
            if kind == "mapped":
                self.close(name)
        self.steps += 1

    def run(self):
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with contextlib.closing(listener):
            listener.bind(f"{self.control}/socket{self.worker}")
            listener.listen(self.workers)
            threading.Thread(target=self.serve, args=(listener,), daemon=True).start()
            self.meet("begun")
            while time.monotonic() < self.end:
                self.step()
            for name in list(self.held):
                self.close(name)
            self.meet("done")

    def meet(self, what):
        """Waits until all have come here; who is served by a thread must not end before."""
        open(f"{self.control}/{what}{self.worker}", "x").close()
        while not all(os.path.exists(f"{self.control}/{what}{n}") for n in range(self.workers)):
            assert not os.path.exists(f"{self.control}/failed"), "another process has failed"
            time.sleep(0.01)


def main():
    torturer = Torturer(**json.loads(sys.argv[1]))
    try:
        torturer.run()
        print(torturer.steps)
    except BaseException:
        open(f"{torturer.control}/failed", "w").close()
        raise


if __name__ == "__main__":
    main()
