"""Reference values of an exported adapter from PEFT, transformers and PyTorch, in float32.

    npx tsx test/parity/peft-adapter.ts /tmp/adapter
    pip install torch transformers peft safetensors numpy
    python make_peft_golden.py <model folder> /tmp/adapter

writes golden/peft.json beside this file. Arrays are base64 of little-endian float32.
"""
import base64
import hashlib
import json
import sys
from pathlib import Path

import peft
import torch
import transformers

TEXTS = [
    "Real-time strategy game of ancient warfare (data files).\nSection:",
    "Perl module to parse e-mail addresses\nEmail::Address implements a regex-based RFC 2822 parser.\nSection:",
]


def floats(tensor):
    data = tensor.detach().contiguous().to(torch.float32).numpy().astype("<f4").tobytes()
    return base64.b64encode(data).decode("ascii")


@torch.no_grad()
def last_logits(model, inputs):
    return model(input_ids=torch.tensor([inputs])).logits[0, -1]


def main(model_folder, adapter_folder):
    tokenizer = transformers.AutoTokenizer.from_pretrained(model_folder)
    start = tokenizer.eos_token_id
    rows = [[start, *tokenizer.encode(text, add_special_tokens=False)] for text in TEXTS]
    base = transformers.LlamaForCausalLM.from_pretrained(
        model_folder, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    before = [last_logits(base, row) for row in rows]
    adapted = peft.PeftModel.from_pretrained(base, adapter_folder).eval()
    after = [last_logits(adapted, row) for row in rows]
    weights = (Path(adapter_folder) / "adapter_model.safetensors").read_bytes()
    golden = {
        "madeWith": {
            "torch": torch.__version__,
            "transformers": transformers.__version__,
            "peft": peft.__version__,
        },
        "adapterHash": hashlib.sha256(weights).hexdigest(),
        "texts": [
            {
                "text": text,
                "ids": row,
                "last": floats(logits),
                "movedBy": (logits - plain).abs().max().item(),
            }
            for text, row, logits, plain in zip(TEXTS, rows, after, before)
        ],
    }
    path = Path(__file__).parent / "golden" / "peft.json"
    path.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {path.stat().st_size} bytes, logits moved by {[t['movedBy'] for t in golden['texts']]}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
