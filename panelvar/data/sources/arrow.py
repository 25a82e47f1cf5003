"""Tables of other libraries, read by the Arrow C stream: polars, Arrow and what else offers one, without loading any.

The stream is a pointer to a C structure, whose functions hand out batches of columns, and a column is a few buffers
(Apache Arrow, "The Arrow C data interface" and "The Arrow C stream interface", format 1.5). Buffers are copied: the
caller's data may go or change. What has no order in Arrow, unordered dictionaries, gets that of its labels.
"""

from __future__ import annotations

import ctypes
import struct
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.errors import DataError
from panelvar.core.base.quoting import shown


class _Schema(ctypes.Structure):
    """A column's name and type."""


class _Batch(ctypes.Structure):
    """Rows of a column; columns are the children of rows of a table."""


class _Stream(ctypes.Structure):
    """Hands out a schema, and batches until one is empty."""


_Pointer = ctypes.c_void_p
_Schema._fields_ = [
    ("format", ctypes.c_char_p),
    ("name", ctypes.c_char_p),
    ("metadata", _Pointer),
    ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("children", ctypes.POINTER(ctypes.POINTER(_Schema))),
    ("dictionary", ctypes.POINTER(_Schema)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Schema))),
    ("private_data", _Pointer),
]
_Batch._fields_ = [
    ("length", ctypes.c_int64),
    ("null_count", ctypes.c_int64),
    ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64),
    ("n_children", ctypes.c_int64),
    ("buffers", ctypes.POINTER(_Pointer)),
    ("children", ctypes.POINTER(ctypes.POINTER(_Batch))),
    ("dictionary", ctypes.POINTER(_Batch)),
    ("release", ctypes.CFUNCTYPE(None, ctypes.POINTER(_Batch))),
    ("private_data", _Pointer),
]
_Stream._fields_ = [
    ("get_schema", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Schema))),
    ("get_next", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Stream), ctypes.POINTER(_Batch))),
    ("get_last_error", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(_Stream))),
    ("release", _Pointer),
    ("private_data", _Pointer),
]
_ORDERED = 1
_NUMBERS = dict(zip("cCsSiIlLefg", "i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8".split(), strict=True))
_UNITS = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
_VIEW = 16
"""Bytes of a string view, of which twelve hold the string itself if it fits."""


def from_arrow(data: Any) -> Any:
    """Return a table that offers an Arrow stream as a DataFrame, a column as an array, anything else as it is.

    Rows of the DataFrame are counted from zero: Arrow has no labels of rows. An array is NumPy's or of a pandas dtype.

    Raises
    ------
    DataError
        If a column has a type that holds neither numbers nor labels (lists, structures), or the stream fails.
    """
    # pandas offers the stream too.
    if not hasattr(data, "__arrow_c_stream__") or hasattr(data, "iloc"):
        return data
    import pandas as pd

    names, columns = _read(data)
    if names is None:
        return columns[0]
    frame = pd.DataFrame(dict(enumerate(columns)), copy=False)
    frame.columns = pd.Index(names)
    return frame


def _read(data: Any) -> tuple[list[str] | None, list[Any]]:
    """Names of the columns of a table (None if there is but a column) and their values."""
    # The capsule owns the stream, and releases it when it goes.
    capsule = data.__arrow_c_stream__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    stream = ctypes.cast(pointer(capsule, b"arrow_array_stream"), ctypes.POINTER(_Stream))
    schema = _Schema()
    batches: list[_Batch] = []
    _check(stream, stream.contents.get_schema(stream, ctypes.byref(schema)))
    try:
        while True:
            batch = _Batch()
            _check(stream, stream.contents.get_next(stream, ctypes.byref(batch)))
            if not batch.release:
                break
            batches.append(batch)
        if schema.format != b"+s":
            return None, [_column("", schema, [(batch, 0, batch.length) for batch in batches])]
        fields = [schema.children[place].contents for place in range(schema.n_children)]
        names = [(field.name or b"").decode() for field in fields]
        columns = [
            _column(name, field, [(batch.children[place].contents, batch.offset, batch.length) for batch in batches])
            for place, (name, field) in enumerate(zip(names, fields, strict=True))
        ]
        return names, columns
    finally:
        for each in (*batches, schema):
            each.release(ctypes.byref(each))


