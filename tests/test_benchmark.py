from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from faultpick import baseline, benchmark, models
from faultpick.benchmark import (
    BenchmarkCube,
    Labelled,
    folder_cubes,
    read_rows,
    run_benchmark,
    suite_cubes,
    write_rows,
)
from faultpick.data import splits
from faultpick.errors import ConfigError, VolumeError
from faultpick.metrics import average_precision, overlap
from faultpick.prediction import predict
from faultpick.prediction.compiled import Compiled
from faultpick.semblance import discontinuity
from faultpick.synth import WU2019
from faultpick.synth.dataset import write_cubes
from faultpick.synth.suites import SUITES, TRIES, TRIES_APART, SuiteCube
from faultpick.volume import create_volume
from faultpick.volume.volume import array_geometry
from faultpick.zoo import Card, LoadedModel, load_model, save_model


def row(cube, model, iou, tta="none", seed=0):
    scores = {"iou": iou, "tol_iou_2": 0.9, "asd": 1.0, "hd95": 2.0}
    return {"suite": "s", "cube": cube, "seed": 5, "model": model, "model_seed": seed, "tta": tta} | scores


def test_another_model_or_seed_is_added_and_the_same_one_replaced(tmp_path):
    write_rows([row(0, "a", 0.5), row(0, "b", 0.6)], tmp_path / "t.csv")
    write_rows([row(0, "a", 0.7), row(0, "a", 0.8, "mirror"), row(0, "b", 0.9, seed=1)], tmp_path / "t.csv")
    found = [(r["model"], r["model_seed"], r["tta"], r["iou"]) for r in read_rows(tmp_path / "t.csv")]
    assert found == [
        ("b", "0", "none", "0.60000"),
        ("a", "0", "none", "0.70000"),
        ("a", "0", "mirror", "0.80000"),
        ("b", "1", "none", "0.90000"),
    ]


@pytest.fixture
def tiny(tmp_path):
    """A path of random weights."""

    def save(name="tiny", seed=0):
        torch.manual_seed(seed)
        path = tmp_path / f"{name}-{seed}.safetensors"
        save_model(models.build("unet_res2"), Card(name=name, network="unet_res2", seed=seed), path)
        return load_model(path)

    return save


@pytest.mark.slow
def test_scores_come_from_test_seeds_and_repeat(tiny):
    rows = run_benchmark([tiny()], suite_cubes("wu2019", 1), "wu2019-v1")
    assert rows == run_benchmark([tiny()], suite_cubes("wu2019-v1", 1), "wu2019-v1")
    assert rows[0]["seed"] == splits.TEST
    assert rows[0]["model"] == "tiny"
    assert 0 <= float(rows[0]["iou"]) <= 1


@pytest.mark.parametrize("name", SUITES)
def test_draws_to_choose_by_are_apart_from_each_other_and_from_test_seeds(name):
    tested, chosen = suite_cubes(name), suite_cubes(name, validation=3)
    assert [cube.name for cube in chosen] == 3 * [cube.name for cube in tested]
    reach = TRIES * TRIES_APART
    draws = [chosen[at : at + len(tested)] for at in range(0, len(chosen), len(tested))]
    seeds = [[cube.seed for cube in draw if cube.seed is not None] for draw in draws]
    assert seeds[0][0] >= splits.VALIDATION
    for one, other in pairwise([*seeds, [cube.seed for cube in tested if cube.seed is not None]]):
        assert max(one) + reach <= min(other)
    assert len(suite_cubes(name, 2, validation=3)) == 6


def test_a_model_is_prepared_once_for_all_cubes(tiny, validation, monkeypatch):
    model, networks = tiny(), []

    def predict_nothing(seismic, model, **_):
        networks.append(model.network)
        return np.zeros(seismic.shape, np.float32)

    monkeypatch.setattr("faultpick.benchmark.predict", predict_nothing)
    run_benchmark([model], folder_cubes(validation), "wu")
    assert len(networks) == 3
    assert networks[0] is networks[1] is networks[2] is not model.network


