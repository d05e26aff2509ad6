"""A small classifier of digits: its features measure generated ones."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class ClassifierConfig:
    """channels, size: of the image; width: of the first convolution; features: length of the feature vector before the last layer."""

    channels: int = 1
    size: int = 28
    width: int = 24
    features: int = 64
    classes: int = 10


class Classifier(nn.Module):
    """Four convolutions, three of them with stride 2, a layer of features, logits; images (batch, channels, size, size) in [−1, 1]."""

    def __init__(self, config: ClassifierConfig = ClassifierConfig()):
        super().__init__()
        self.config = config
        w = config.width
        self.body = nn.Sequential(
            *(nn.Conv2d(config.channels, w, 3, padding=1), nn.BatchNorm2d(w), nn.ReLU()),
            *(nn.Conv2d(w, 2 * w, 3, stride=2, padding=1), nn.BatchNorm2d(2 * w), nn.ReLU()),
            *(nn.Conv2d(2 * w, 2 * w, 3, stride=2, padding=1), nn.BatchNorm2d(2 * w), nn.ReLU()),
            *(nn.Conv2d(2 * w, 2 * w, 3, stride=2, padding=1), nn.BatchNorm2d(2 * w), nn.ReLU()),
            nn.Flatten(),
        )
        self.head = nn.Sequential(nn.Linear(2 * w * (-(-config.size // 8)) ** 2, config.features), nn.ReLU())
        self.logits = nn.Linear(config.features, config.classes)

    def features(self, x: Tensor) -> Tensor:
        """(batch, features), not negative."""
        return self.head(self.body(x))

    def forward(self, x: Tensor) -> Tensor:
        """Logits, (batch, classes)."""
        return self.logits(self.features(x))
