"""What was understood of a volume, as plain data and as lines to print."""

from typing import Any

import numpy as np

from faultpick.volume.noise import noise_share
from faultpick.volume.places import line_steps
from faultpick.volume.volume import Volume


def describe(volume: Volume) -> dict[str, Any]:
    """Everything `faultpick info` prints, as JSON-ready data; reads the volume once.

    Lengths of the vertical axis are in its `unit`, coordinates and bin spacings in `length_unit`; of uneven
    lines the spacing is the usual one.
    """
    geometry, statistics = volume.geometry, volume.statistics()
    samples = geometry.samples
    period = volume.dominant_period()
    return {
        "path": str(volume.path),
        "format": volume.format,
        "sample_format": volume.sample_format,
        "shape": list(volume.shape),
        "inlines": _lines(geometry.inlines),
        "crosslines": _lines(geometry.crosslines),
        "samples": {
            "start": samples.start,
            "end": samples.start + samples.step * (samples.count - 1),
            "step": samples.step,
            "count": samples.count,
            "unit": samples.unit,
        },
        "traces": {
            "grid": volume.shape[0] * volume.shape[1],
            "missing": volume.shape[0] * volume.shape[1] - geometry.trace_count,
            "constant": statistics.dead_traces - (volume.shape[0] * volume.shape[1] - geometry.trace_count),
            "live": volume.shape[0] * volume.shape[1] - statistics.dead_traces,
        },
        "corners": None if geometry.corners is None else geometry.corners.tolist(),
        "bin_spacing": None
        if geometry.corners is None
        else [float(np.hypot(*step)) for step in line_steps(geometry)],
        "length_unit": geometry.length_unit,
        "amplitude": {
            "mean": statistics.mean,
            "std": statistics.std,
            "minimum": statistics.minimum,
            "maximum": statistics.maximum,
            "percentiles": {f"{percent:g}": value for percent, value in statistics.percentiles.items()},
            "nonfinite": statistics.nonfinite,
        },
        "dominant_period": None
        if period is None
        else {"samples": period, "length": period * samples.step, "unit": samples.unit},
        "noise_share": noise_share(volume.read, volume.shape),
        "notes": list(volume.notes),
    }


def _lines(numbers: np.ndarray) -> dict[str, int | None]:
    steps = np.unique(np.diff(numbers))
    step = int(steps[0]) if len(steps) == 1 else None
    return {"first": int(numbers[0]), "last": int(numbers[-1]), "step": step, "count": len(numbers)}


def description_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Label and text of each line to print."""
    samples, traces, amplitude = facts["samples"], facts["traces"], facts["amplitude"]
    unit = "" if samples["unit"] == "samples" else f" {samples['unit']}"
    rows = [
        ("file", facts["path"]),
        ("format", f"{facts['format']}, {facts['sample_format']}"),
        ("shape", " x ".join(map(str, facts["shape"])) + " (inlines x crosslines x samples)"),
        ("inlines", _line_text(facts["inlines"])),
        ("crosslines", _line_text(facts["crosslines"])),
        ("samples", f"{samples['start']:g} to {samples['end']:g}{unit}, every {samples['step']:g}{unit}"),
        (
            "traces",
            f"{traces['live']:,} live, {traces['constant']:,} constant, {traces['missing']:,} missing "
            f"of {traces['grid']:,}",
        ),
    ]
    if facts["corners"] is not None:
        texts = [f"({x:.2f}, {y:.2f})" for x, y in facts["corners"]]
        rows.append(("corners (X, Y)", f"{texts[0]} {texts[1]}\n{texts[2]} {texts[3]}"))
        rows.append(
            (
                "line spacing",
                "{0:.4g} {2} between inlines, {1:.4g} {2} between crosslines".format(
                    *facts["bin_spacing"], facts["length_unit"]
                ),
            )
        )
    quantiles = amplitude["percentiles"]
    rows += [
        ("amplitudes", f"{amplitude['minimum']:.6g} to {amplitude['maximum']:.6g}"),
        ("1 % to 99 %", f"{quantiles['1']:.6g} to {quantiles['99']:.6g}"),
        ("mean, std", f"{amplitude['mean']:.6g}, {amplitude['std']:.6g}"),
        ("NaN or infinite", f"{amplitude['nonfinite']:,} samples"),
    ]
    period = facts["dominant_period"]
    if period is None:
        rows.append(("vertical period", "none found"))
    else:
        length = f" ({period['length']:.3g}{unit})" if unit else ""
        rows.append(("vertical period", f"about {period['samples']:.3g} samples{length}"))
    if facts["noise_share"] is not None:
        rows.append(("noise of single traces", f"about {100 * facts['noise_share']:.0f} % of the energy"))
    return rows + [("note", note) for note in facts["notes"]]


def _line_text(lines: dict[str, int | None]) -> str:
    if lines["count"] == 1:
        return f"{lines['first']}"
    step = "uneven steps" if lines["step"] is None else f"step {lines['step']}"
    return f"{lines['first']} to {lines['last']}, {step}, {lines['count']} lines"