SHAPE = (32, 40, 48)


@pytest.fixture
def validation(tmp_path):
    """A folder in the layout of Wu's validation data: C order, the vertical axis fastest."""
    folder = tmp_path / "validation"
    write_cubes(folder, range(2, 5), shape=SHAPE, workers=1)
    (folder / "predict").mkdir()
    for number in (0, 1):
        label = np.fromfile(folder / f"fault/{number}.dat", "<f4").reshape(SHAPE)
        said = np.where(label > 0, 0.95, 0.89)  # 0.89 is no fault at the threshold that goes with them
        said[:, :, 24:] = 0.0  # the lower half is missed
        said.astype("<f4").tofile(folder / f"predict/{number}.dat")
    return folder


def test_models_take_their_memory_in_turn(tiny, validation, monkeypatch):
    """On large cubes each takes gigabytes."""
    pytest.importorskip("openvino")
    made: list[LoadedModel] = []
    holding = []

    def noted(model):
        made.append(prepared(model))
        return made[-1]

    def counted(*of, **how):
        said = predict(*of, **how)
        holding.append(
            sum(isinstance(each.network, Compiled) and each.network._request is not None for each in made)
        )
        return said

    prepared, predict = benchmark.prepared, benchmark.predict
    monkeypatch.setattr(benchmark, "prepared", noted)
    monkeypatch.setattr(benchmark, "predict", counted)
    run_benchmark([tiny(seed=0), tiny(seed=1)], folder_cubes(validation), "v")
    assert set(holding) == {1}


def test_a_folder_of_flat_cubes_is_scored_beside_what_was_published(tiny, validation):
    steps = []
    rows = run_benchmark(
        [tiny(seed=1), tiny(seed=2)], folder_cubes(validation), "v", progress=lambda *step: steps.append(step)
    )
    assert [(r["cube"], r["model"], r["model_seed"]) for r in rows] == [
        ("0", "published", ""),
        ("0", "tiny", 1),
        ("0", "tiny", 2),
        ("1", "published", ""),
        ("1", "tiny", 1),
        ("1", "tiny", 2),
        ("2", "tiny", 1),
        ("2", "tiny", 2),
    ]
    assert steps == [(n, 6) for n in range(1, 7)]
    for number in (0, 1):
        label = np.fromfile(validation / f"fault/{number}.dat", "<f4").reshape(SHAPE)
        assert rows[3 * number]["precision"] == 1.0
        assert rows[3 * number]["recall"] == pytest.approx(label[:, :, :24].sum() / label.sum())


def test_a_scale_is_written_with_the_grid_it_means_and_is_a_series_of_its_own(tiny, validation, tmp_path):
    model = tiny()
    model = replace(model, card=model.card.model_copy(update={"period": (100.0, 120.0)}))
    cubes = folder_cubes(validation)[2:]
    plain = run_benchmark([model], cubes, "v")
    stretched = run_benchmark([model], cubes, "v", scale="auto")
    assert [(row["scale"], row["grid"]) for row in plain + stretched] == [
        ("none", "1,1,1"),
        ("auto", "1,1,4"),
    ]
    assert plain[0]["iou"] != stretched[0]["iou"]
    assert run_benchmark([model], cubes, "v", scale=(1.0, 1.0, 4.0))[0]["iou"] == stretched[0]["iou"]
    write_rows(plain, tmp_path / "t.csv")
    write_rows(stretched, tmp_path / "t.csv")
    write_rows(plain, tmp_path / "t.csv")
    assert [row["scale"] for row in read_rows(tmp_path / "t.csv")] == ["auto", "none"]


