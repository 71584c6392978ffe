"""Reference trajectories of GaLore in float64, from the equations of Zhao et al. 2024 (https://arxiv.org/abs/2403.03507),
"Adam with GaLore". torch.optim has no GaLore. The projector is not the paper's SVD but the orthonormal basis of what is
drawn, and stays the same throughout. A tall matrix is projected on its right, R = G P, as the paper does it, and nothing is
transposed; a small one takes Adam's steps.

    pip install numpy
    python make_galore_golden.py

writes golden/galore.json beside this file.
"""
import json
from pathlib import Path

import numpy as np

# Of each step: its learning rate as a part of the optimizer's, and the size of its gradients.
FACTORS = [0.25, 0.5, 1.0, 0.8, 0.6, 0.4, 0.2]
SIZES = [1.0, 0.1, 3.0, 1.0, 0.01, 10.0, 0.5]
RANK = 2
SHAPES = [(3, 5), (5, 3), (2, 4)]
OPTIONS = [
    {"rank": RANK, "learningRate": 0.1},
    {"rank": RANK, "learningRate": 0.05, "beta1": 0.7, "beta2": 0.9, "epsilon": 1e-3, "scale": 1.5},
]


def orthonormal(drawn):
    columns = []
    for column in drawn.T:
        for other in columns:
            column = column - (other @ column) * other
        columns.append(column / np.linalg.norm(column))
    return np.stack(columns, axis=1)


class Adam:
    def __init__(self, beta1=0.9, beta2=0.999, epsilon=1e-8):
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon
        self.m, self.v, self.t = 0.0, 0.0, 0

    def __call__(self, g):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g**2
        m, v = self.m / (1 - self.beta1**self.t), self.v / (1 - self.beta2**self.t)
        return m / (np.sqrt(v) + self.epsilon)


def trajectory(start, gradients, drawn, rank, learningRate, scale=0.25, **moments):
    w, adam, p, after = start.copy(), Adam(**moments), orthonormal(drawn), []
    rows, cols = w.shape
    for g, factor in zip(gradients, FACTORS):
        if min(rows, cols) <= rank:
            step = adam(g)
        elif rows > cols:
            step = scale * adam(g @ p) @ p.T
        else:
            step = scale * p @ adam(p.T @ g)
        w = w - factor * learningRate * step
        after.append(w.ravel())
    return np.array(after)


def main():
    random = np.random.default_rng(7)

    # What is given is float32, as the tested code reads it.
    def float32(values):
        return values.astype(np.float32).astype(float)

    matrices = []
    for shape in SHAPES:
        start = float32(random.standard_normal(shape))
        gradients = [float32(size * random.standard_normal(shape)) for size in SIZES]
        matrices.append((start, gradients, float32(random.uniform(-1, 1, (min(shape), RANK)))))
    cases = [
        {"options": options, "after": np.hstack([trajectory(*given, **options) for given in matrices]).tolist()}
        for options in OPTIONS
    ]
    golden = {
        "madeWith": {"numpy": np.__version__},
        "matrices": [
            {"rows": rows, "cols": cols, "drawn": drawn.ravel().tolist()}
            for (rows, cols), (_, _, drawn) in zip(SHAPES, matrices)
        ],
        "start": np.hstack([start.ravel() for start, _, _ in matrices]).tolist(),
        "factors": FACTORS,
        "gradients": [
            np.hstack([gradients[step].ravel() for _, gradients, _ in matrices]).tolist()
            for step in range(len(FACTORS))
        ],
        "cases": cases,
    }
    path = Path(__file__).parent / "golden" / "galore.json"
    path.write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
