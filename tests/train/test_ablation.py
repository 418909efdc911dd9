"""The script benchmarks/ablation.py: a part is off, rows are finished once, the table shows differences."""

import numpy as np
import pytest

import ablation
from faultpick.synth import synthesize
from faultpick.synth.field_recipe import FIELD
from faultpick.synth.suites import SUITES, SuiteCube


def named(name):
    return next(each for each in ablation.VARIANTS if each.name == name)


def test_every_variant_leaves_out_something_that_is_there(tiny):
    base = tiny(augmentation=dict.fromkeys(FULL, 0.5))
    earths, augmentations = [], []
    for variant in ablation.VARIANTS:
        config = ablation.config_of(variant, base, 7)
        earths.append(variant.earth().model_dump_json())
        augmentations.append(config.augmentation.model_dump_json())
        assert (config.budget.steps, config.budget.minutes) == (7, None)
        assert config.data.recipe == "field"
    assert earths[0] == FIELD.model_dump_json()
    assert augmentations[0] == base.augmentation.model_dump_json()
    assert len(set(zip(earths, augmentations, strict=True))) == len(ablation.VARIANTS)
    both = [(e != earths[0], a != augmentations[0]) for e, a in zip(earths, augmentations, strict=True)]
    assert all(sum(each) == 1 for each in both[1:])  # one or the other, never both


FULL = (
    *("resampled", "phase", "band_pass", "gain_vertical", "gain_lateral", "weaker", "agc", "coherent_noise"),
    *("dead_traces", "cut_out", "mute", "slabs"),
)


def test_no_cube_has_a_part_that_is_left_out():
    without = named("no-noise").earth()
    for seed in range(3, 6):  # 3 is of a style of the recipe, which sets the noise
        quiet, loud = (synthesize(seed, recipe, (32, 32, 32)).seismic for recipe in (without, FIELD))
        assert not np.array_equal(quiet, loud)
    without = named("no-bodies").earth()
    assert without.imaging.salt == without.imaging.water == without.imaging.dead == 0
    assert without.faulting == FIELD.faulting


def test_the_table_shows_differences_to_the_mean_of_the_whole_of_the_same_steps():
    def row(variant, steps, seed, value):
        scores = {f"{suite} {name}": value for suite in ablation.SUITES for name in ("IoU", "Tol-IoU@2")}
        return {
            "variant": variant,
            "network": "a",
            "steps": steps,
            "seed": seed,
            "without": variant,
        } | scores

    rows = [
        row("everything", "9", "0", "0.500"),
        row("everything", "9", "1", "0.600"),
        row("no-bodies", "9", "0", "0.450"),
        row("no-bodies", "8", "0", "0.400"),
    ]
    lines = ablation.table(rows).splitlines()
    assert lines[2].startswith("| everything | 9 | 0 | 0.500 |")
    assert lines[3].startswith("| everything | 9 | 1 | 0.600 |")
    assert lines[4].startswith("| no-bodies | 9 | 0 | -0.100 |")
    assert lines[5].startswith("| no-bodies | 8 | 0 | 0.400 |")  # there is nothing to compare with yet


@pytest.mark.slow
def test_variants_are_trained_scored_and_not_repeated(tiny, monkeypatch, tmp_path, capsys):
    seeds = []

    class Noted(SuiteCube):
        def make(self):
            seeds.append(self.seed)
            return super().make()

    for suite in ablation.SUITES:
        monkeypatch.setitem(SUITES, suite, lambda first: [Noted("0", first, FIELD, (32, 32, 32))])
    page, results = tmp_path / "page.md", tmp_path / "ablation.csv"
    page.write_text("<!-- table: ablation -->\n<!-- end -->\n", encoding="utf-8")
    variants = [named(name) for name in ("everything", "crops-one-scale")]
    base = tiny(augmentation={"resampled": 0.5})
    ablation.run(variants[:1], base, 1, tmp_path / "runs", results, page)
    first = ablation.read(results)
    ablation.run(variants, base, 1, tmp_path / "runs", results, page)
    rows = ablation.read(results)
    assert rows[:1] == first
    assert [row["variant"] for row in rows] == ["everything", "crops-one-scale"]
    printed = [line for line in capsys.readouterr().out.splitlines() if "\t" in line]
    assert [line.split("\t")[0] for line in printed] == ["everything", "crops-one-scale"]
    assert all(1_000_000 <= seed < 2_000_000 for seed in seeds)
    assert len(seeds) == 4
    assert [(row["steps"], row["seed"]) for row in rows] == [("1", str(base.seed))] * 2
    assert page.read_text(encoding="utf-8").splitlines()[1:-1] == ablation.table(rows).splitlines()
