"""What PEFT's initialisations make of one layer, for weights and data drawn here, in float32.

    pip install torch transformers peft attrs
    python make_initialisations_golden.py

writes golden/initialisations.json beside this file: for every case our initialisation and its options, the base weights,
what was measured (inputs of the layers, one a row, or the gradient), and the A and B that PEFT starts from. alpha is the
rank, so that PEFT's scale is 1. PEFT takes the largest input of a batch as the unit of CorDA's activations: it is 1 here.
"""
import json
from pathlib import Path

import peft
import torch
from peft.tuners.lora.config import CordaConfig, EvaConfig, LoraGAConfig
from peft.tuners.lora.corda import preprocess_corda
from peft.tuners.lora.eva import initialize_lora_eva_weights
from peft.tuners.lora.loraga import preprocess_loraga
from torch import nn

RANK = 2
SHAPES = {"a tall layer": (11, 8), "a wide layer": (8, 12)}


class Layers(nn.Module):
    """Linear layers side by side, each with inputs of its own."""

    def __init__(self, *shapes):
        super().__init__()
        self.names = [f"lin{i}" for i in range(len(shapes))]
        for name, (out_dim, in_dim) in zip(self.names, shapes):
            setattr(self, name, nn.Linear(in_dim, out_dim, bias=False))

    def forward(self, *inputs):
        return [getattr(self, name)(x) for name, x in zip(self.names, inputs)]


def flat(tensor):
    return tensor.detach().float().reshape(-1).tolist()


def config(model, **options):
    return peft.LoraConfig(r=RANK, lora_alpha=RANK, target_modules=list(model.names), **options)


def draw(shape, seed):
    torch.manual_seed(seed)
    return Layers(shape), torch.randn(40, shape[1]) @ torch.diag(torch.linspace(2, 0.3, shape[1]))


def layers_of(model, weights, measured):
    found = []
    for name, weight in weights.items():
        layer = getattr(model.base_model.model, name)
        a, b = layer.lora_A["default"].weight, layer.lora_B["default"].weight
        numbers = {"weight": flat(weight), "measured": flat(measured[name]), "A": flat(a), "B": flat(b)}
        found.append({"name": name, "outDim": weight.shape[0], "inDim": weight.shape[1], "rank": a.shape[0], **numbers})
    return found


def weights_of(model):
    return {name: getattr(model, name).weight.detach().clone() for name in model.names}


def case(where, initialisation, options, model, weights, measured):
    return {
        "name": f"{initialisation} {json.dumps(options)} at {where}",
        "initialisation": initialisation,
        "options": options,
        "layers": layers_of(model, weights, measured),
    }


def from_weights(where, shape):
    for initialisation in ("pissa", "olora"):
        model, _ = draw(shape, 1)
        weights = weights_of(model)
        adapted = peft.get_peft_model(model, config(model, init_lora_weights=initialisation))
        yield case(where, initialisation, {}, adapted, weights, {"lin0": torch.zeros(0)})


def from_gradient(where, shape):
    model, x = draw(shape, 2)
    weights = weights_of(model)
    target = torch.randn(40, shape[0])
    chosen = config(model, init_lora_weights="lora_ga", lora_ga_config=LoraGAConfig())
    preprocess_loraga(model, chosen, lambda: ((model(x)[0] - target) ** 2).mean().backward())
    gradient = model.lin0._peft_loraga_grad.clone()
    adapted = peft.get_peft_model(model, chosen)
    yield case(where, "lora-ga", {}, adapted, weights, {"lin0": gradient})


def from_covariance(where, shape):
    for ours, theirs in (("instruction-previewed", "ipm"), ("knowledge-preserved", "kpm")):
        model, x = draw(shape, 3)
        x = x / x.max()
        weights = weights_of(model)
        chosen = config(model, init_lora_weights="corda", corda_config=CordaConfig(corda_method=theirs))
        preprocess_corda(model, chosen, run_model=lambda: model(x))
        adapted = peft.get_peft_model(model, chosen)
        options = {"mode": ours, "data": {"kind": "calibration", "file": "x"}}
        yield case(where, "corda", options, adapted, weights, {"lin0": x})


def from_activations():
    torch.manual_seed(4)
    model = Layers((8, 8), (8, 8), (6, 8))
    first = torch.tensor([9.0, 1, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1])
    spreads = (first, torch.linspace(3, 1, 8), torch.linspace(2, 0.2, 8))
    inputs = dict(zip(model.names, (torch.randn(60, 8) * spread + 0.5 for spread in spreads)))
    weights = weights_of(model)
    chosen = config(model, init_lora_weights="eva", eva_config=EvaConfig(rho=2.0, tau=0.999999))
    adapted = peft.get_peft_model(model, chosen)
    initialize_lora_eva_weights(
        adapted,
        dataloader=[inputs],
        forward_fn=lambda m, batch: m(*batch.values()),
        prepare_model_inputs_fn=None,
        prepare_layer_inputs_fn=None,
        show_progress_bar=False,
    )
    options = {"data": {"kind": "calibration", "file": "x"}}
    yield case("three layers", "eva", options, adapted, weights, inputs)


def main():
    cases = [*from_activations()]
    for where, shape in SHAPES.items():
        cases += [*from_weights(where, shape), *from_gradient(where, shape), *from_covariance(where, shape)]
    golden = {"madeWith": {"torch": torch.__version__, "peft": peft.__version__}, "rank": RANK, "cases": cases}
    path = Path(__file__).parent / "golden" / "initialisations.json"
    path.write_text(json.dumps(golden) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes, {len(cases)} cases, ranks {[l['rank'] for l in cases[0]['layers']]}")


if __name__ == "__main__":
    main()
