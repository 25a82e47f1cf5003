"""linearmodels, pyfixest and gretl on the panels of make_panels.py and make_gasoline.R (run from tests/reference, then finalize.py)."""
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, "scripts")
from python_panel_suite import lm_suite, pd, pf_suite

SCRIPT = "scripts/run_panels.py (+ python_panel_suite.py, pycommon.py, finalize.py)"
for name in ("scattered", "staggered", "threefirms", "gasoline"):
    frame = pd.read_csv(f"data/{name}.csv")
    y, *x = [column for column in frame.columns if column not in ("firm", "year")]
    for suite in (lm_suite, pf_suite):
        suite(frame, y, x, "firm", "year", name, f"{name}.csv", SCRIPT)
    text = pathlib.Path("scripts/panels.inp").read_text().replace("@data", name).replace("@y", y).replace("@x", " ".join(x))
    made = pathlib.Path(tempfile.gettempdir(), f"{name}_gretl.inp")
    made.write_text(text)
    subprocess.run([sys.executable, "scripts/gretl2json.py", str(made)], check=True)
