"""Forward passes of PEFT's adapters at one layer, for factors drawn here, in float32.

    pip install torch peft numpy
    python make_methods_golden.py

writes golden/methods.json beside this file: for every case our method and options, the base weight, the factors under
our names and in our layout, rows x, what PEFT makes of them, and how many numbers PEFT trains.
"""
import json
from pathlib import Path

import peft
import torch
from torch import nn

ROWS = 3


class Layer(nn.Module):
    def __init__(self, out_dim, in_dim):
        super().__init__()
        self.lin = nn.Linear(in_dim, out_dim, bias=False)

    def forward(self, x):
        return self.lin(x)


def adapted(config, out_dim, in_dim):
    """The layer with an adapter whose trained numbers are all drawn anew."""
    torch.manual_seed(out_dim * 100 + in_dim)
    model = peft.get_peft_model(Layer(out_dim, in_dim), config)
    for parameter in model.parameters():
        if parameter.requires_grad:
            parameter.data = torch.randn_like(parameter)
    return model.eval()


def case(name, method, options, model, factors):
    layer = model.base_model.model.lin
    weight = layer.get_base_layer().weight.detach()
    x = torch.randn(ROWS, weight.shape[1])
    with torch.no_grad():
        y = model(x)
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    flat = {key: value.detach().float().reshape(-1).tolist() for key, value in factors(layer).items()}
    shape = {"outDim": weight.shape[0], "inDim": weight.shape[1]}
    numbers = {"weight": weight.reshape(-1).tolist(), "x": x.reshape(-1).tolist(), "y": y.reshape(-1).tolist()}
    return {"name": name, "method": method, "options": options, **shape, "trained": trained, **numbers, "factors": flat}


def lora(layer):
    return {"B": layer.lora_B["default"].weight, "A": layer.lora_A["default"].weight}


def adalora(layer):
    return {
        "P": layer.lora_B["default"],
        "lambda": layer.lora_E["default"],
        "Q": layer.lora_A["default"],
    }


def vera(layer):
    return {
        "b": layer.vera_lambda_b["default"],
        "d": layer.vera_lambda_d["default"],
        "B": layer.vera_B["default"],
        "A": layer.vera_A["default"],
    }


def randlora(layer):
    # PEFT pairs row i n + j of the stacked [r, n, min] with column i n + j of the flat [max, n r]
    return {
        "lambda": layer.randlora_lambda["default"],
        "gamma": layer.randlora_gamma["default"],
        "B": layer.randlora_B["default"].flatten(start_dim=1),
        "A": layer.randlora_A["default"],
    }


def ia3(layer):
    return {"l": layer.ia3_l["default"]}


def hra(layer):
    return {"U": layer.hra_u["default"].T}


def bat(layer):
    return {"b": layer.miss_block["default"]}


def miss(layer):
    return {"b": layer.miss_block["default"].T}


def lokr(layer):
    return {"L": layer.lokr_w1["default"], "K": layer.lokr_w2["default"]}


def main():
    target = {"target_modules": ["lin"]}
    cases = []
    for out_dim, in_dim in [(8, 6), (4, 10)]:
        at = f"[{out_dim}, {in_dim}]"

        def add(name, method, options, config, factors):
            cases.append(case(f"{name} {at}", method, options, adapted(config, out_dim, in_dim), factors))

        add("LoRA", "lora", {"rank": 3, "alpha": 6}, peft.LoraConfig(r=3, lora_alpha=6, **target), lora)
        ada = peft.AdaLoraConfig(init_r=3, lora_alpha=6, total_step=10, **target)
        add("AdaLoRA", "adalora", {"rank": 3, "alpha": 6}, ada, adalora)
        add("VeRA", "vera", {"rank": 5}, peft.VeraConfig(r=5, **target), vera)
        rand = peft.RandLoraConfig(r=3, randlora_alpha=6, **target)
        add("RandLoRA", "randlora", {"rank": 3, "alpha": 6}, rand, randlora)
        add("(IA)3", "ia3", {}, peft.IA3Config(feedforward_modules=[], **target), ia3)
        add("HRA", "hra", {"rank": 4}, peft.HRAConfig(r=4, **target), hra)
        add("Bone", "bone", {"rank": 2}, peft.MissConfig(r=2, init_weights="bat", **target), bat)
        add("MiSS", "bone", {"rank": 2, "form": "shared"}, peft.MissConfig(r=2, **target), miss)
        kronecker = peft.LoKrConfig(r=16, alpha=16, **target)
        add("LoKr", "soka", {"rank": 1, "start": "zero"}, kronecker, lokr)
    golden = {"madeWith": {"torch": torch.__version__, "peft": peft.__version__}, "cases": cases}
    path = Path(__file__).parent / "golden" / "methods.json"
    path.write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes, {len(cases)} cases")


if __name__ == "__main__":
    main()
