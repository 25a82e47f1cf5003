"""Run a gretl script with gretlcli and turn its @@-lines into JSON. Line 1 of the script: # META {json}.
usage: gretl2json.py script.inp"""
import sys, subprocess, json, re, os
out = os.environ.get("REF_OUT", "json")
src = open(sys.argv[1]).read(); meta = json.loads(re.match(r"# META (.*)", src)[1])
import tempfile
cwd = os.getcwd()   # gretlcli resolves relative names against its own work folder, so make them absolute
tmp = tempfile.NamedTemporaryFile("w", suffix=".inp", delete=False); tmp.write(src.replace("include scripts/", f"include {cwd}/scripts/").replace("open data/", f"open {cwd}/data/")); tmp.close()
p = subprocess.run(["gretlcli", "-b", tmp.name], capture_output=True, text=True)
txt = p.stdout
def f(s):
    if s in ("NA", "nan", "-nan", "."): return None
    v = float(s); return v if abs(v) != float("inf") else ("Inf" if v > 0 else "-Inf")
E = {}; skip = ("t1","t2","sample_t1","sample_t2")
for l in txt.splitlines():
    if not l.startswith("@@"): continue
    kind, path, *rest = l[2:].split("|"); parts = path.split("/"); d = E
    if parts[-1] in skip or parts[-1] in ("X","Y","E","uhat","yhat") or (parts[-1] == "command"): continue
    for q in parts[:-1]: d = d.setdefault(q, {})
    k = parts[-1]
    if kind == "N":
        v = f(rest[0])
        if v is not None: d[k] = v
    elif kind == "S": d[k] = rest[0]
    elif kind == "A": d[k] = [x for x in rest[0].split(",") if x]
    elif kind == "M":
        r, c = int(rest[0]), int(rest[1]); v = [f(x) for x in rest[2].split()]
        assert len(v) == r*c, (path, r, c, len(v))
        if v == [None]: continue
        d[k] = v if 1 in (r, c) and k not in ("irf","fevd") else [v[i*c:(i+1)*c] for i in range(r)]
if p.returncode or "error" in txt.lower(): print("GRETL rc", p.returncode, [l[:150] for l in txt.splitlines() if ("rror" in l or "not " in l) and not l.startswith("# META")][-5:])
vals = dict(case=meta["case"], software="gretl 2025a (gretlcli, Debian 2025a-1)", data=meta["data"], script="scripts/panels.inp (+ run_panels.py, dump.inp, gretl2json.py, finalize.py)", model=meta["model"], conventions=meta["conventions"], expected=E)
json.dump(vals, open(f"{out}/{meta['case']}.json", "w"), indent=1); print("wrote", meta["case"], list(E)[:60])