def test_models_see_cubes_as_prediction_shows_them_evened_out_over_depth_unless_told(tiny, validation):
    model = tiny()
    cube = folder_cubes(validation)[0]
    seismic, label = cube.read().seismic, cube.read().fault
    faded = seismic * np.geomspace(1.0, 0.05, seismic.shape[2], dtype=np.float32)
    cubes = [replace(cube, read=lambda: Labelled(faded, label), published=None)]
    (even,), (as_it_is,) = run_benchmark([model], cubes, "v"), run_benchmark([model], cubes, "v", gain=False)
    assert even["average_precision"] == average_precision(predict(faded, model, scale="none"), label > 0)
    assert as_it_is["average_precision"] == average_precision(
        predict(faded, model, scale="none", gain=False), label > 0
    )
    assert even["average_precision"] != as_it_is["average_precision"]


def test_rows_from_before_there_were_scales_are_those_of_none(tmp_path):
    old = row(0, "a", 0.5)
    write_rows([old, row(0, "b", 0.6)], tmp_path / "t.csv")
    write_rows([old | {"scale": "none", "iou": 0.9}], tmp_path / "t.csv")
    assert [(r["model"], r["iou"]) for r in read_rows(tmp_path / "t.csv")] == [
        ("b", "0.60000"),
        ("a", "0.90000"),
    ]


@pytest.fixture
def small_suite(monkeypatch):
    """A suite of small cubes, and the seeds of those that were made."""
    made = []

    class Noted(SuiteCube):
        def make(self):
            made.append(self.seed)
            return super().make()

    def cubes(first_seed):
        return [Noted(str(number), first_seed + number, WU2019, (48, 48, 64)) for number in range(3)]

    monkeypatch.setitem(SUITES, "small", cubes)
    return made


def test_the_threshold_of_semblance_is_chosen_on_validation_cubes_alone(small_suite):
    threshold = baseline.validated_threshold("small")
    assert small_suite == list(splits.validation_seeds(3))
    assert 0 < threshold < 1
    cubes = [cube.make() for cube in SUITES["small"](splits.VALIDATION)]
    unlike = np.concatenate([discontinuity(cube.seismic) for cube in cubes])
    fault = np.concatenate([cube.fault > 0 for cube in cubes])
    others = [overlap(unlike >= each, fault).dice for each in (0.6 * threshold, 1.5 * threshold)]
    assert overlap(unlike >= np.float32(threshold), fault).dice > max(others)


def test_semblance_is_scored_on_test_cubes_beside_the_models(small_suite, command, tmp_path):
    out = tmp_path / "small.csv"
    code, output, _ = command(
        "benchmark", "--suite", "small", "--model", "semblance", "-o", out, "--cubes", 1
    )
    assert code == 0
    assert small_suite == [splits.VALIDATION, splits.TEST]
    (found,) = read_rows(out)
    assert (found["model"], found["model_seed"], found["seed"]) == ("semblance", "", str(splits.TEST))
    threshold = baseline.validated_threshold("small", 1)
    assert float(found["threshold"]) == pytest.approx(threshold)
    cube = SUITES["small"](splits.TEST)[0].make()
    unlike, fault = discontinuity(cube.seismic), cube.fault > 0
    strict = overlap(unlike >= np.float32(threshold), fault)
    assert float(found["iou"]) == pytest.approx(strict.iou, abs=1e-3)
    assert float(found["average_precision"]) == pytest.approx(average_precision(unlike, fault), abs=1e-3)
    assert "semblance" in output


def test_semblance_is_not_scored_on_the_validation_cubes_of_its_threshold(small_suite, command, tmp_path):
    command(
        "benchmark", "--suite", "small", "--validation", 1, "--model", "semblance", "-o", tmp_path / "s.csv"
    )
    (scored,) = {row["seed"] for row in read_rows(tmp_path / "s.csv")[:1]}
    assert int(scored) == splits.VALIDATION
    assert small_suite[0] == splits.VALIDATION + splits.DRAWS_APART


def test_counts_of_a_row_are_those_of_its_thresholds(tiny, validation):
    (found,) = run_benchmark([], folder_cubes(validation, 1), "v")
    counts = [int(each) for each in str(found["curve_found"]).split()]
    assert len(counts) == 19
    label = np.fromfile(validation / "fault/0.dat", "<f4").reshape(SHAPE)
    assert counts[16] == label.size - label[:, :, 24:].size  # 0.89 and 0.95 reach 0.85
    assert counts[17:] == [label[:, :, :24].sum()] * 2
    assert found["curve_real"] == label.sum()


