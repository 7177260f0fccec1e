"""A wheel made of a few files in memory: what a plain `pip` would refuse to build without a project around it."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile


def pure_wheel(name: str, version: str, files: dict[str, bytes]) -> tuple[str, bytes]:
    """File name and content of a pure-Python wheel with these files, the same bytes for the same files.

    Args: name: a normalised name with underscores. files: path in site-packages -> content.
    """
    info = f"{name}-{version}.dist-info"
    files = files | {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: rnn-unrolled\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    digest = lambda content: base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()  # noqa: E731
    record = "".join(f"{path},sha256={digest(content)},{len(content)}\n" for path, content in files.items())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in {**files, f"{info}/RECORD": f"{record}{info}/RECORD,,\n".encode()}.items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return f"{name}-{version}-py3-none-any.whl", buffer.getvalue()
