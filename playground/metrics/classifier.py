"""A classifier's two-sample test: can new points be told from exact ones? (Lopez-Paz & Oquab 2017, 1610.06545.)"""

from __future__ import annotations

import warnings

import numpy as np

FOLDS = 5
HIDDEN = (32, 32)
EPOCHS = 60  # at most: fitting ends when the loss has not fallen by 1e-4 for ten of them
RATE = 0.01  # of Adam
REACH = 10.0  # standard deviations of the reference, beyond which points are all the same to it


def told_apart(x: np.ndarray, y: np.ndarray, seed: int = 0) -> float:
    """The share of points x (n, d) and y (m, d) that a network of two layers of 32 (Adam, until the loss settles) puts in the right sample, by FOLDS-fold cross-validation,
    each sample counting one half: ½ for equal laws, and at most ½ (1 + TV). Fewer than FOLDS points of either give NaN."""
    if min(len(x), len(y)) < FOLDS:
        return float("nan")
    from sklearn.exceptions import ConvergenceWarning  # takes a second
    from sklearn.neural_network import MLPClassifier

    middle, scale = y.mean(0), y.std(0) + 1e-12
    points = np.clip((np.concatenate([x, y]) - middle) / scale, -REACH, REACH)
    kind = np.repeat([0, 1], [len(x), len(y)])
    rng = np.random.default_rng(seed)
    fold = np.concatenate([rng.permutation(np.arange(n) % FOLDS) for n in (len(x), len(y))])
    right = np.zeros(len(points), dtype=bool)
    for k in range(FOLDS):
        model = MLPClassifier(HIDDEN, max_iter=EPOCHS, learning_rate_init=RATE, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model.fit(points[fold != k], kind[fold != k])
        right[fold == k] = model.predict(points[fold == k]) == kind[fold == k]
    return float(0.5 * (right[kind == 0].mean() + right[kind == 1].mean()))
