"""Makes experiment.json: assignments and statistics worked out without the Java code.

Run with mpmath 1.3:  python make_experiment.py > experiment.json

Each statistic is computed another way than in Java: the delta method from the linearised values
themselves, t probabilities from the incomplete beta function, the mixture likelihood ratio by
integrating over the mixture, the Dirichlet mixture as the product of its predictions.
"""

import hashlib
import json
import random

from mpmath import betainc, erfc, exp, findroot, log, mp, mpf, pi, quad, sqrt

mp.dps = 30


def digest(salt, unit):
    return hashlib.sha256(salt.encode() + b"\0" + unit.encode()).digest()


def assigned(salt, shares, unit):
    data = digest(salt, unit)
    takes_part = int.from_bytes(data[:8], "big") % 10000
    choice = int.from_bytes(data[8:16], "big") % 10000
    total = sum(shares)
    if takes_part >= round(total * 10000):
        return -1
    end = 0
    for variant, share in enumerate(shares):
        end += share
        if choice < round(end / total * 10000):
            return variant
    raise AssertionError


def seed(salt, unit, step):
    data = hashlib.sha256(
        salt.encode() + b"\0" + unit.encode() + b"\1" + step.to_bytes(4, "big")
    ).digest()
    return str(int.from_bytes(data[:8], "big", signed=True))


def moments(units):
    """Rate, variance of a unit's linearised value, number of units."""
    n = len(units)
    rate = mpf(sum(x for x, _ in units)) / sum(y for _, y in units)
    mean = mpf(sum(y for _, y in units)) / n
    values = [rate + (x - rate * y) / mean for x, y in units]
    centre = sum(values) / n
    return rate, sum((value - centre) ** 2 for value in values) / (n - 1), n


def two_sided_t(t, degrees):
    return betainc(degrees / 2, mpf(1) / 2, 0, degrees / (degrees + t * t), regularized=True)


def t_quantile(degrees, tail):
    return findroot(lambda t: two_sided_t(t, degrees) - 2 * tail, 2)


def always_valid(difference, squared_error, information, alpha, tightest):
    k = -2 * log(alpha) + log(1 - 2 * log(alpha))
    mixture = squared_error * information * k / tightest

    def ratio(at):
        def likelihood(theta):
            # Of the difference's distance from `at`, under theta against under 0.
            d = difference - at
            return exp(-((d - theta) ** 2 - d * d) / (2 * squared_error)) * exp(
                -theta * theta / (2 * mixture)
            ) / sqrt(2 * pi * mixture)

        scale = sqrt(mixture)
        return quad(likelihood, [-12 * scale, -4 * scale, 0, 4 * scale, 12 * scale])

    p = min(mpf(1), 1 / ratio(0))
    edge = sqrt(squared_error)
    high = findroot(lambda at: log(ratio(at)) + log(alpha), difference + 3 * edge)
    low = findroot(lambda at: log(ratio(at)) + log(alpha), difference - 3 * edge)
    return p, low, high


def dirichlet(counts, proportions, concentration=1000):
    factor = mpf(1)
    seen = 0
    for variant, count in enumerate(counts):
        for i in range(count):
            predicted = (concentration * mpf(proportions[variant]) + i) / (concentration + seen)
            factor *= predicted / mpf(proportions[variant])
            seen += 1
    return min(mpf(1), 1 / factor)


def mann_whitney(one, other):
    """Normal approximation with corrections for ties and continuity."""
    merged = sorted(one + other)
    ranks, ties = {}, mpf(0)
    for value in set(merged):
        count = merged.count(value)
        ranks[value] = merged.index(value) + mpf(count + 1) / 2
        ties += count**3 - count
    n, m = len(one), len(other)
    u = sum(ranks[value] for value in one) - mpf(n * (n + 1)) / 2
    variance = mpf(n * m) / 12 * (n + m + 1 - ties / ((n + m) * (n + m - 1)))
    return erfc((abs(u - mpf(n * m) / 2) - mpf(1) / 2) / sqrt(variance) / sqrt(2))


draw = random.Random(7)
units = ["session-%d" % i for i in range(40)] + ["Zoë 🙂"]
groups = []
for rate, size in ((0.3, 140), (0.42, 110)):
    group = []
    for _ in range(size):
        lists = 1 + int(draw.expovariate(0.25))
        group.append([sum(draw.random() < rate for _ in range(lists)), lists])
    groups.append(group)
control, variant = moments(groups[0]), moments(groups[1])
squared_error = control[1] / control[2] + variant[1] / variant[2]
difference = variant[0] - control[0]
degrees = squared_error**2 / (
    (control[1] / control[2]) ** 2 / (control[2] - 1)
    + (variant[1] / variant[2]) ** 2 / (variant[2] - 1)
)
information = 4 / (mpf(1) / control[2] + mpf(1) / variant[2])
radius = t_quantile(degrees, mpf("0.025")) * sqrt(squared_error)
valid = always_valid(difference, squared_error, information, mpf("0.05"), 500)

print(
    json.dumps(
        {
            "assignments": [
                {
                    "salt": salt,
                    "shares": shares,
                    "units": {unit: assigned(salt, shares, unit) for unit in units},
                    "seeds": {unit: seed(salt, unit, 258) for unit in units[:5] + units[-1:]},
                }
                for salt, shares in (("one", [0.5, 0.5]), ("two é", [0.1, 0.25, 0.05]))
            ],
            "split": {
                "control": groups[0],
                "variant": groups[1],
                "control_rate": float(control[0]),
                "difference": float(difference),
                "squared_error": float(squared_error),
                "degrees": float(degrees),
                "p_t": float(two_sided_t(difference / sqrt(squared_error), degrees)),
                "p_mann_whitney": float(
                    mann_whitney(*[[x / y for x, y in group] for group in groups])
                ),
                "interval": [float(difference - radius), float(difference + radius)],
                "tightest_at": 500,
                "p_always_valid": float(valid[0]),
                "always_valid_interval": [float(valid[1]), float(valid[2])],
            },
            "sample_ratios": [
                {
                    "counts": counts,
                    "proportions": proportions,
                    "p_always_valid": float(dirichlet(counts, proportions)),
                }
                for counts, proportions in (
                    ([500, 520], [0.5, 0.5]),
                    ([4700, 5300], [0.5, 0.5]),
                    ([900, 3300, 1100], [0.2, 0.6, 0.2]),
                )
            ],
        },
        ensure_ascii=False,
    )
)