def _check(stream: Any, status: int) -> None:
    if status != 0:
        words = stream.contents.get_last_error(stream)
        raise DataError(f"The Arrow stream of the data failed: {(words or b'no reason is given').decode()}.")


_Part: TypeAlias = "tuple[_Batch, int, int]"
"""A batch of a column, where its rows start, and how many they are."""


def _column(name: str, schema: _Schema, parts: list[_Part]) -> Any:
    """Values of a column, of all batches in turn."""
    parts = [(batch, start + batch.offset, length) for batch, start, length in parts if length]
    if schema.dictionary:
        return _categorical(name, schema, parts)
    kind = schema.format.decode()
    read = _reader(kind)
    if read is None:
        raise DataError(
            f"Column {shown(name)} has Arrow's type {shown(kind)}, which holds neither numbers nor labels. Leave "
            "the column out, or convert it first."
        )
    pieces = [read(*part) for part in parts]
    values = np.concatenate(pieces) if pieces else np.empty(0)
    return _with_missing(values, kind, _present(parts))


def _present(parts: list[_Part]) -> NDArray[np.bool_] | None:
    """Which values are not missing; None if all are there."""
    if all(batch.null_count == 0 or not batch.buffers[0] for batch, _, _ in parts):
        return None
    return np.concatenate([
        _bits(batch, 0, start, length) if batch.buffers[0] else np.ones(length, dtype=bool)
        for batch, start, length in parts
    ])  # fmt: skip


def _with_missing(values: Any, kind: str, present: NDArray[np.bool_] | None) -> Any:
    """Mark what is missing, in the way of each type."""
    if kind[:2] == "ts" and kind[4:]:
        import pandas as pd

        stamps = pd.DatetimeIndex(values).tz_localize("UTC").tz_convert(kind[4:])
        return stamps.array if present is None else stamps.where(present).array
    if present is None or values.dtype == object:
        return values
    if values.dtype.kind == "f":
        values[~present] = np.nan
    elif values.dtype.kind in "mM":
        values[~present] = np.array("NaT", dtype=values.dtype)
    else:
        import pandas as pd

        masked = pd.arrays.BooleanArray if values.dtype == bool else pd.arrays.IntegerArray
        return masked(values, ~present)
    return values


def _categorical(name: str, schema: _Schema, parts: list[_Part]) -> Any:
    """Labels by number; of those in no order of the caller's, in their own."""
    import pandas as pd
    from pandas.api.types import union_categoricals

    labels = schema.dictionary.contents
    ordered = bool(schema.flags & _ORDERED)
    read = _reader(schema.format.decode())
    assert read is not None
    pieces = []
    for part in parts:
        codes = read(*part).astype(np.int64)
        present = _present([part])
        if present is not None:
            codes[~present] = -1
        known = part[0].dictionary.contents
        # A label may stand in a dictionary twice, or be missing there.
        places, categories = pd.factorize(pd.Series(_column(name, labels, [(known, 0, known.length)])))
        codes = np.append(places, -1)[codes]
        pieces.append(pd.Categorical.from_codes(codes, pd.Index(categories), ordered=ordered))
    if not pieces:
        return pd.Categorical([], ordered=ordered)
    if not ordered:
        return union_categoricals(pieces, sort_categories=True)
    # Batches add labels to those of the batches before.
    every = max((piece.categories for piece in pieces), key=len)
    if any(not piece.categories.equals(every[: len(piece.categories)]) for piece in pieces):
        raise DataError(
            f"The ordered categories of column {shown(name)} differ between batches, so nothing says what their "
            "order is. Give all batches the same dictionary first."
        )
    return union_categoricals([piece.set_categories(every) for piece in pieces])


