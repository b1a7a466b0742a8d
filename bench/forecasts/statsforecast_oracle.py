"""M4 Hourly by statsforecast's MSTL with AutoETS, an optional oracle: a JSON line a series with its path and CPU milliseconds.

Fails where the package is missing. Reads the histories only; the scoreboard scores the paths.
"""
import json
import os
import pathlib
import sys
import time

try:
    import numpy as np
    from statsforecast.models import MSTL, AutoETS
except ImportError:
    sys.exit(1)

root = pathlib.Path(__file__).resolve().parents[2]
data = pathlib.Path(os.environ.get("FORETIDE_DATA", root / "../shared/data")) / "forecast" / "m4_hourly.jsonl"
for line in data.read_text().splitlines():
    row = json.loads(line)
    start = time.process_time()
    model = MSTL(season_length=[24, 168], trend_forecaster=AutoETS(model="ZZN"))
    path = model.forecast(np.array(row["y"], dtype=float), h=48)["mean"]
    cpu = 1000 * (time.process_time() - start)
    print(json.dumps({"series": row["id"], "path": [float(value) for value in path], "cpuMilliseconds": cpu}))
