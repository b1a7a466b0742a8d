"""M4 Hourly by statsforecast's MSTL with AutoETS: an optional oracle. Fails where the package is missing."""
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
scores, cpu = [], []
for line in data.read_text().splitlines()[::20]:
    row = json.loads(line)
    history, actual = np.array(row["y"]), np.array(row["test"])
    start = time.process_time()
    path = MSTL(season_length=[24, 168], trend_forecaster=AutoETS(model="ZZN")).forecast(history, h=48)["mean"]
    cpu.append(time.process_time() - start)
    scores.append(np.mean(np.abs(actual - path)) / np.mean(np.abs(history[24:] - history[:-24])))
print(f"MSTL + AutoETS on {len(scores)} of the series: MASE {np.mean(scores):.3f} at {1000 * np.mean(cpu):.0f} ms CPU")
