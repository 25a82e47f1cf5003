"""Structural forms by gretl's package SVAR: zeros on impact, in the long run and both, A and B, exact and over-identified.
usage: run_gretl_svar.py FOLDER_OF_THE_DATA (writes a JSON file where it is run; needs gretlcli with the package SVAR)"""
import json, subprocess, sys, tempfile
from pathlib import Path
import numpy as np
folder = Path(sys.argv[1]).resolve()
GROWTH = "dl_realgdp dl_realcons dl_realinv"
DIAGONAL = ["Adiag 1", "Bdiag NA"]
# Type, data, variables, lags, restrictions (row, column, value), shocks to be turned positive on the diagonal.
MODELS = dict(
    recursive=("C", "us_macro.csv", GROWTH, 2, ["C 1 2 0", "C 1 3 0", "C 2 3 0"]),
    over=("C", "us_macro.csv", GROWTH, 3, ["C 1 2 0", "C 1 3 0", "C 2 3 0", "C 3 2 0"]),
    lasting=("C", "us_macro.csv", GROWTH, 2, ["lrC 1 2 0", "lrC 1 3 0", "lrC 2 3 0"]),
    mixed=("C", "us_macro.csv", GROWTH, 2, ["lrC 1 2 0", "lrC 1 3 0", "C 1 2 0"]),
    mixed_over=("C", "us_macro.csv", GROWTH, 2, ["lrC 1 2 0", "lrC 1 3 0", "C 1 2 0", "C 2 3 0"]),
    two=("C", "us_macro.csv", "dl_realgdp unemp", 4, ["lrC 1 2 0"]),
    ab=("AB", "us_macro.csv", GROWTH, 3, DIAGONAL + ["A 1 2 0", "A 1 3 0", "A 2 3 0", "B 1 2 0", "B 1 3 0", "B 2 1 0", "B 2 3 0", "B 3 1 0", "B 3 2 0"]),
    ab_over=("AB", "canada.csv", "prod e U rw", 2, DIAGONAL + ["A 1 2 0", "A 1 3 0", "A 1 4 0", "A 2 3 0", "A 2 4 0", "A 3 1 0", "A 3 4 0", "A 4 2 0"] + [f"B {i} {j} 0" for i in range(1, 5) for j in range(1, 5) if i != j]))
def command(line):
    code, *rest = line.split()
    return f'SVAR_restrict(&m, "{code}", {", ".join(rest)})'
def matrix(path):
    lines = [line for line in path.read_text().split("\n") if line.strip() and not line.startswith("#")]
    return np.array([[float(v) for v in line.split()] for line in lines[1:]])
def run(name, type_, data, variables, lags, restrictions):
    with tempfile.TemporaryDirectory() as place:
        parts = dict(Sigma="m.Sigma", C="m.C", vcv="m.vcv", irf="m.IRFs", likelihoods="{m.LL0, m.LL1}")
        if type_ == "AB": parts |= dict(A="m.S1", B="m.S2")
        if any(line.startswith("lrC") for line in restrictions): parts["lasting"] = "m.lrmat"
        writes = "\n".join(f'matrix out = {what}\nmwrite(out, "{place}/{part}.mat")' for part, what in parts.items())
        script = f"""set verbose off
set loop_maxiter 0
set bfgs_toler 1e-14
include SVAR.gfn
open "{folder / data}" --quiet
smpl --no-missing
setobs 1 1 --cross-section
setobs 1 1 --time-series
list Y = {variables}
list X = const
bundle m = SVAR_setup("{type_}", Y, X, {lags})
m.horizon = 8
{chr(10).join(map(command, restrictions))}
SVAR_estimate(&m, 0)
{writes}
matrix shares = FEVD(&m, 0)
mwrite(shares, "{place}/shares.mat")
if inbundle(m, "LRoid")
    matrix out = m.LRoid
    mwrite(out, "{place}/lr.mat")
endif
"""
        (Path(place) / "run.inp").write_text(script)
        done = subprocess.run(["gretlcli", "-b", f"{place}/run.inp"], capture_output=True, text=True)
        if not (Path(place) / "shares.mat").exists(): raise SystemExit(name + done.stdout[-3000:])
        found = {path.stem: matrix(path) for path in Path(place).glob("*.mat")}
    size = len(variables.split())
    own = {part: found[part].tolist() for part in ("Sigma", "C", "A", "B", "lasting") if part in found}
    errors = np.sqrt(np.maximum(np.diag(found["vcv"]), 0))
    errors = [errors[part * size**2:(part + 1) * size**2].reshape(size, size).T.tolist() for part in range(len(errors) // size**2)]
    own |= dict(zip(("A_se", "B_se") if type_ == "AB" else ("C_se",), errors))
    own["irf"] = found["irf"].reshape(-1, size, size).tolist()
    own["shares"] = found["shares"].reshape(-1, size, size).tolist()
    own["likelihood_less_that_of_the_reduced_form"] = float(found["likelihoods"][0, 1] - found["likelihoods"][0, 0])
    if "lr" in found: own["LR"] = dict(zip(("statistic", "df", "p"), found["lr"][:, 0].tolist()))
    return own
expected = {name: run(name, *model) for name, model in MODELS.items()}
version = subprocess.run(["gretlcli", "--version"], capture_output=True, text=True).stdout.split()[2]
document = dict(case="svar_gretl", software=f"gretl {version}, package SVAR 2025a", data="us_macro.csv, canada.csv", script="scripts/run_gretl_svar.py",
    model={name: dict(type=type_, variables=variables.split(), lags=lags, restrictions=restrictions) for name, (type_, _, variables, lags, restrictions) in MODELS.items()},
    conventions=dict(irf="[period 0 to 8][response or shock][the other]", lasting="sum of the responses", Sigma="U'U / (T - m), T with the rows before the sample"), expected=expected)
Path("svar_gretl.json").write_text(json.dumps(document, separators=(", ", ": ")))