def test_two_models_of_one_name_and_seed_are_refused(tiny, validation):
    with pytest.raises(ConfigError, match="Two models are called 'tiny' with seed 0"):
        run_benchmark([tiny(), tiny()], folder_cubes(validation), "v")


def test_the_command_scores_a_folder(command, validation, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("<!-- table: seed-cubes -->\n<!-- end -->\n")
    out = tmp_path / "seed.csv"
    code, output, _ = command("benchmark", "--data", validation, "-o", out, "--page", page, "--cubes", 2)
    assert code == 0
    assert "published" in output
    assert page.read_text().splitlines()[1] == "| Cube | published |"
    assert {row["suite"] for row in read_rows(out)} == {"validation-first-2"}
    assert len(read_rows(out)) == 2
    assert command("benchmark", "--data", validation, "-o", out, "--cubes", 9)[0] == 0
    assert [row["suite"] for row in read_rows(out)] == ["validation-first-2"] * 2 + ["validation"] * 2


def test_what_others_published_has_the_shape_of_its_volume(tmp_path):
    small = (8, 9, 10)
    for folder in ("seis", "fault", "predict"):
        (tmp_path / folder).mkdir()
    np.save(tmp_path / "seis/a.npy", np.random.default_rng(0).normal(size=small).astype(np.float32))
    np.save(tmp_path / "fault/a.npy", np.eye(9, 10, dtype=np.float32)[None].repeat(8, axis=0))
    np.load(tmp_path / "fault/a.npy").astype("<f4").tofile(tmp_path / "predict/a.dat")
    (row,) = run_benchmark([], folder_cubes(tmp_path), "v")
    assert row["iou"] == 1.0


def test_traces_that_a_survey_lacks_count_for_nothing(tmp_path):
    (tmp_path / "seis").mkdir()
    (tmp_path / "fault").mkdir()
    (tmp_path / "predict").mkdir()
    geometry = array_geometry(np.zeros((8, 9, 10), np.float32))
    live = np.ones((8, 9), bool)
    live[:3] = False
    with create_volume(tmp_path / "seis/a.zarr", replace(geometry, live=live)) as writer:
        writer.write(0, np.random.default_rng(0).normal(size=(8, 9, 10)).astype(np.float32))
    label = np.eye(9, 10, dtype=np.float32)[None].repeat(8, axis=0)
    np.save(tmp_path / "fault/a.npy", label)
    (label * live[..., None]).astype("<f4").tofile(tmp_path / "predict/a.dat")
    (row,) = run_benchmark([], folder_cubes(tmp_path), "v")
    assert row["recall"] == row["average_precision"] == row["iou"] == 1.0
    assert row["curve_real"] == label[3:].sum()


@pytest.mark.parametrize("mode", ["turn", "mirror-most"])
def test_a_mode_that_does_not_exist_is_refused_before_anything_is_read(tiny, mode):
    with pytest.raises(ConfigError, match=mode):
        run_benchmark([tiny()], [BenchmarkCube("a", None, lambda: pytest.fail("read"))], "v", tta=[mode])


def test_a_mode_asked_for_twice_is_scored_once(command, tiny, validation, tmp_path):
    tiny("one")
    weights = tmp_path / "one-0.safetensors"
    arguments = ["--model", weights, "--tta-mode", "none", "--tta-mode", "none", "-o", tmp_path / "t.csv"]
    assert command("benchmark", "--data", validation, "--cubes", 1, *arguments)[0] == 0
    assert [row["tta"] for row in read_rows(tmp_path / "t.csv")] == ["none", "none"]  # published, one


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--suite", "wu2091"), "did you mean 'wu2019-v1'"),
        ((), "name a model with --model"),
        (("--data", "EMPTY"), "holds no cubes"),
        (("--data", "ODD"), "fault/3.dat is missing"),
        (("--data", "SHORT", "--model", "unet_res2"), "has 4 bytes, but 128 x 128 x 128"),
        (("--data", "NOWHERE"), "is not a folder"),
        (("--data", "EMPTY", "--validation", "1"), "leave out --validation or --data"),
        (("--data", "ODD", "--suite", "field-20"), "leave out --suite or --data"),
        (("--data", "scale-12"), "is called as a suite is"),
        (("--model", "unet_res2", "--page", "NOWHERE"), "give the page of the tables"),
        (("--model", "unet_res2", "--page", "PICTURE"), "it is no text"),
    ],
)
def test_what_cannot_be_scored_is_refused_in_one_sentence(command, tmp_path, arguments, says):
    (tmp_path / "EMPTY").mkdir()
    for name in ("ODD/seis/3.dat", "ODD/fault/4.dat", "SHORT/seis/0.dat", "SHORT/fault/0.dat"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(4))
    (tmp_path / "PICTURE").write_bytes(b"\x89PNG")
    arguments = [tmp_path / each if each.isupper() else each for each in arguments]
    code, _, errors = command("benchmark", "-o", tmp_path / "out.csv", *arguments)
    assert code == 2
    assert says in errors
    assert errors.strip().splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "out.csv").exists()


