"""The command `faultpick info`, its numbers and its picture."""

import json

import matplotlib.image
import numpy as np
import pytest

from faultpick.errors import OutputError
from faultpick.view.sections import axes_of, draw_sections
from faultpick.volume import Geometry, SampleAxis, create_volume, describe, open_volume


def test_what_it_prints(command, segy, disc):
    cube = np.random.default_rng(0).standard_normal((9, 7, 40)).astype(np.float32)
    live = disc(9, 7)
    live[8, 6] = True
    cube[8, 6] = 0
    path = segy(cube, live=live, code=1, coordinates=lambda i, x: (25 * i, 12 * x), delay=100)
    code, output, errors = command("info", path)
    assert (code, errors) == (0, "")
    words = " ".join(output.split())
    assert "SEG-Y, IBM float" in words
    assert "9 x 7 x 40 (inlines x crosslines x samples)" in words
    assert "inlines 10 to 18, step 1, 9 lines" in words
    assert "samples 100 to 256 ms, every 4 ms" in words
    assert f"{live.sum() - 1} live, 1 constant, {63 - live.sum()} missing of 63" in words
    assert "(250.00, 1200.00)" in words
    assert "25 m between inlines, 12 m between crosslines" in words
    assert "vertical period about" in words
    assert "noise of single traces about" in words


def test_json(command, shared):
    code, output, _ = command("info", shared / "f3_small.sgy", "--json")
    facts = json.loads(output)
    assert code == 0
    assert facts["shape"] == [23, 18, 75]
    assert facts["inlines"] == {"first": 111, "last": 133, "step": 1, "count": 23}
    assert facts["traces"]["live"] == 414
    assert facts["samples"]["unit"] == "ms"


def test_notes_are_printed(command, segy, numbers):
    path = segy(numbers((4, 5, 3)))
    path.write_bytes(path.read_bytes()[: 3600 + 17 * 252])
    _, output, _ = command("info", path)
    assert "may be cut short" in " ".join(output.split())


def test_a_volume_without_signal(command, tmp_path):
    np.save(tmp_path / "a.npy", np.full((3, 4, 50), np.nan))
    code, output, _ = command("info", tmp_path / "a.npy", "--png", tmp_path / "a.png")
    assert code == 0
    assert "none found" in output
    assert "600 samples" in output
    assert (tmp_path / "a.png").exists()


@pytest.mark.parametrize(
    ("make", "arguments", "words"),
    [
        (lambda path: None, (), "does not exist"),
        (lambda path: path.write_bytes(bytes(5000)), (), "no SEG-Y file"),
        (lambda path: path.mkdir(), (), "is a folder"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(command, tmp_path, make, arguments, words):
    path = tmp_path / "a.sgy"
    make(path)
    code, output, errors = command("info", path, *arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert words in errors
    assert str(path) in errors


def test_wrong_size_on_the_command_line(command, tmp_path):
    np.ones((2, 3, 4), dtype="<f4").tofile(tmp_path / "a.dat")
    code, _, errors = command("info", tmp_path / "a.dat")
    assert code == 2
    assert "--shape" in errors
    code, output, _ = command("info", tmp_path / "a.dat", "--shape", 2, 3, 4)
    assert code == 0
    assert "2 x 3 x 4" in output


def test_header_bytes_on_the_command_line(command, segy, numbers):
    path = segy(numbers((5, 6, 3)), inline_byte=9, crossline_byte=21, extra={29: 1})
    code, _, errors = command("info", path)
    assert code == 2
    assert "bytes 9 and 21" in errors
    code, output, _ = command("info", path, "--inline-byte", 9, "--crossline-byte", 21)
    assert code == 0
    assert "10 to 14" in output


def test_no_picture_where_none_can_be_written(command, segy, numbers, tmp_path):
    path = segy(numbers((5, 6, 30)))
    code, _, errors = command("info", path, "--png", tmp_path / "nowhere" / "a.png")
    assert code == 2
    assert "does not exist" in errors
    (tmp_path / "b.png").mkdir()
    with open_volume(path) as volume, pytest.raises(OutputError, match="is a folder"):
        draw_sections(volume, tmp_path / "b.png")


def test_picture(command, segy, disc, tmp_path):
    cube = np.random.default_rng(0).standard_normal((30, 20, 50)).astype(np.float32)
    code, _, _ = command("info", segy(cube, live=disc(30, 20)), "--png", tmp_path / "a.png")
    assert code == 0
    picture = matplotlib.image.imread(tmp_path / "a.png")
    assert picture.shape[0] > 300
    assert picture[..., :3].std() > 0.1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "in.sgy"]


def test_voxels_are_centred_on_their_numbers():
    geometry = Geometry(
        np.arange(100, 110, 2, dtype=np.int32), np.array([7], dtype=np.int32), SampleAxis(4.0, 4.0, 75, "ms")
    )
    inlines, crosslines, samples = axes_of(geometry)
    assert inlines.edges == (99, 109)
    assert crosslines.edges == (6.5, 7.5)
    assert samples.edges == (2, 302)
    assert samples.label == "time (ms)"


def test_description_of_a_volume_with_uneven_lines(tmp_path, numbers):
    lines = np.array([1, 2, 5], dtype=np.int32)
    geometry = Geometry(lines, lines, SampleAxis(0, 5, 9, "m"))
    with create_volume(tmp_path / "a.zarr", geometry) as writer:
        writer.write(0, numbers((3, 3, 9)))
    with open_volume(tmp_path / "a.zarr") as volume:
        facts = describe(volume)
    assert facts["inlines"]["step"] is None
    assert facts["corners"] is None
    json.dumps(facts, allow_nan=False)
