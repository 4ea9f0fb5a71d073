"""Makes rankers.json: small rankers with random parameters, and what PyTorch makes of them.

Run with torch 2.7.1:  python make_rankers.py > rankers.json

Every model is written as its paper has it, with dense feature vectors and double loops over pairs
in double precision; gradients are autograd's. Nothing here was taken from the Java code but the
hash that gives a crossed pair its weight, which is part of the format.
"""

import json

import torch

torch.manual_seed(20260302)
torch.set_default_dtype(torch.float64)

# Features of the fields user, weekday, item, category, rank.a, score.b; each begins with the one
# for a missing value.
WIDTHS = [4, 8, 5, 6, 5, 4]
OFFSETS = [sum(WIDTHS[:f]) for f in range(len(WIDTHS))]
FIELDS, FEATURES = len(WIDTHS), sum(WIDTHS)
FACTORS, HIDDEN, BUCKETS = 3, [5, 4], 16
CROSSES = [(0, 2), (1, 3), (2, 4), (1, 5)]

# (field, place in the field, value)
EXAMPLES = [
    [(0, 1, 1.0), (1, 3, 1.0), (2, 4, 1.0), (3, 2, 0.5), (3, 5, 0.5), (4, 1, 1.0), (5, 3, 1.0)],
    [(0, 0, 1.0), (1, 7, 1.0), (2, 2, 1.0), (3, 1, 1.0), (4, 0, 1.0), (5, 2, 1.0)],
    [(0, 3, 1.0), (1, 3, 1.0), (2, 2, 1.0), (3, 2, 0.25), (3, 3, 0.75), (4, 4, 1.0), (5, 0, 1.0)],
]
LABELS = [1.0, 0.0, 1.0]


def dense(example):
    x = torch.zeros(FEATURES)
    for field, place, value in example:
        x[OFFSETS[field] + place] += value
    return x


def field_of(feature):
    return max(f for f in range(FIELDS) if OFFSETS[f] <= feature)


def factorisation(x, v):
    total = 0
    for i in range(FEATURES):
        for j in range(i + 1, FEATURES):
            total = total + (v[i] @ v[j]) * x[i] * x[j]
    return total


def field_aware(x, v):
    v = v.view(FEATURES, FIELDS, FACTORS)
    total = 0
    for i in range(FEATURES):
        for j in range(i + 1, FEATURES):
            total = total + (v[i, field_of(j)] @ v[j, field_of(i)]) * x[i] * x[j]
    return total


def perceptron(x, v, p, fields):
    vectors = []
    for f in fields:
        own = slice(OFFSETS[f], OFFSETS[f] + WIDTHS[f])
        vectors.append(x[own] @ v[own])
    h = torch.cat(vectors)
    for layer in range(len(HIDDEN)):
        h = torch.relu(h @ p[f"network.{layer}.weight"] + p[f"network.{layer}.bias"][0])
    return h @ p["network.last"][0]


MASK = (1 << 64) - 1


def mixed(key):
    key ^= key >> 33
    key = key * 0xFF51AFD7ED558CCD & MASK
    key ^= key >> 33
    key = key * 0xC4CEB9FE1A85EC53 & MASK
    return key ^ key >> 33


def crossed(x, w):
    total = 0
    for number, (one, other) in enumerate(CROSSES):
        for i in range(OFFSETS[one], OFFSETS[one] + WIDTHS[one]):
            for j in range(OFFSETS[other], OFFSETS[other] + WIDTHS[other]):
                bucket = mixed(mixed(number + 1) ^ (i << 32 | j)) & (BUCKETS - 1)
                total = total + w[bucket, 0] * x[i] * x[j]
    return total


def normal(*shape):
    return torch.randn(*shape) * 0.5


def network(inputs):
    p, sizes = {}, [inputs] + HIDDEN
    for layer in range(len(HIDDEN)):
        p[f"network.{layer}.weight"] = normal(sizes[layer], sizes[layer + 1])
        p[f"network.{layer}.bias"] = normal(1, sizes[layer + 1])
    p["network.last"] = normal(1, HIDDEN[-1])
    return p


def linear():
    return {"bias": normal(1, 1), "weights": normal(FEATURES, 1)}


def first_order(x, p):
    return p["bias"][0, 0] + x @ p["weights"][:, 0]


everything = range(FIELDS)
deep = FIELDS * FACTORS
MODELS = {
    "logistic-regression": (linear(), first_order),
    "fm": (
        {**linear(), "vectors": normal(FEATURES, FACTORS)},
        lambda x, p: first_order(x, p) + factorisation(x, p["vectors"]),
    ),
    "ffm": (
        {**linear(), "vectors": normal(FEATURES, FIELDS * FACTORS)},
        lambda x, p: first_order(x, p) + field_aware(x, p["vectors"]),
    ),
    "deepfm": (
        {**linear(), "vectors": normal(FEATURES, FACTORS), **network(deep)},
        lambda x, p: first_order(x, p)
        + factorisation(x, p["vectors"])
        + perceptron(x, p["vectors"], p, everything),
    ),
    "wide-and-deep": (
        {
            **linear(),
            "crosses": normal(BUCKETS, 1),
            "vectors": normal(FEATURES, FACTORS),
            **network(deep),
        },
        lambda x, p: first_order(x, p)
        + crossed(x, p["crosses"])
        + perceptron(x, p["vectors"], p, everything),
    ),
    "neumf-ranker": (
        {
            "bias": normal(1, 1),
            "product.vectors": normal(FEATURES, FACTORS),
            "product.weights": normal(1, FACTORS),
            "vectors": normal(FEATURES, FACTORS),
            **network(2 * FACTORS),
        },
        lambda x, p: p["bias"][0, 0]
        + p["product.weights"][0]
        @ (
            (x[0:4] @ p["product.vectors"][0:4])
            * (x[OFFSETS[2] : OFFSETS[3]] @ p["product.vectors"][OFFSETS[2] : OFFSETS[3]])
        )
        + perceptron(x, p["vectors"], p, [0, 2]),
    ),
}

figures = []
for kind, (parameters, model) in MODELS.items():
    # Rounded to what a float holds, so that both sides begin with the same numbers.
    parameters = {n: t.float().double().requires_grad_() for n, t in parameters.items()}
    log_odds = torch.stack([model(dense(e), parameters) for e in EXAMPLES])
    loss = torch.nn.functional.binary_cross_entropy_with_logits(
        log_odds, torch.tensor(LABELS), reduction="sum"
    )
    loss.backward()
    figures.append(
        {
            "kind": kind,
            "log_odds": log_odds.tolist(),
            "loss": loss.item(),
            "parameters": {n: t.flatten().tolist() for n, t in parameters.items()},
            "gradients": {n: t.grad.flatten().tolist() for n, t in parameters.items()},
        }
    )
print(
    json.dumps(
        {
            "factors": FACTORS,
            "hidden": HIDDEN,
            "buckets": BUCKETS,
            "examples": [
                [{"field": f, "feature": OFFSETS[f] + p, "value": v} for f, p, v in e]
                for e in EXAMPLES
            ],
            "labels": LABELS,
            "models": figures,
        },
        indent=1,
    )
)
