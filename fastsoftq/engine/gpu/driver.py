"""The GPUs of this machine, through cuda-core: their memory, streams and kernels. The only file that imports it."""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastsoftq.engine.gpu.layout import OLDEST, Card, Grid, Layout
from fastsoftq.engine.lockstep import Lockstep

__all__ = ["Channel", "DeviceArray", "Gpu", "GpuError", "cards", "gpu"]

_MOST_CHANNELS = 32  # that are kept, with their pinned memory
_SHARED_UNASKED = 48 << 10  # bytes that a block may share without asking
_CPU = "leave device out to train on the CPU"


class GpuError(RuntimeError):
    """A GPU that is missing, too old or full, or whose driver cannot be used; the message says what to do."""


@functools.cache
def _cuda() -> Any:
    try:
        import cuda.core
        from cuda.core import Device  # it needs the bindings of a CUDA version

        Device(0)
    except ImportError as error:
        raise GpuError(f"a GPU needs cuda-core ({error}): pip install 'fastsoftq[cuda]' adds it; or {_CPU}") from error
    except Exception as error:
        raise GpuError(f"no GPU with a driver is here ({_first_line(error)}): {_CPU}") from error
    return cuda.core


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0]


@functools.cache
def cards() -> tuple[Card, ...]:
    """What GPUs there are.

    Returns
    -------
    tuple of Card

    Raises
    ------
    GpuError
        cuda-core is not installed, or there is no GPU with a driver.
    """
    return tuple(_card(device) for device in _cuda().Device.get_all_devices())


def _card(device: Any) -> Card:
    properties, capability = device.properties, device.compute_capability
    device.set_current()
    return Card(
        name=device.name,
        capability=(capability.major, capability.minor),
        multiprocessors=properties.multiprocessor_count,
        shared_bytes=properties.max_shared_memory_per_block_optin,
        memory=_memory()[1],
        l2_bytes=properties.l2_cache_size,
    )


def _memory() -> tuple[int, int]:
    """Free bytes of the current device, and all."""
    status, free, total = _driver().cuMemGetInfo()
    _check(status, "the GPU's memory cannot be asked for")
    return int(free), int(total)


def _driver() -> Any:
    """What cuda-core is made on, for what it does not have."""
    from cuda.bindings import driver

    return driver


def _check(status: Any, failed: str) -> None:
    if status != _driver().CUresult.CUDA_SUCCESS:
        raise GpuError(f"{failed} ({status.name})")


class DeviceArray:
    """An array in a GPU's memory, or in this machine's where the GPU can reach it (see `here`)."""

    def __init__(self, buffer: Any, shape: tuple[int, ...], dtype: Any, address: int | None = None) -> None:
        self.buffer, self.shape, self.dtype = buffer, shape, np.dtype(dtype)
        self.size = int(np.prod(shape, dtype=np.int64))
        self.address = address if address is not None else 0 if buffer is None else int(buffer.handle)

    @property
    def nbytes(self) -> int:
        """Its size."""
        return int(self.size * self.dtype.itemsize)

    def here(self) -> NDArray[Any]:
        """The array as NumPy's, if its memory is this machine's."""
        memory: Any = (ctypes.c_char * self.nbytes).from_address(self.address)
        found: NDArray[Any] = np.frombuffer(memory, self.dtype).reshape(self.shape)
        return found

    def part(self, first: int, count: int) -> DeviceArray:
        """Some of its numbers, as an array of one dimension."""
        return DeviceArray(self.buffer, (count,), self.dtype, self.address + first * self.dtype.itemsize)

    def viewed(self, shape: tuple[int, ...], dtype: Any) -> DeviceArray:
        """Its first bytes as another array."""
        return DeviceArray(self.buffer, shape, dtype, self.address)

    def close(self) -> None:
        """Give its memory back."""
        if self.buffer is not None:
            self.buffer.close()

    def parameters(self) -> Iterator[Any]:
        """Numba's parts of an array: two owners, counts, the address, the shape and the strides."""
        zero = np.int64(0)
        yield from (zero, zero, np.int64(self.size), np.int64(self.dtype.itemsize), np.int64(self.address))
        yield from map(np.int64, self.shape)
        strides = self.dtype.itemsize * np.cumprod((1, *self.shape[:0:-1]), dtype=np.int64)[::-1]
        yield from map(np.int64, strides)


class Channel(NamedTuple):
    """A queue for copies, and pinned memory of this machine that they go through."""

    stream: Any
    room: DeviceArray  # bytes


