"""Johansen's tests, error-correction models and tests of restrictions by gretl.
usage: run_cointegration_gretl.py FOLDER_OF_THE_DATA (absolute; writes JSON files where it is run)"""
import json, re, subprocess, sys, tempfile
folder = sys.argv[1]
SERIES = dict(denmark=["lrm", "lry", "ibo", "ide"], finland=["lrm1", "lny", "lnmr", "difp"])
MATRICES = dict(beta="$jbeta", alpha="$jalpha", beta_variance="$jvbeta", gamma="$vecGamma", coefficients="$coeff", errors="$stderr", sigma="$sigma")
def shown(name, expression):
    return f'matrix m = {expression}\nprintf "@@{name}|%d|%d|", rows(m), cols(m)\nloop i=1..rows(m)\n loop j=1..cols(m)\n  printf "%.17g ", m[i,j]\n endloop\nendloop\nprintf "\\n"\n'
version = subprocess.run(["gretlcli", "--version"], capture_output=True, text=True).stdout.split()[2]
for data, names in SERIES.items():
    text = f"set verbose off\nopen {folder}/{data}.csv --quiet\n"
    listed = " ".join(names)
    for case in ("nc", "rc", "uc", "crt", "ct"):
        for lags in (2, 3):
            key = f"{case}_{lags}"
            text += f"coint2 {lags} {listed} --{case} --asy --quiet\n" + shown(f"{key}/statistics", "$test") + shown(f"{key}/pvalues", "$pvalue")
            text += f"coint2 {lags} {listed} --{case} --quiet\n" + shown(f"{key}/pvalues_corrected", "$pvalue[,1]")
            for rank in (1, 2):
                text += f"vecm {lags} {rank} {listed} --{case} --quiet\n"
                text += "".join(shown(f"{key}/vecm_{rank}/{name}", expression) for name, expression in MATRICES.items())
                text += shown(f"{key}/vecm_{rank}/llf", "{$lnl}")
                for word, line in (("opposite", " b[{r},1]+b[{r},2]=0\n"), ("excluded", " b[{r},4]=0\n"), ("exogenous", " a[{r},4]=0\n")):
                    lines = "".join(line.format(r=r) for r in range(1, rank + 1))
                    if rank == 1: lines = re.sub(r"\[1,", "[", lines)
                    text += f"restrict --quiet\n{lines}end restrict\n" + shown(f"{key}/vecm_{rank}/{word}", "{$test, $pvalue}")
                    text += f"vecm {lags} {rank} {listed} --{case} --quiet\n"
        text += f"vecm 2 1 {listed} --{case} --seasonals --quiet\n" + shown(f"{case}_seasonals/beta", "$jbeta") + shown(f"{case}_seasonals/llf", "{$lnl}")
    with tempfile.NamedTemporaryFile("w", suffix=".inp", delete=False) as script:
        script.write(text)
    out = subprocess.run(["gretlcli", "-b", script.name], capture_output=True, text=True).stdout
    expected = {}
    for line in out.splitlines():
        if not line.startswith("@@"):
            if "rror" in line and "standard errors in" not in line: print(data, line)
            continue
        path, rows, columns, values = line[2:].split("|")
        values = [float(v) if v not in ("nan", "NA", "-nan") else None for v in values.split()]
        rows, columns = int(rows), int(columns)
        node = expected
        *parts, last = path.split("/")
        for part in parts: node = node.setdefault(part, {})
        table = [values[r * columns:(r + 1) * columns] for r in range(rows)]
        node[last] = dict(statistic=values[0], pvalue=values[1]) if last in ("opposite", "excluded", "exogenous") else values[0] if last == "llf" else table
    document = dict(case=f"{data}_cointegration_gretl", software=f"gretl {version}", data=f"{data}.csv", script="scripts/run_cointegration_gretl.py",
        model=dict(names="CASE_LAGS", variables=names), conventions=dict(sigma="U'U / n", errors="n less the coefficients of an equation, a confined term counted too", pvalues_corrected="distributions for n less the coefficients of an equation of the levels",
            opposite="coefficients of the first two variables add up to nothing, in every relation", excluded="the fourth variable is in no relation", exogenous="the fourth variable does not react"), expected=expected)
    with open(f"{data}_cointegration_gretl.json", "w") as stream:
        json.dump(document, stream, indent=1)
