"""Reference trajectories of torch.optim, in float32: AdamW, SGD with momentum and clipped gradients, and LoRA+, which is
AdamW with two rates: the first half of the numbers are B, the others A.

    pip install torch numpy
    python make_optimizers_golden.py

writes golden/optimizers.json beside this file.
"""
import json
from pathlib import Path

import torch

STEPS = 20
# Learning rates of a schedule, as parts of the optimizer's own.
FACTORS = [min(1.0, (step + 1) / 5) for step in range(STEPS)]

CASES = [
    ("adamw", {"learningRate": 0.01}),
    ("adamw", {"learningRate": 0.05, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weightDecay": 0.1}),
    ("lora-plus", {"learningRate": 0.01, "ratio": 4.0}),
    ("sgd", {"learningRate": 0.1, "momentum": 0.0, "maxGradientNorm": 1.0}),
    ("sgd", {"learningRate": 0.1, "momentum": 0.9, "maxGradientNorm": 2.5}),
]


def optimizer_of(name, options, halves):
    ratio = options.get("ratio", 1.0)
    groups = [{"params": [half], "scale": scale} for half, scale in zip(halves, (ratio, 1.0))]
    if name == "sgd":
        return torch.optim.SGD(groups, momentum=options["momentum"])
    return torch.optim.AdamW(
        groups,
        betas=(options.get("beta1", 0.9), options.get("beta2", 0.999)),
        eps=options.get("epsilon", 1e-8),
        weight_decay=options.get("weightDecay", 0.0),
    )


def trajectory(name, options, start, gradients):
    halves = [torch.nn.Parameter(half.clone()) for half in start.chunk(2)]
    optimizer = optimizer_of(name, options, halves)
    after = []
    for gradient, factor in zip(gradients, FACTORS):
        for half, own in zip(halves, gradient.chunk(2)):
            half.grad = own.clone()
        if "maxGradientNorm" in options:
            torch.nn.utils.clip_grad_norm_(halves, options["maxGradientNorm"])
        for group in optimizer.param_groups:
            group["lr"] = options["learningRate"] * factor * group["scale"]
        optimizer.step()
        after.append(torch.cat(halves).tolist())
    return after


def main():
    torch.manual_seed(7)
    start = torch.randn(6)
    # Gradients of very different sizes, and a coordinate that has none.
    gradients = torch.randn(STEPS, 6) * torch.tensor([1.0, 1e-3, 30.0, 1.0, 0.1, 0.0])
    cases = [
        {"optimizer": name, "options": options, "after": trajectory(name, options, start, gradients)}
        for name, options in CASES
    ]
    golden = {
        "madeWith": {"torch": torch.__version__},
        "start": start.tolist(),
        "factors": FACTORS,
        "gradients": gradients.tolist(),
        "cases": cases,
    }
    path = Path(__file__).parent / "golden" / "optimizers.json"
    path.write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
