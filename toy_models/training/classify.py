"""Training of the classifier whose features measure generated digits."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from playground.core.fields import BadValue, Record
from toy_models.networks.classifier import Classifier, ClassifierConfig
from toy_models.training.data import Images, check_labels, check_shape


def check(images: Images, test: Images, batch: int = 128) -> None:
    """Raises BadValue for fewer images than a batch, images that are not square or not alike in shape, and labels that are not 0, 1, …."""
    channels, classes = images.x.shape[1], max(2, int(images.labels.max()) + 1)
    for part in (images, test):
        check_shape(part, channels, 1, square=True)
        check_labels(part, classes, each=part is images)
    if test.x.shape[1:] != images.x.shape[1:] or len(images.x) < batch:
        told = f"{len(images.x):,} images {tuple(images.x.shape[1:])} to train, {len(test.x):,} {tuple(test.x.shape[1:])} to test"
        raise BadValue("data", told, f"at least {batch} images to train, and test images of the same shape")


def train_classifier(
    images: Images, test: Images, *, epochs: int = 3, batch: int = 128, seed: int = 0, tell: Callable[[str], None]
) -> tuple[Classifier, Record]:
    """Adam with a one-cycle rate on cross-entropy, images shifted by up to two pixels. Returns the network and facts for its card.

    Raises BadValue as ``check``.
    """
    began = time.perf_counter()
    check(images, test, batch)
    channels, size = images.x.shape[1:3]
    classes = int(images.labels.max()) + 1
    torch.manual_seed(seed)
    config = ClassifierConfig(channels=channels, size=size, classes=classes)
    net = Classifier(config)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    per_epoch = len(images.x) // batch
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=epochs * per_epoch)
    draw = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        for pick in torch.randperm(len(images.x), generator=draw)[: per_epoch * batch].split(batch):
            dx, dy = torch.randint(-2, 3, (2,), generator=draw).tolist()
            x = images.x[pick].roll((dx, dy), (2, 3))
            loss = F.cross_entropy(net(x), images.labels[pick])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rate.step()
        tell(f"epoch {epoch + 1} of {epochs} · test accuracy {accuracy(net, test):.4f}")
    facts = {
        "epochs": epochs,
        "batch": batch,
        "seed": seed,
        "bf16": False,
        "seconds": round(time.perf_counter() - began),
        "test accuracy": round(accuracy(net, test), 4),
    }
    return net.eval(), facts


@torch.no_grad()
def predict(net: Classifier, x: Tensor) -> Tensor:
    """The most probable class of each image, (count,)."""
    was = net.training
    net.eval()
    out = torch.cat([net(part).argmax(-1) for part in x.split(1000)])
    net.train(was)
    return out


def accuracy(net: Classifier, images: Images) -> float:
    """Share of images whose most probable class is their label."""
    return float((predict(net, images.x) == images.labels).float().mean())
