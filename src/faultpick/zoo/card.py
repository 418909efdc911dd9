"""The card that lies beside a model's weights: what the model is, how it was made and how well it does."""

import math
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from faultpick import normalise


class Card(BaseModel):
    """What is known of trained weights; NAME.json beside NAME.safetensors."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(description="Name of the model; that of its files.")
    network: str = Field(description="Name of the network in the registry of `faultpick.models`.")
    description: str = Field(default="", description="One paragraph for the reader who chooses a model.")
    config: dict[str, Any] = Field(
        default_factory=dict, description="The training settings, recipe included."
    )
    seed: int = Field(default=0, description="Seed of the training run.")
    steps: int = Field(default=0, ge=0, description="Optimiser steps taken.")
    minutes: float = Field(default=0.0, ge=0, description="Minutes of training.")
    metrics: dict[str, Any] = Field(
        default_factory=dict, description="Scores by name, on data never trained on."
    )
    normalisation: str = Field(default=normalise.NAME, description="Amplitude normalisation it expects.")
    threshold: float = Field(default=0.5, gt=0, lt=1, description="Probability of a fault voxel, at least.")
    temperature: float = Field(
        default=1.0, gt=0, description="What divides its logit, so that probabilities mean what they say."
    )
    period: tuple[float, float] | None = Field(
        default=None, description="Dominant vertical periods that it was trained on, in samples: from, to."
    )
    licence: str = Field(default="Apache-2.0", description="Licence of the weights.")
    code_version: str = Field(default="", description="Version of faultpick that wrote the file.")
    created: datetime = Field(default_factory=lambda: datetime.now(UTC), description="When it was written.")
    sha256: str = Field(default="", description="SHA-256 of the weights file, in hexadecimal.")

    def threshold_at(self, temperature: float) -> float:
        """The threshold that the same voxels pass at another temperature."""
        logit = math.log(self.threshold / (1 - self.threshold)) * self.temperature / temperature
        return 1 / (1 + math.exp(-logit))
