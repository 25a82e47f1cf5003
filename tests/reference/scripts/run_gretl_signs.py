"""Shocks told apart by the signs of responses, by gretl's package SVAR: at the estimates, with their posterior, with zeros.
Kept are quantiles of the responses; what is compared is the share of other draws below them.
usage: run_gretl_signs.py FOLDER_OF_THE_DATA (writes a JSON file where it is run; needs gretlcli with the package SVAR)"""
import json, subprocess, sys, tempfile
from pathlib import Path
import numpy as np
folder = Path(sys.argv[1]).resolve()
CHANCES = (0.05, 0.16, 0.5, 0.84, 0.95)
SCRIPT = """set verbose off
set loop_maxiter 0
include SVAR.gfn
open "{data}" --quiet
smpl --no-missing
setobs 1 1 --cross-section
setobs 1 1 --time-series
list Y = infl unemp tbilrate
list X = const
set seed {seed}
bundle m = SVAR_setup("SR", Y, X, 4)
m.horizon = 8
m.snames = defarray("supply", "demand", "policy")
{restrictions}
matrix out = {{}}
scalar tried = 0
loop part = 1..{parts}
    bundles drawn = SVAR_SRdraw(&m, 1000, {bayes}, 0.9, 1000000)
    matrix found = zeros(nelem(drawn), 81)
    loop i = 1..nelem(drawn)
        loop h = 1..9
            found[i, (h-1)*9+1:h*9] = vec(drawn[i].irfs[h])'
        endloop
    endloop
    out |= found
    tried += m.SRiter
endloop
mwrite(out, "{out}")
printf "iterations %d\\n", tried
"""
SIGNS = {"supply": "+++", "demand": "+-+", "policy": "-++"}
signs = "\n".join(f'SVAR_SRplain(&m, "{name}", "{shock}", "{sign}", 0)' for shock, row in SIGNS.items() for name, sign in zip(("infl", "unemp", "tbilrate"), row))
longer = signs + '\nSVAR_SRplain(&m, "infl", "policy", "-", 2)\nSVAR_SRplain(&m, "unemp", "policy", "+", 2)'
zero = "\n".join(line for line in signs.splitlines() if '"infl", "policy"' not in line) + '\nSVAR_restrict(&m, "C", 1, 3, 0)'
CASES = {"estimates": (signs, 0, 20), "longer": (longer, 0, 20), "posterior": (signs, 1, 20), "zero": (zero, 0, 20)}
expected = {}
for seed, (case, (restrictions, bayes, parts)) in enumerate(CASES.items(), 1):
    with tempfile.TemporaryDirectory() as place:
        out, script = Path(place) / "out.mat", Path(place) / "run.inp"
        script.write_text(SCRIPT.format(data=folder / "us_macro.csv", seed=seed, restrictions=restrictions, parts=parts, bayes=bayes, out=out))
        done = subprocess.run(["gretlcli", "-b", str(script)], capture_output=True, text=True)
        if not out.exists(): raise SystemExit(done.stdout[-3000:])
        lines = out.read_text().split("\n")
        rows = np.array([[float(v) for v in line.split()] for line in lines if line.strip() and not line.startswith("#")][1:])
        tried = int(done.stdout.split("iterations ")[1].split()[0])
    paths = rows.reshape(-1, 9, 3, 3).swapaxes(2, 3)  # draws, period, response, shock
    own = {"models": len(paths), "tried": tried}
    for chance in CHANCES:
        points = np.quantile(paths, chance, axis=0)
        own[f"chance_{chance}"] = {"points": [[[float(f"{v:.9g}") for v in row] for row in table] for table in points], "shares": np.full(points.shape, chance).tolist()}
    expected[case] = own
version = subprocess.run(["gretlcli", "--version"], capture_output=True, text=True).stdout.split()[2]
document = dict(case="signs_gretl", software=f"gretl {version}, package SVAR 2025a", data="us_macro.csv", script="scripts/run_gretl_signs.py",
    model=dict(variables=["infl", "unemp", "tbilrate"], lags=4, trend="constant", signs=SIGNS, estimates="signs on impact", longer="policy's of infl and unemp in periods 0 to 2 too", posterior="as estimates, with one draw of the reduced form for each rotation", zero="as estimates, without effect of policy on infl on impact instead of its sign"),
    conventions=dict(points="quantiles of the responses, [period 0 to 8][response][shock]", shares="of the draws below them"), expected=expected)
Path("signs_gretl.json").write_text(json.dumps(document, indent=None, separators=(", ", ": ")))
