"""Reading `.npz` files."""

import zipfile
import zlib

NPZ_ERRORS = (
    OSError,
    EOFError,
    KeyError,
    TypeError,
    ValueError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged .npz file may raise."""
