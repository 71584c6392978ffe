"""Reference trajectories of NorMuon in float64, from the equations of Li et al. 2025 (https://arxiv.org/abs/2510.05491),
Algorithm 1. torch.optim has no NorMuon. The Newton-Schulz iteration is worked on singular values, by the polynomial that
it applies to each of them, so that no product of matrices is shared with what is tested. `muon` is the same without the
row norms, which tells by how much they matter.

    pip install numpy
    python make_normuon_golden.py

writes golden/normuon.json beside this file.
"""
import json
from pathlib import Path

import numpy as np

STEPS = 4
# Learning rates of a schedule, as parts of the optimizer's own.
FACTORS = [0.5, 1.0, 1.0, 0.25]
# Rows of very different sizes.
SHAPES = {"wide": (2, 3), "tall": (3, 2)}
OPTIONS = [
    {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.8, "weightDecay": 0.0},
    {"learningRate": 0.05, "beta1": 0.5, "beta2": 0.95, "weightDecay": 0.3},
]


def newton_schulz(m):
    u, s, vt = np.linalg.svd(m, full_matrices=False)
    s = s / (np.linalg.norm(m) + 1e-7)
    for _ in range(5):
        s = 3.4445 * s - 4.775 * s**3 + 2.0315 * s**5
    return u @ np.diag(s) @ vt


def trajectory(options, start, gradients, rows_normalised):
    eta, beta1, beta2 = options["learningRate"], options["beta1"], options["beta2"]
    theta, m, v = start.copy(), np.zeros_like(start), np.zeros((start.shape[0], 1))
    after = []
    for g, factor in zip(gradients, FACTORS):
        m = beta1 * m + (1 - beta1) * g
        o = newton_schulz(m)
        v = beta2 * v + (1 - beta2) * np.mean(o * o, axis=1, keepdims=True)
        if rows_normalised:
            o = o / np.sqrt(v + 1e-8)
        length = 0.2 * factor * eta * np.sqrt(o.size) / np.linalg.norm(o)
        theta = theta - factor * eta * options["weightDecay"] * theta - length * o
        after.append(theta.ravel().tolist())
    return after


def main():
    random = np.random.default_rng(7)
    cases = []
    for name, (rows, cols) in SHAPES.items():
        # What is given is float32, as the tested code reads it.
        start = random.standard_normal((rows, cols)).astype(np.float32).astype(float)
        sizes = np.array([1.0, 1e-2, 30.0])[:rows, None]
        gradients = (random.standard_normal((STEPS, rows, cols)) * sizes).astype(np.float32).astype(float)
        for options in OPTIONS:
            cases.append(
                {
                    "shape": name,
                    "rows": rows,
                    "cols": cols,
                    "options": options,
                    "start": start.ravel().tolist(),
                    "gradients": gradients.reshape(STEPS, -1).tolist(),
                    "after": trajectory(options, start, gradients, True),
                    "muon": trajectory(options, start, gradients, False),
                }
            )
    golden = {"madeWith": {"numpy": np.__version__}, "factors": FACTORS, "cases": cases}
    path = Path(__file__).parent / "golden" / "normuon.json"
    path.write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
