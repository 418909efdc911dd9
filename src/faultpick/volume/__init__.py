"""Surveys as lazy (inline, crossline, sample) arrays: reading, writing, geometry, statistics."""

from faultpick.volume.create import VolumeWriter, create_volume
from faultpick.volume.description import describe
from faultpick.volume.open import open_volume
from faultpick.volume.part import part_of
from faultpick.volume.statistics import AmplitudeStatistics
from faultpick.volume.volume import Geometry, SampleAxis, Volume, plain_geometry

__all__ = [
    "AmplitudeStatistics",
    "Geometry",
    "SampleAxis",
    "Volume",
    "VolumeWriter",
    "create_volume",
    "describe",
    "open_volume",
    "part_of",
    "plain_geometry",
]
