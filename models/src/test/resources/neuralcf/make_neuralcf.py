"""Makes neuralcf.json: a small GMF, MLP and NeuMF with random weights and what PyTorch computes.

Run with torch 2.7.1:  python make_neuralcf.py > neuralcf.json

The networks are written down after the equations of He et al. 2017 (8 to 12) with torch's own
operations; the gradients are autograd's of the mean binary cross-entropy. Nothing here was taken
from the Java code.
"""

import json

import torch
from torch import nn

torch.manual_seed(20261122)
USERS, ITEMS, FACTORS, LAYERS = 3, 5, 2, 2
EXAMPLES = [(0, 1, 1), (0, 4, 0), (2, 1, 0), (2, 0, 1), (1, 3, 1), (0, 3, 0), (2, 2, 0)]
HALF = FACTORS * 2 ** (LAYERS - 1)


def network(kind):
    weights = {}
    joined = 0
    if kind != "mlp":
        weights["user.factors"] = torch.empty(USERS, FACTORS)
        weights["item.factors"] = torch.empty(ITEMS, FACTORS)
        joined += FACTORS
    if kind != "gmf":
        weights["user.vectors"] = torch.empty(USERS, HALF)
        weights["item.vectors"] = torch.empty(ITEMS, HALF)
        for layer in range(1, LAYERS + 1):
            size = FACTORS * 2 ** (LAYERS - layer)
            weights[f"layers.{layer}.weight"] = torch.empty(size, 2 * size)
            weights[f"layers.{layer}.bias"] = torch.empty(size)
        joined += FACTORS
    weights["output.weight"] = torch.empty(joined)
    weights["output.bias"] = torch.empty(1)
    for value in weights.values():
        value.normal_(std=0.8).requires_grad_()
    return weights


def log_odds(weights, user, item):
    parts = []
    if "user.factors" in weights:
        parts.append(weights["user.factors"][user] * weights["item.factors"][item])
    if "user.vectors" in weights:
        x = torch.cat([weights["user.vectors"][user], weights["item.vectors"][item]])
        for layer in range(1, LAYERS + 1):
            x = nn.functional.relu(
                nn.functional.linear(
                    x, weights[f"layers.{layer}.weight"], weights[f"layers.{layer}.bias"]
                )
            )
        parts.append(x)
    return torch.cat(parts) @ weights["output.weight"] + weights["output.bias"][0]


result = {
    "users": USERS,
    "items": ITEMS,
    "factors": FACTORS,
    "layers": LAYERS,
    "examples": EXAMPLES,
}
for kind in ("gmf", "mlp", "neumf"):
    weights = network(kind)
    logits = torch.stack([log_odds(weights, user, item) for user, item, _ in EXAMPLES])
    labels = torch.tensor([float(label) for _, _, label in EXAMPLES])
    loss = nn.functional.binary_cross_entropy_with_logits(logits, labels)
    loss.backward()
    result[kind] = {
        "weights": {name: value.flatten().tolist() for name, value in weights.items()},
        "log_odds": logits.tolist(),
        "loss": loss.item(),
        "gradients": {name: value.grad.flatten().tolist() for name, value in weights.items()},
    }
print(json.dumps(result, indent=1))