def _reader(kind: str) -> Callable[[_Batch, int, int], NDArray[Any]] | None:
    """Return what reads rows of a type, missing ones as they come; None for types that are not read."""
    if kind in _NUMBERS:
        return partial(_fixed, stored=_NUMBERS[kind], given="f8" if kind == "e" else _NUMBERS[kind])
    if kind == "n":
        return lambda batch, start, length: np.full(length, np.nan)
    if kind == "b":
        return lambda batch, start, length: _bits(batch, 1, start, length)
    if kind in ("u", "U"):
        return partial(_strings, offsets="i4" if kind == "u" else "i8")
    if kind == "vu":
        return _viewed_strings
    if kind.startswith("d:"):
        return partial(_decimals, kind=kind)
    if kind in ("tdD", "tdm"):
        return partial(_fixed, stored="i4" if kind == "tdD" else "i8", given="M8[D]" if kind == "tdD" else "M8[ms]")
    if kind[:2] in ("ts", "tD", "tt") and kind[2:3] in _UNITS:
        stored = "i4" if kind in ("tts", "ttm") else "i8"
        return partial(_fixed, stored=stored, given=f"{'M8' if kind[1] == 's' else 'm8'}[{_UNITS[kind[2]]}]")
    return None


def _memory(batch: _Batch, place: int, start: int, length: int) -> bytes:
    """Bytes of a buffer."""
    address = batch.buffers[place]
    return ctypes.string_at(address + start, length) if address and length else b""


def _bits(batch: _Batch, place: int, start: int, length: int) -> NDArray[np.bool_]:
    first = start // 8
    packed = np.frombuffer(_memory(batch, place, first, (start + length + 7) // 8 - first), dtype=np.uint8)
    return np.unpackbits(packed, bitorder="little")[start - 8 * first :][:length].astype(bool)


def _fixed(batch: _Batch, start: int, length: int, *, stored: str, given: str) -> NDArray[Any]:
    """Numbers of one width; dates and durations are counts of a unit."""
    width = np.dtype(stored).itemsize
    values = np.frombuffer(_memory(batch, 1, width * start, width * length), dtype=stored)
    return values.astype("i8").astype(given) if given[1] == "8" and given[0] in "mM" else values.astype(given)


def _decimals(batch: _Batch, start: int, length: int, *, kind: str) -> NDArray[np.float64]:
    """Decimal numbers, integers over a power of ten."""
    _, scale, *bits = (int(number) for number in kind[2:].split(","))
    width = (bits[0] if bits else 128) // 8
    raw = _memory(batch, 1, width * start, width * length)
    cells = (raw[place : place + width] for place in range(0, len(raw), width))
    numbers = [int.from_bytes(cell, sys.byteorder, signed=True) for cell in cells]
    # Quotients of integers are rounded once.
    return np.array([number / 10**scale if scale >= 0 else float(number * 10**-scale) for number in numbers])


def _strings(batch: _Batch, start: int, length: int, *, offsets: str) -> NDArray[np.object_]:
    """Strings one behind another; None where one is missing."""
    width = np.dtype(offsets).itemsize
    ends = np.frombuffer(_memory(batch, 1, width * start, width * (length + 1)), dtype=offsets)
    first = int(ends[0])
    raw = _memory(batch, 2, first, int(ends[-1]) - first)
    places = (ends - first).tolist()
    pairs = pairwise(places)
    text = raw.decode() if raw.isascii() else None
    found = [raw[a:b].decode() for a, b in pairs] if text is None else [text[a:b] for a, b in pairs]
    return _objects(found, batch, start)


def _viewed_strings(batch: _Batch, start: int, length: int) -> NDArray[np.object_]:
    """Strings in views: the string itself, or where it is; None where one is missing."""
    views = _memory(batch, 1, _VIEW * start, _VIEW * length)
    seen: dict[bytes, str] = {}
    found = []
    for place in range(0, len(views), _VIEW):
        view = views[place : place + _VIEW]
        string = seen.get(view)
        if string is None:
            size, _, buffer, offset = struct.unpack("=i4sii", view)
            raw = view[4 : 4 + size] if size <= _VIEW - 4 else _memory(batch, 2 + buffer, offset, size)
            string = seen[view] = raw.decode()
        found.append(string)
    return _objects(found, batch, start)


def _objects(strings: list[str], batch: _Batch, start: int) -> NDArray[np.object_]:
    values = np.array(strings, dtype=object)
    present = _present([(batch, start, len(strings))])
    if present is not None:
        values[~present] = None
    return values
