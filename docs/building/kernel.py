"""The IPython in which the pages run: where it starts, how it draws, how it warns, and what its results depend on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

READ = ("examples/data", "examples/paper", "tests/reference/data", "tests/simulation")
CONFIGURATION = """\
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
c.HistoryManager.enabled = False
c.Application.log_level = 40
"""

# A page shows a warning as its reader needs it: the kind and the words, not the file of a kernel that is gone.
STARTUP = """\
import os, tempfile, textwrap, warnings
from pathlib import Path
warnings.formatwarning = lambda message, category, *rest, **more: "".join(
    line + "\\n" for line in textwrap.wrap(f"{category.__name__}: {message}", 88, break_on_hyphens=False)
)
import matplotlib
matplotlib.rcParams.update({"svg.hashsalt": "panelvar", "figure.dpi": 96})
os.chdir(ROOT)
output = Path(tempfile.mkdtemp())
"""


def prepare(folder: Path, root: Path) -> None:
    """Write the profile and have the kernels use it."""
    profile = folder / "profile_default"
    (profile / "startup").mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(CONFIGURATION, encoding="utf-8")
    (profile / "startup" / "pages.py").write_text(STARTUP.replace("ROOT", repr(str(root))), encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(folder)
    # A backend that somebody chose for other work would keep figures from the pages.
    os.environ.pop("MPLBACKEND", None)
    # A bar of progress would stand on the page where the machine is slow.
    os.environ["TQDM_DISABLE"] = "1"
    # A debugger that the page does not have warns on the page's own outputs.
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"


def fingerprint(root: Path) -> str:
    """What pages print depends on the library, on the files they read and on this one: then another cache."""
    digest = hashlib.sha256()
    read = (path for folder in READ for path in (root / folder).glob("*"))
    for path in sorted([*(root / "panelvar").rglob("*"), *read, Path(__file__)]):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
