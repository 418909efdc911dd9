"""The server: what it gives, to whom, and what it says to bad input."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import numpy as np
import pytest

pytest.importorskip("neuroglancer")

from faultpick.errors import ConfigError, PicksError, VolumeError
from faultpick.view import interactive
from faultpick.view.interactive import serve, usual_amplitude
from faultpick.view.server import serve_scene
from faultpick.volume import open_volume

from .conftest import view_in


@pytest.fixture(scope="module")
def address(small):
    with (
        open_volume(small.survey) as survey,
        open_volume(small.probability) as probability,
        serve(survey, probability=probability, picks=small.picks) as address,
    ):
        yield address


def get(address, path):
    """Status, headers and body of a path that is sent as it is written."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, dict(answer.getheaders()), body


def first_view(address):
    status, _, body = get(address, urlsplit(address).path)
    assert status == 200
    return view_in(body.decode())


def test_the_address_leads_to_the_page_and_its_data(address, small):
    page, state = first_view(address)
    status, _, body = get(address, page)
    assert status == 200
    assert b"<script" in body
    assert [layer["name"] for layer in state["layers"]] == ["seismic", "probability", "faults"]
    for layer in state["layers"]:
        token = layer["source"]["url"].removeprefix("python://volume/")
        status, _, body = get(address, f"/neuroglancer/info/{token}")
        assert status == 200
        assert json.loads(body)["shape"] == list(small.geometry.shape)


def test_nothing_else_can_be_read(address):
    page, state = first_view(address)
    url = state["layers"][0]["source"]["url"].removeprefix("python://volume/")
    viewer, volume = url.split(".")
    for path in (
        "/",
        "/etc/passwd",
        "/../../../../etc/passwd",
        f"{page}../../../../../../etc/passwd",
        f"{page}..%2f..%2f..%2f..%2fetc%2fpasswd",
        f"{page}%2e%2e/%2e%2e/__init__.py",
        f"{page}../__init__.py",
        f"{page}__init__.py",
        f"{page}/etc/passwd",
        "/v/wrong/",
        f"/v/{volume}/",
        "/neuroglancer/info/wrong",
        f"/neuroglancer/info/{viewer}.wrong",
        f"/neuroglancer/info/wrong.{volume}",
        f"/neuroglancer/npz/wrong.{volume}/1,1,1/0,0,0/1,1,1",
        f"/neuroglancer/npz/{viewer}.{volume}/../../etc/passwd",
        f"/neuroglancer/mesh/wrong.{volume}/1",
        "/events/wrong?c=1",
        f"/wrong/{viewer}",
    ):
        assert get(address, path)[0] == 404, path
    assert get(address, f"/neuroglancer/npz/{url}/1,1,1/0,0,0/99,1,1")[0] == 400


def test_no_other_address_of_the_machine_answers(address):
    port = urlsplit(address).port
    assert urlsplit(address).hostname == "127.0.0.1"
    with socket.socket() as other:
        other.settimeout(5)
        assert other.connect_ex(("127.0.0.2", port)) != 0


def test_a_taken_port_is_named(small):
    with socket.create_server(("127.0.0.1", 0)) as taken, open_volume(small.survey) as survey:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"Port {port} cannot be used"), serve(survey, port=port):
            pass


def test_a_port_is_free_again_when_the_block_ends(small):
    with open_volume(small.survey) as survey:
        with serve(survey) as address:
            port = urlsplit(address).port or 0
        with serve(survey, port=port) as address:
            assert urlsplit(address).port == port


def test_what_does_not_belong_to_the_survey_is_refused(small, tmp_path):
    np.save(tmp_path / "p.npy", np.zeros((9, 12, 8), dtype=np.float32))
    with open_volume(small.survey) as survey, open_volume(tmp_path / "p.npy") as other:
        with (
            pytest.raises(VolumeError, match=r"p\.npy has shape \(9, 12, 8\)"),
            serve(survey, probability=other),
        ):
            pass
        with pytest.raises(VolumeError, match=r"picks has shape"), serve(other, picks=small.picks):
            pass
        with pytest.raises(PicksError, match="holds no picks"), serve(survey, picks=tmp_path):
            pass


def test_without_neuroglancer_it_says_what_to_install(small, monkeypatch, command):
    monkeypatch.setattr(interactive, "find_spec", lambda name: None)
    code, _, errors = command("view", small.survey)
    assert code == 2
    assert "pip install neuroglancer" in errors


def test_the_clip_is_where_few_amplitudes_lie_beyond(tmp_path):
    rng = np.random.default_rng(0)
    np.save(tmp_path / "v.npy", rng.normal(0, 30, (40, 50, 60)).astype(np.float32))
    np.save(tmp_path / "zero.npy", np.zeros((3, 2, 5), dtype=np.float32))
    with open_volume(tmp_path / "v.npy") as volume, open_volume(tmp_path / "zero.npy") as silent:
        assert usual_amplitude(volume) == pytest.approx(2.576 * 30, rel=0.1)
        assert usual_amplitude(silent) == 1


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_the_command_serves_until_ctrl_c(small):
    program = "import sys; from faultpick.cli import main; sys.argv[0] = 'faultpick'; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "view", str(small.survey), "--no-browser"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        # what runs in the background of a shell ignores Ctrl-C, and so would what it starts
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\w+", line)
        assert found is not None, line
        assert first_view(found[0])[1]["title"].startswith("survey.sgy")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, errors) == (0, "")


def test_a_view_of_ten_thousand_faults_fits():
    state = {"layers": [{"segmentColors": {str(fault): "#aabbcc" for fault in range(10_000)}}]}
    with serve_scene(lambda _: state, []) as address:
        assert first_view(address)[1] == state
