"""Reference values of aggregation rules and server optimizers from ByzFL and Flower, in float64.

    pip install byzfl==0.0.11 flwr==1.41.0 numpy
    python make_golden.py

writes rules.json and server-optimizers.json beside this file. Where a library differs from the paper that we follow, the
difference is undone here and said at its place.
"""
import json
from importlib.metadata import version
from pathlib import Path

import byzfl
import numpy as np
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server.strategy import FedAdagrad, FedAdam, FedAvgM, FedYogi
from flwr.server.strategy.aggregate import (
    aggregate_bulyan,
    aggregate_krum,
    aggregate_median,
    aggregate_trimmed_avg,
)

LIBRARIES = {name: version(name) for name in ("byzfl", "flwr", "numpy")}
FOLDER = Path(__file__).parent


def cohort(random, clients, length, outliers):
    """
    Multiples of 2^-10 around a common direction, and a few far away: exact in float32 and short in decimals. Sorted by
    their float32 bits: of equals the libraries take the first, and we the one with the smaller bits. Bulyan meets equals
    whenever a score is the distance to one neighbour.
    """
    updates = 0.5 + random.standard_normal((clients, length))
    updates[:outliers] = 30 * random.standard_normal((outliers, length))
    updates = np.round(updates * 1024) / 1024
    return np.array(sorted(updates, key=lambda update: update.astype("<f4").view("<u4").tolist()))


def rules(updates, attackers):
    """(library, rule, options, result) of each; Flower counts every client with one example."""
    clients = len(updates)
    results = [([update], 1) for update in updates]

    def flower(aggregate, *arguments, **named):
        return aggregate(list(results), *arguments, **named)[0]

    def centered(radius, iterations):
        rule = byzfl.CenteredClipping(L=iterations, tau=radius)
        rule.m = np.median(updates, axis=0)  # its default start is 0
        return rule(updates)

    yield "flwr", "coordinate-median", {}, flower(aggregate_median)
    yield "byzfl", "coordinate-median", {}, byzfl.Median()(updates)
    yield "flwr", "trimmed-mean", {"attackers": attackers}, flower(aggregate_trimmed_avg, (attackers + 0.5) / clients)
    yield "byzfl", "trimmed-mean", {"attackers": attackers}, byzfl.TrMean(attackers)(updates)
    yield "flwr", "krum", {"attackers": attackers}, flower(aggregate_krum, attackers, 0)
    # ByzFL takes n - f - 1 neighbours, the paper n - f - 2
    yield "byzfl", "krum", {"attackers": attackers}, byzfl.Krum(attackers + 1)(updates)
    yield "flwr", "multi-krum", {"attackers": attackers}, flower(aggregate_krum, attackers, clients - attackers)
    if clients >= 4 * attackers + 3:
        yield "flwr", "bulyan", {"attackers": attackers}, flower(aggregate_bulyan, attackers, aggregate_krum, to_keep=0)
    # ByzFL starts at 0: after so many steps the start no longer shows
    yield "byzfl", "geometric-median", {"iterations": 2000, "smoothing": 1e-6}, byzfl.GeometricMedian(1e-6, 4000)(updates)
    yield "byzfl", "centered-clipping", {"radius": 1.5, "iterations": 1}, centered(1.5, 1)
    yield "byzfl", "centered-clipping", {"radius": 0.5, "iterations": 4}, centered(0.5, 4)
    yield "byzfl", "norm-clipping", {"maxNorm": 2}, byzfl.Average()(byzfl.Clipping(2.0)(updates.copy()))
    yield "byzfl", "weighted-mean", {}, byzfl.Average()(updates)


def fit(coordinates):
    status = Status(Code.OK, "")
    return [(None, FitRes(status, ndarrays_to_parameters([coordinates]), num_examples=1, metrics={}))]


def trajectory(strategy, updates, correction=lambda round_number: 1.0):
    """Steps that the strategy takes when its clients return received + update."""
    coordinates = np.zeros(updates.shape[1])
    steps = []
    for round_number, update in enumerate(updates, start=1):
        parameters, _ = strategy.aggregate_fit(round_number, fit(coordinates + update), [])
        [following] = parameters_to_ndarrays(parameters)
        steps.append((following - coordinates) / correction(round_number))
        coordinates = following
    return steps


def optimizers(updates):
    start = ndarrays_to_parameters([np.zeros(updates.shape[1])])
    eta, beta_1, beta_2, tau = 0.1, 0.9, 0.99, 0.001

    def fed_opt(kind, **betas):
        strategy = kind(initial_parameters=start, eta=eta, tau=tau, **betas)
        strategy.v_t = [np.full(updates.shape[1], tau**2)]  # the paper's least v; Flower starts at 0
        return strategy

    def adams_correction(round_number):
        """Flower corrects Adam's bias, one round ahead of time; the paper does not."""
        return np.sqrt(1 - beta_2 ** (round_number + 1)) / (1 - beta_1 ** (round_number + 1))

    shared = {"learningRate": eta, "beta1": beta_1, "adaptivity": tau}
    average = FedAvgM(initial_parameters=start, server_learning_rate=0.5, server_momentum=0.9)
    adam = fed_opt(FedAdam, beta_1=beta_1, beta_2=beta_2)
    yogi = fed_opt(FedYogi, beta_1=beta_1, beta_2=beta_2)
    yield "momentum", {"learningRate": 0.5, "momentum": 0.9}, trajectory(average, updates)
    yield "adam", {**shared, "beta2": beta_2}, trajectory(adam, updates, adams_correction)
    yield "yogi", {**shared, "beta2": beta_2}, trajectory(yogi, updates)
    yield "adagrad", {**shared, "beta1": 0}, trajectory(fed_opt(FedAdagrad), updates)


def write(name, content):
    (FOLDER / name).write_text(json.dumps({"madeWith": LIBRARIES, **content}, indent=1) + "\n")


def main():
    random = np.random.default_rng(7)
    cohorts = []
    for clients, length, attackers in ((7, 4, 1), (8, 3, 1), (11, 6, 2)):
        updates = cohort(random, clients, length, attackers)
        results = [
            {"library": library, "rule": rule, "options": options, "result": result.tolist()}
            for library, rule, options, result in rules(updates, attackers)
        ]
        cohorts.append({"updates": updates.tolist(), "results": results})
    write("rules.json", {"cohorts": cohorts})
    updates = np.round(random.standard_normal((6, 5)) * 128) / 1024
    updates[:, 0] = 0
    runs = [
        {"optimizer": name, "options": options, "steps": [step.tolist() for step in steps]}
        for name, options, steps in optimizers(updates)
    ]
    write("server-optimizers.json", {"updates": updates.tolist(), "runs": runs})


main()