def test_models_are_compared_on_validation_cubes(small_suite, tiny, command, tmp_path):
    out = tmp_path / "chosen.csv"
    for name in ("one", "other"):
        tiny(name)
    weights = [tmp_path / f"{name}-0.safetensors" for name in ("one", "other")]
    code, output, _ = command(
        "benchmark", "--suite", "small", "--validation", 2, "--cubes", 1, "-o", out,
        *(part for path in weights for part in ("--model", path)),
    )  # fmt: skip
    assert code == 0
    assert small_suite == [splits.VALIDATION, splits.VALIDATION + 10_000]
    assert {row["suite"] for row in read_rows(out)} == {"small-validation-2-first-1"}
    assert "Less one" in output
    assert "+0.000" in output  # both are of one seed


@pytest.mark.slow
def test_picks_are_scored_where_the_earth_is_known(validation, tmp_path):
    model = load_model("unet_res2")
    of_suite = run_benchmark([model], suite_cubes("wu2019-v1", 1), "s", picks=True)
    assert 0 < float(of_suite[0]["found_share"]) <= 1
    assert 0 < float(of_suite[0]["thin_tol_iou_2"]) <= 1
    of_folder = run_benchmark([model], folder_cubes(validation, 1), "f", picks=True)
    assert "found_share" not in of_folder[0]
    write_rows(of_folder, tmp_path / "t.csv")
    write_rows(of_suite, tmp_path / "t.csv")
    assert [bool(row["found_share"]) for row in read_rows(tmp_path / "t.csv")] == [False, False, True]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a,b\n1,2\n", "something else than rows"),
        (b"suite,model,model_seed,tta\ns,m,0,none\n", "something else than rows"),
        (b"\xff\x00", "is not a CSV file"),
    ],
)
def test_a_file_of_something_else_is_refused_before_anything_is_scored(
    command, tmp_path, monkeypatch, content, says
):
    monkeypatch.setattr(benchmark, "run_benchmark", lambda *_, **__: pytest.fail("it is scored"))
    out = tmp_path / "notes.csv"
    out.write_bytes(content)
    code, _, errors = command("benchmark", "--model", "unet_res2", "-o", out)
    assert (code, says in errors, out.read_bytes()) == (2, True, content)


def test_a_cube_that_no_model_can_see_is_named(tmp_path):
    np.savez(tmp_path / "3.npz", seismic=np.full((4, 4, 4), np.nan), fault=np.zeros((4, 4, 4)))
    with pytest.raises(VolumeError, match=r"3\.npz holds 64 NaN"):
        folder_cubes(tmp_path)[0].read()
