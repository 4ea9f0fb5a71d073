"""Makes sasrec.json: a small SASRec with random weights and what PyTorch computes with it.

Run with torch 2.7.1:  python make_sasrec.py > sasrec.json

The network is torch's own TransformerEncoder (norm_first, relu, a last norm), fed with the sum of
item and position vectors. Nothing here was taken from the Java code.
"""

import json

import torch
from torch import nn

torch.manual_seed(20260101)
ITEMS, SIZE, POSITIONS, LAYERS, HEADS, INNER = 9, 6, 5, 2, 2, 8
SESSIONS = [[3], [8, 0], [1, 1, 7, 2, 5]]

layer = nn.TransformerEncoderLayer(
    SIZE, HEADS, INNER, dropout=0.0, activation="relu", batch_first=True, norm_first=True
)
encoder = nn.TransformerEncoder(
    layer, LAYERS, norm=nn.LayerNorm(SIZE), enable_nested_tensor=False
)
items = nn.Embedding(ITEMS, SIZE)
positions = nn.Embedding(POSITIONS, SIZE)
bias = torch.empty(ITEMS).normal_()
weights = {"output.weight": items.weight, "output.bias": bias, "positions.weight": positions.weight}
weights.update({"encoder." + name: value for name, value in encoder.named_parameters()})
with torch.no_grad():
    for name, value in weights.items():
        value.normal_(std=0.7)
        if "norm" in name and name.endswith("weight"):
            value.add_(1)

encoder.train()  # eval would take the fused path; there is no dropout
queries, scores, mean = [], [], 0.0
targets = [[4], [6, 1], [0, 7, 7, 8, 2]]
losses = []
for session, following in zip(SESSIONS, targets):
    length = len(session)
    x = items(torch.tensor([session])) + positions(torch.arange(length))
    mask = nn.Transformer.generate_square_subsequent_mask(length)
    hidden = encoder(x, mask=mask, is_causal=True)[0]  # [T, D]
    logits = hidden @ items.weight.T + bias  # [T, V]
    queries.append(hidden.tolist())
    scores.append(logits.tolist())
    losses.append(nn.functional.cross_entropy(logits, torch.tensor(following), reduction="none"))
loss = torch.cat(losses).mean()

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
            "targets": targets,
            "queries": queries,
            "scores": scores,
            "loss": loss.item(),
        },
        indent=1,
    )
)
