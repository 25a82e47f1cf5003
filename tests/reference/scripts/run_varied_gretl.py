"""Vector autoregressions on varied series with gretl: python scripts/run_varied_gretl.py (writes scripts/varied.inp and runs it)."""
import json, subprocess, sys
specs = json.load(open("scripts/varied.json")); L = ["include scripts/dump.inp"]; used = {}
def add(n, s):
    names = s["variables"]; opts = {"c": "", "n": "--nc", "ct": "--trend"}.get(s["trend"])
    if opts is None: return
    used[n] = s; freq = s["seasons"] or 1
    L.append(f'open data/{s["data"]}.csv --quiet')
    L.append({1: "setobs 1 1 --time-series", 4: "setobs 4 1:1 --time-series", 12: "setobs 12 1:01 --time-series"}[freq])
    L.append("set warnings off\nset horizon 11")
    if s["seasons"]: opts += " --seasonals"
    x = "".join(" " + v for v in s["exogenous"]) + "".join(f" {v}(-{l})" for l in range(1, s["exogenous_lags"] + 1) for v in s["exogenous"])
    ex = "; " + x if x else ""; y = " ".join(names); p = s["lags"]; N = f'"{n}/'
    L.append(f"catch var {p} {y} {ex} {opts} --silent\nbundle b = $system\ndbun({N}system\", b)")
    for k, acc in dict(coeff="m:$coeff", stderr="m:$stderr", lnl="n:$lnl", aic="n:$aic", bic="n:$bic", hqc="n:$hqc", sigma="m:$sigma", compan="m:$compan", T_eff="n:$T").items():
        L.append(f"d{'mat' if acc[0] == 'm' else 'num'}({N}{k}\", {acc[2:]})")
    L.append(f"matrix ev = eigen($compan)\ndmat({N}companion_eig_re\", Re(ev))\ndmat({N}companion_eig_im\", Im(ev))\ndmat({N}companion_eig_modulus\", abs(ev))")
    for i, t in enumerate(names, 1):
        L.append(f"dmat({N}fevd/{t}\", fevd({i},0))")
        for j, sh in enumerate(names, 1): L.append(f"dmat({N}irf/{t}_{sh}\", irf({i},{j}))")
    def mod(key, cmd): L.append(f"catch modtest {cmd} --silent\nscalar er=$error\nif er==0\nmatrix tt=$test\ndmat({N}modtest/{key}_stat\", tt)\nmatrix tt=$pvalue\ndmat({N}modtest/{key}_pvalue\", tt)\nendif")
    for q in s["bg"]: mod(f"autocorr{q}", f"{q} --autocorr")
    for q in s["arch"]: mod(f"arch{q}", f"{q} --arch")
    mod("normality_DH", "--normality")
    rows = s["rows"][1]
    if freq == 1 and not x and rows > 30:
        L.append(f"smpl 1 {rows - 8}\ncatch var {p} {y} {opts} --silent\nsmpl full")
        for t in names: L.append(f"catch fcast {rows - 7} {rows} {t} --quiet --dynamic\nscalar er=$error\nif er==0\nmatrix F=$fcast ~ $fcse\ndmat({N}forecast/{t}\", F)\nendif")
    L.append(f"catch var {p} {y} {ex} {opts} --robust --silent\nscalar er=$error\nif er==0\ndmat({N}robust_stderr\", $stderr)\nendif")
    L.append(f"catch var {s['max_lags']} {y} {ex} {opts} --lagselect --silent\nscalar er=$error\nif er==0\nmatrix tt=$test\ndmat({N}lagselect\", tt)\nendif")
for n, s in specs.items(): add(n, s)
conv = {"coeff": "rows: const, lags of variable 1 (1..p), lags of variable 2, ..., exogenous variables and their lags, seasonal dummies (0 and 1, last season left out), trend", "forecast": "columns: mean and standard error of the last 8 rows from a model of the rows before", "others": "as canada_gretl.json"}
open("scripts/varied.inp", "w").write("# META " + json.dumps(dict(case="varied_gretl", data="the csv that model names", model=used, conventions=conv)) + "\n" + "\n".join(L) + "\n")
subprocess.run([sys.executable, "scripts/gretl2json.py", "scripts/varied.inp"], check=True)
f = "json/varied_gretl.json"; d = json.load(open(f)); d["script"] = "scripts/run_varied_gretl.py (+ dump.inp, gretl2json.py, varied.json)"
for v in d["expected"].values():
    for k in ("C", "A", "xtxinv"): v["system"].pop(k, None)
json.dump(d, open(f, "w"), indent=1)
