"""Fault probabilities of a survey: a network over tiles, test-time augmentation, ensembles."""

from faultpick.prediction.survey import Summary, predict, predict_to_file

__all__ = ["Summary", "predict", "predict_to_file"]
