"""Works out losses.json, the figures that RankingLossTest holds the losses to.

    python -m venv venv && venv/bin/pip install torch==2.7.1 mpmath numpy
    venv/bin/python make_losses.py > losses.json

Each loss is written here as its paper's formula stands, products of probabilities and all, in 400
digits (mpmath), and differentiated numerically in as many. PyTorch's autograd, on the same
formulas in double precision, has to agree wherever they don't underflow.
"""

import json
import sys

import mpmath
import torch

mpmath.mp.dps = 400


def negatives(case, n):
    """The negatives of prediction n: (column, times drawn), its own target left out."""
    return [
        (c, times)
        for c, times in enumerate(case["times_drawn"])
        if times > 0 and c != case["target_columns"][n]
    ]


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def bpr_max(case, scores):
    """Hidasi and Karatzoglou 2018, equation of BPR-max with score regularisation."""
    total = mpmath.mpf(0)
    for n, target in enumerate(case["target_columns"]):
        drawn = negatives(case, n)
        denominator = mpmath.fsum(k * mpmath.exp(scores[n][c]) for c, k in drawn)
        weight = {c: mpmath.exp(scores[n][c]) / denominator for c, _ in drawn}
        wins = mpmath.fsum(
            k * weight[c] * sigmoid(scores[n][target] - scores[n][c]) for c, k in drawn
        )
        squares = mpmath.fsum(k * weight[c] * scores[n][c] ** 2 for c, k in drawn)
        total += -mpmath.log(wins) + case["regularization"] * squares
    return total / len(case["target_columns"])


def gbce(case, scores):
    """Petrov and Macdonald 2023, equations of beta and of gBCE."""
    total = mpmath.mpf(0)
    t = mpmath.mpf(case["calibration"])
    for n, target in enumerate(case["target_columns"]):
        drawn = negatives(case, n)
        count = sum(k for _, k in drawn)
        alpha = mpmath.mpf(count) / (case["items"] - 1)
        beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
        positive = mpmath.log(sigmoid(scores[n][target]) ** beta)
        negative = mpmath.fsum(k * mpmath.log(1 - sigmoid(scores[n][c])) for c, k in drawn)
        total += -(positive + negative) / (count + 1)
    return total / len(case["target_columns"])


def gradient(loss, case):
    step = mpmath.mpf(10) ** -60
    rows = []
    for n, row in enumerate(case["scores"]):
        rows.append([])
        for c in range(len(row)):
            moved = []
            for sign in (1, -1):
                scores = [[mpmath.mpf(value) for value in line] for line in case["scores"]]
                scores[n][c] += sign * step
                moved.append(loss(case, scores))
            rows[-1].append(float((moved[0] - moved[1]) / (2 * step)))
    return rows


def autograd(case):
    scores = torch.tensor(case["scores"], dtype=torch.float64, requires_grad=True)
    total = 0
    for n, target in enumerate(case["target_columns"]):
        drawn = negatives(case, n)
        columns = [c for c, k in drawn for _ in range(k)]
        others = scores[n, columns]
        if case["loss"] == "bpr-max":
            weight = torch.softmax(others, 0)
            wins = (weight * torch.sigmoid(scores[n, target] - others)).sum()
            squares = (weight * others**2).sum()
            total = total - torch.log(wins) + case["regularization"] * squares
        else:
            alpha = len(columns) / (case["items"] - 1)
            t = case["calibration"]
            beta = alpha * (t * (1 - 1 / alpha) + 1 / alpha)
            both = torch.log(torch.sigmoid(scores[n, target]) ** beta) + torch.log(
                1 - torch.sigmoid(others)
            ).sum()
            total = total - both / (len(columns) + 1)
    loss = total / len(case["target_columns"])
    loss.backward()
    return loss.item(), scores.grad.tolist()


USUAL = [[1.0, 2.0, 0.5, -1.25, 0.75], [0.0, -1.0, 3.0, 0.25, 1.5], [-0.5, 0.125, 2.0, 1.0, -2.0]]
# Far beyond what e^r can hold as a float: a naive formula gives log(0).
FAR = [[-150.0, 200.0, 90.0, 0.0, 120.0], [300.0, -250.0, 10.0, 60.0, -80.0]]

CASES = [
    # Column 0 is the first prediction's target and was drawn twice besides; column 1 is a target
    # that was not drawn, so it is no negative of anyone.
    ("drawn", USUAL, [0, 1, 2], [2, 0, 1, 3, 1], 40),
    # The whole catalogue, each item once.
    ("whole catalogue", USUAL, [4, 2, 2], [1, 1, 1, 1, 1], 5),
    ("far apart", FAR, [0, 0], [0, 1, 2, 1, 1], 1000),
]


def main():
    cases = []
    for name, scores, targets, drawn, items in CASES:
        common = {"scores": scores, "target_columns": targets, "times_drawn": drawn, "items": items}
        for regularization in (0.0, 0.5):
            cases.append(
                {"name": name, "loss": "bpr-max", "regularization": regularization, **common}
            )
        for calibration in (0.0, 0.75, 1.0):
            cases.append({"name": name, "loss": "gbce", "calibration": calibration, **common})
    for case in cases:
        loss = bpr_max if case["loss"] == "bpr-max" else gbce
        exact = [[mpmath.mpf(value) for value in row] for row in case["scores"]]
        case["value"] = float(loss(case, exact))
        case["gradient"] = gradient(loss, case)
        if case["name"] != "far apart":
            value, slopes = autograd(case)
            assert abs(value - case["value"]) < 1e-12, (case, value)
            flat = torch.tensor(case["gradient"]) - torch.tensor(slopes)
            assert flat.abs().max() < 1e-9, (case, slopes)
    json.dump({"made_by": "make_losses.py", "torch": torch.__version__, "cases": cases}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
