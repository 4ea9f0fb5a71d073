"""Makes bert4rec.json: a small BERT4Rec with random weights and what PyTorch computes with it.

Run with torch 2.7.1:  python make_bert4rec.py > bert4rec.json

The network is torch's own TransformerEncoder (norm_first, gelu, a last norm) without a mask of
which click sees which, fed with the sum of item and position vectors, a vector of its own in place
of hidden items; then a linear map, gelu and a layer norm. Nothing here was taken from the Java code.
"""

import json

import torch
from torch import nn

torch.manual_seed(20261122)
ITEMS, SIZE, POSITIONS, LAYERS, HEADS, INNER = 9, 6, 6, 2, 2, 8
SESSIONS = [[3, 5], [8, 0, 4], [1, 1, 7, 2, 5, 6]]
HIDDEN = [[1], [0, 2], [1, 4]]

layer = nn.TransformerEncoderLayer(
    SIZE, HEADS, INNER, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
)
encoder = nn.TransformerEncoder(
    layer, LAYERS, norm=nn.LayerNorm(SIZE), enable_nested_tensor=False
)
items = nn.Embedding(ITEMS, SIZE)
positions = nn.Embedding(POSITIONS, SIZE)
mask = nn.Parameter(torch.empty(SIZE))
linear = nn.Linear(SIZE, SIZE)
norm = nn.LayerNorm(SIZE)
bias = torch.empty(ITEMS).normal_()
weights = {
    "output.weight": items.weight,
    "output.bias": bias,
    "positions.weight": positions.weight,
    "mask.weight": mask,
}
weights.update({"encoder." + name: value for name, value in encoder.named_parameters()})
weights.update({"head." + name: value for name, value in linear.named_parameters()})
weights.update({"head.norm." + name: value for name, value in norm.named_parameters()})
with torch.no_grad():
    for name, value in weights.items():
        value.normal_(std=0.7)
        if "norm" in name and name.endswith("weight"):
            value.add_(1)

encoder.train()  # eval would take the fused path; there is no dropout


def ask(session, hidden):
    x = items(torch.tensor(session))  # [T, D]
    for place in hidden:
        x[place] = mask
    x = x + positions.weight[: len(session)]
    found = encoder(x.unsqueeze(0))[0]  # [T, D]
    return norm(nn.functional.gelu(linear(found)))[hidden]  # [N, D]


queries, losses, next_scores = [], [], []
with torch.no_grad():
    for session, hidden in zip(SESSIONS, HIDDEN):
        asked = ask(session, hidden)
        queries.append(asked.tolist())
        logits = asked @ items.weight.T + bias
        targets = torch.tensor([session[place] for place in hidden])
        losses.append(nn.functional.cross_entropy(logits, targets, reduction="none"))
        # As served: all clicks but the last are there, and the last one is asked for.
        served = ask(session, [len(session) - 1])
        next_scores.append((served @ items.weight.T + bias)[0].tolist())

print(
    json.dumps(
        {
            "items": ITEMS,
            "size": SIZE,
            "positions": POSITIONS,
            "layers": LAYERS,
            "heads": HEADS,
            "inner_size": INNER,
            "weights": {
                name: [round(v, 7) for v in value.flatten().tolist()]
                for name, value in weights.items()
            },
            "sessions": SESSIONS,
            "hidden": HIDDEN,
            "queries": queries,
            "next_scores": next_scores,
            "loss": torch.cat(losses).mean().item(),
        },
        indent=1,
    )
)
