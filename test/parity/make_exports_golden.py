"""Logits of exported adapters and of merged models from PEFT, transformers and PyTorch, in float32.

    npx tsx test/parity/exported-methods.ts /tmp/exports
    pip install torch transformers peft safetensors numpy
    python make_exports_golden.py <model folder> /tmp/exports

writes golden/exports.json beside this file, and prints how far each export moves the logits of the base model and how
far its logits are from those of the adapter before it was exported. Arrays are base64 of little-endian float32.
"""
import base64
import hashlib
import json
import sys
from pathlib import Path

import numpy
import peft
import torch
import transformers

# A prime, so that no stride divides a dimension.
LOGIT_STRIDE = 61


def floats(tensor):
    data = tensor.detach().contiguous().to(torch.float32).numpy().astype("<f4").tobytes()
    return base64.b64encode(data).decode("ascii")


def load(folder):
    return transformers.LlamaForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def last_logits(model, inputs):
    return model(input_ids=torch.tensor([inputs])).logits[0, -1]


def main(model_folder, exports):
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    text = (Path(exports) / "text.txt").read_text(encoding="utf-8")
    ids = [tokenizer.eos_token_id, *tokenizer.encode(text, add_special_tokens=False)]
    plain = last_logits(load(model_folder), ids)
    methods = []
    for folder in sorted(Path(exports).glob("*/*")):
        form, name = folder.parts[-2:]
        model = peft.PeftModel.from_pretrained(load(model_folder), folder).eval() if form == "peft" else load(folder)
        logits = last_logits(model, ids)
        weights = next(folder.glob("*.safetensors")).read_bytes()
        moved = (logits - plain).abs().max().item()
        ours = numpy.fromfile(folder / "logits.bin", dtype="<f4")
        off = numpy.abs(logits.numpy() - ours).max()
        print(f"{name:10} {form:6} moves the logits by {moved:.3f}, and they are ours within {off:.1e}")
        hash = hashlib.sha256(weights).hexdigest()
        sampled = floats(logits[::LOGIT_STRIDE])
        methods.append({"name": name, "form": form, "weightsHash": hash, "sampled": sampled, "movedBy": moved})
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__}
    print(", ".join(f"{name} {version}" for name, version in versions.items()))
    golden = {"madeWith": versions, "text": text, "ids": ids, "logitStride": LOGIT_STRIDE, "methods": methods}
    path = Path(__file__).parent / "golden" / "exports.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
