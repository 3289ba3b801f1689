"""Answers the requests of solver-process.ts with scipy.optimize.linear_sum_assignment."""
import json
import sys
import time

import numpy
import scipy
from scipy.optimize import linear_sum_assignment

print(json.dumps({"version": f"SciPy {scipy.__version__}, NumPy {numpy.__version__}, Python {sys.version.split()[0]}"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    costs = numpy.fromfile(request["file"], dtype=numpy.float64).reshape(request["rows"], request["columns"])
    times = []
    for _ in range(request["samples"]):
        started = time.perf_counter()
        for _ in range(request["repeats"]):
            rows, columns = linear_sum_assignment(costs)
        times.append((time.perf_counter() - started) * 1000 / request["repeats"])
    print(json.dumps({"ms": min(times), "total": float(costs[rows, columns].sum())}), flush=True)