class Gpu:
    """One GPU.

    Parameters
    ----------
    number : int
        Among those of this machine.

    Raises
    ------
    GpuError
        There is no such GPU, or it is too old.
    """

    def __init__(self, number: int) -> None:
        found = cards()
        if number >= len(found):
            there = ", ".join(f"cuda:{i} ({card.name})" for i, card in enumerate(found))
            raise GpuError(f"device is 'cuda:{number}'; there is {there}")
        self.number, self.card = number, found[number]
        if self.card.capability < OLDEST:
            raise GpuError(
                "{} has compute capability {}.{}; at least {}.{} is needed".format(
                    self.card.name, *self.card.capability, *OLDEST
                )
            )
        self._cuda = _cuda()
        self._device = self._cuda.Device(number)
        self._device.set_current()
        self._pinned = self._cuda.LegacyPinnedMemoryResource()
        self._kernels: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._channels: list[Channel] = []
        self.stream = self._device.create_stream()

    def use(self) -> None:
        """Make this the GPU of the calling thread."""
        self._device.set_current()

    def free(self) -> int:
        """Bytes of its memory that nobody uses."""
        return _memory()[0]

    def new_stream(self) -> Any:
        """A queue of work of its own."""
        return self._device.create_stream()

    def array(self, shape: tuple[int, ...], dtype: Any) -> DeviceArray:
        """Uninitialised numbers in its memory.

        Raises
        ------
        GpuError
            Its memory is full.
        """
        size = int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize
        if size == 0:
            return DeviceArray(None, shape, dtype)
        try:
            buffer = self._device.allocate(size, stream=self.stream)
            self.stream.sync()
        except Exception as error:
            raise GpuError(
                f"{self.card.name} (cuda:{self.number}) has no room for {size >> 20} MiB more "
                f"({_first_line(error)}): other programs may use it; take fewer seeds at a time, or another device"
            ) from error
        return DeviceArray(buffer, shape, dtype)

    def pinned(self, shape: tuple[int, ...], dtype: Any) -> DeviceArray:
        """Uninitialised numbers in this machine's memory, which the GPU reads and writes."""
        size = max(1, int(np.prod(shape, dtype=np.int64)) * np.dtype(dtype).itemsize)
        return DeviceArray(self._pinned.allocate(size), shape, dtype)

    def channel(self, size: int) -> Channel:
        """A queue for copies, and pinned bytes for them: kept for the next to ask, since to pin them takes long.

        `done_with` gives them back.
        """
        with self._lock:
            fitting = [known for known in self._channels if known.room.size >= size]
            if fitting:
                self._channels.remove(fitting[0])
                return fitting[0]
        return Channel(self.new_stream(), self.pinned((size,), np.uint8))

    def done_with(self, channel: Channel) -> None:
        """Give back what `channel` gave."""
        with self._lock:
            if len(self._channels) < _MOST_CHANNELS:
                self._channels.append(channel)
                return
        channel.room.close()

    def uploaded(self, array: NDArray[Any]) -> DeviceArray:
        """A copy of an array in its memory."""
        array = np.ascontiguousarray(array)
        target = self.array(array.shape, array.dtype)
        if array.size:
            channel = self.channel(array.nbytes)
            there = channel.room.viewed(array.shape, array.dtype)
            there.here()[...] = array
            self.copy_rows(there, 0, len(array), target, channel.stream)
            channel.stream.sync()
            self.done_with(channel)
        return target

    def copy(self, source: DeviceArray, target: DeviceArray, stream: Any) -> None:
        """Queue a copy of a whole array."""
        source.buffer.copy_to(target.buffer, stream=stream)

    def copy_rows(self, source: DeviceArray, first: int, rows: int, target: DeviceArray, stream: Any) -> None:
        """Queue a copy of some rows of an array to where another begins."""
        row = source.nbytes // source.shape[0] if source.size else 0
        if rows * row == 0:
            return
        (status,) = _driver().cuMemcpyAsync(target.address, source.address + first * row, rows * row, stream.handle)
        _check(status, "rows cannot be copied")

    def fill(self, array: DeviceArray, stream: Any, byte: int = 0) -> None:
        """Queue that each byte of an array becomes one number."""
        array.buffer.fill(byte, stream=stream)

    def kernel(self, text: str) -> Any:
        """The kernel of a piece of PTX that has one, assembled by the driver.

        Raises
        ------
        GpuError
            The driver does not take it.
        """
        if text not in self._kernels:
            try:
                code = self._cuda.ObjectCode.from_ptx(text.encode())
                self._kernels[text] = code.get_kernel(_entry(text))
            except Exception as error:
                raise GpuError(
                    f"the driver of {self.card.name} does not take the kernel ({_first_line(error)}): update the driver"
                ) from error
        return self._kernels[text]

    def launch(self, kernel: Any, layout: Layout | Grid, arguments: tuple[Any, ...]) -> None:
        """Queue a kernel; arrays among its arguments are the card's."""
        if layout.shared_bytes > _SHARED_UNASKED:
            _allow_shared(kernel, layout.shared_bytes, self.number)
        config = self._cuda.LaunchConfig(grid=layout.blocks, block=layout.threads, shmem_size=layout.shared_bytes)
        self._cuda.launch(self.stream, config, kernel, *_parameters(arguments))


def _entry(text: str) -> str:
    """What the kernel of a piece of PTX is called."""
    _, _, after = text.partition(".entry ")
    return after.partition("(")[0].strip()


def _allow_shared(kernel: Any, size: int, number: int) -> None:
    """Let blocks share more memory than they may without asking."""
    driver = _driver()
    attribute = driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
    (status,) = driver.cuKernelSetAttribute(attribute, size, int(kernel.handle), number)
    _check(status, f"a block cannot share {size} bytes")


def _parameters(value: Any) -> Iterator[Any]:
    """The parameters that Numba makes of an argument, by its parts."""
    if isinstance(value, Lockstep):
        return
    if isinstance(value, DeviceArray):
        yield from value.parameters()
    elif isinstance(value, tuple):
        for part in value:
            yield from _parameters(part)
    elif value is None or isinstance(value, type):
        yield np.uint64(0)  # nothing looks at it
    elif isinstance(value, bool | np.bool_):
        yield np.uint8(value)
    else:
        yield np.float64(value) if isinstance(value, float | np.floating) else np.int64(value)


@functools.cache
def gpu(number: int) -> Gpu:
    """One GPU, opened once in a process."""
    return Gpu(number)
