"""A GPU that is none: its memory is this machine's, and its threads run one after the other in a thread of this one."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from fastsoftq.engine.gpu.driver import Channel, DeviceArray
from fastsoftq.engine.gpu.layout import Card
from fastsoftq.engine.packing import aligned
from tests.engine.gpu.threads_in_turn import find_moments, find_quantiles, run_blocks

SMALL = Card("a simulated GPU", (9, 0), multiprocessors=2, shared_bytes=60_000, memory=1 << 30)


class Memory:
    """What a buffer is in cuda-core, as far as it is used."""

    def __init__(self, size, on_close):
        self._numbers = np.full(size + 16, 0xA5, np.uint8)
        self.handle, self.on_close = self._numbers.ctypes.data + -self._numbers.ctypes.data % 16, on_close

    def close(self):
        self.on_close()


class Stream:
    def __init__(self):
        self.pool, self.last = ThreadPoolExecutor(1), Future()
        self.last.set_result(None)

    def submit(self, work, *arguments):
        self.last = self.pool.submit(work, *arguments)

    def sync(self):
        self.last.result()

    def record(self):
        return self

    @property
    def is_done(self):
        return self.last.done()


class SimulatedGpu:
    """`Gpu`, as far as training uses it."""

    def __init__(self, card=SMALL, number=0):
        self.card, self.number, self.held, self.launches = card, number, 0, 0
        self.stream, self._lock = Stream(), threading.Lock()

    def use(self):
        pass

    def free(self):
        return self.card.memory - self.held

    def new_stream(self):
        return Stream()

    def _take(self, shape, dtype, on_host):
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if size == 0 and not on_host:
            return DeviceArray(None, shape, dtype)

        def give_back():
            with self._lock:
                self.held -= size

        with self._lock:
            self.held += size
        return DeviceArray(Memory(max(size, 1), give_back), shape, dtype)

    def array(self, shape, dtype):
        return self._take(shape, dtype, False)

    def pinned(self, shape, dtype):
        return self._take(shape, dtype, True)

    def channel(self, size):
        return Channel(self.new_stream(), self.pinned((size,), np.uint8))

    def done_with(self, channel):
        channel.room.close()

    def uploaded(self, array):
        target = self.array(array.shape, array.dtype)
        if array.size:
            target.here()[...] = array
        return target

    def copy(self, source, target, stream):
        stream.submit(lambda: np.copyto(target.here(), source.here()))

    def copy_rows(self, source, first, rows, target, stream):
        if source.size:
            stream.submit(lambda: np.copyto(target.here()[:rows], source.here()[first : first + rows]))

    def fill(self, array, stream, byte=0):
        stream.submit(lambda: array.here().view(np.uint8).fill(byte))

    def kernel(self, text):
        return text

    def launch(self, kernel, layout, arguments):
        self.launches += 1
        here = _as_numpy(arguments)
        room = aligned(max(1, layout.shared_bytes // 8), np.float64)
        if ".entry train" in kernel:
            place, agent, *rest = (
                here.place,
                here.agent,
                here.mdp,
                here.lockstep,
                here.row,
                here.like,
                here.work,
                here.out,
            )
            self.stream.submit(run_blocks, layout.blocks, layout.threads, room, place, agent, *rest)
        elif ".entry moments" in kernel:
            self.stream.submit(find_moments, layout.blocks, layout.threads, room, *here)
        else:
            assert ".entry quantiles" in kernel
            self.stream.submit(find_quantiles, layout.blocks, room, *here)


def _as_numpy(value):
    if isinstance(value, DeviceArray):
        return value.here() if value.size else np.empty(value.shape, value.dtype)
    if isinstance(value, tuple) and not hasattr(value, "lanes"):
        found = [_as_numpy(part) for part in value]
        return type(value)(*found) if hasattr(value, "_fields") else tuple(found)
    return value
