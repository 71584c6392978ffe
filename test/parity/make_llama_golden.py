"""Reference values of a Llama checkpoint from transformers and PyTorch, in float32.

    pip install torch transformers safetensors numpy
    python make_llama_golden.py <model folder>

writes golden/llama.json beside this file. Arrays are base64 of little-endian float32.
"""
import base64
import json
import sys
from pathlib import Path

import torch
import transformers

TEXTS = [
    "Real-time strategy game of ancient warfare (data files).\nSection:",
    "GNU C compiler for the riscv64 architecture, with its development headers and static libraries.",
    "Naïve façade: 数学 μ-calculus — 3.14159 ≈ π;\t“quotes”, emoji 🦀 and\r\n  two  spaces.",
    "Perl module to parse e-mail addresses\nEmail::Address implements a regex-based RFC 2822 parser that locates "
    "email addresses in strings and returns a list of objects found.",
    "x",
]
LAYER = 1
# Primes, so that no stride divides a dimension and every row and column is met.
LOGIT_STRIDE = 61
GRADIENT_ENTRIES = 512


def floats(tensor):
    data = tensor.detach().contiguous().to(torch.float32).numpy().astype("<f4").tobytes()
    return base64.b64encode(data).decode("ascii")


def next_prime(n):
    while any(n % d == 0 for d in range(2, int(n**0.5) + 1)):
        n += 1
    return n


def logits_of(model, inputs):
    logits = model(input_ids=torch.tensor([inputs])).logits[0]
    return {
        "sampled": floats(logits[:, ::LOGIT_STRIDE]),
        "logSumExp": floats(torch.logsumexp(logits, dim=-1)),
        "last": floats(logits[-1]),
    }


def mean_loss(model, rows):
    """Mean over every next-token position of every row, each row by itself, without padding."""
    total, count = 0.0, 0
    for inputs in rows:
        ids = torch.tensor([inputs])
        logits = model(input_ids=ids).logits[0, :-1]
        total = total + torch.nn.functional.cross_entropy(logits, ids[0, 1:], reduction="sum")
        count += len(inputs) - 1
    return total / count


def gradients_of(model, names):
    parameters = dict(model.named_parameters())
    result = {}
    for name in names:
        gradient = parameters[name].grad.reshape(-1)
        stride = next_prime(max(2, gradient.numel() // GRADIENT_ENTRIES))
        result[name] = {
            "shape": list(parameters[name].shape),
            "norm": gradient.double().norm().item(),
            "stride": stride,
            "sampled": floats(gradient[::stride]),
        }
    return result


def main(folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.eval()
    start = tokenizer.eos_token_id
    texts = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False)
        texts.append({"text": text, "ids": ids, "logits": logits_of(model, [start, *ids])})
    loss = mean_loss(model, [[start, *entry["ids"]] for entry in texts])
    loss.backward()
    kinds = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"]
    kinds += ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm", "post_attention_layernorm"]
    names = ["model.embed_tokens.weight", *(f"model.layers.{LAYER}.{kind}.weight" for kind in kinds), "model.norm.weight"]
    golden = {
        "madeWith": {"torch": torch.__version__, "transformers": transformers.__version__},
        "startId": start,
        "logitStride": LOGIT_STRIDE,
        "texts": texts,
        "loss": loss.item(),
        "gradients": gradients_of(model, names),
    }
    path = Path(__file__).parent / "golden" / "llama.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes, loss {golden['loss']:.6f}, {[len(t['ids']) for t in texts]} tokens")


if __name__ == "__main__":
    main(sys.argv[1])
