"""The server of the viewer: neuroglancer's own, on the loopback address, with a short address to start at."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import quote

from neuroglancer.server import Server
from neuroglancer.viewer_base import UnsynchronizedViewerBase
from tornado.web import RequestHandler

from faultpick.errors import ConfigError
from faultpick.view.scene import State
from faultpick.view.source import VolumeSource

LOOPBACK = "127.0.0.1"
START = (
    '<!DOCTYPE html><meta charset="utf-8"><title>faultpick</title>'
    "<script>location.replace({address})</script>"
)


@contextmanager
def serve_scene(
    scene: Callable[[list[str]], State], sources: list[VolumeSource], port: int = 0
) -> Iterator[str]:
    """Serve sources and the view of them until the block ends.

    Every page and every piece of data has a random token in its address; without it there is nothing to read.
    The state of a view is in its address and nowhere else, so that each window has its own.

    Args:
        scene: The first view, given the addresses of the sources.
        sources: What can be read.
        port: On the loopback address; 0 takes a free one.

    Yields:
        The address to open, which leads on to that of the first view.

    Raises:
        ConfigError: The port cannot be used.
    """
    viewer = UnsynchronizedViewerBase(allow_credentials=False)
    viewer.config_state.set_state({"showLayerPanel": False})
    state = scene([viewer.volume_manager.register_volume(source) for source in sources])
    try:
        server = Server(bind_address=LOOPBACK, bind_port=port)
    except OSError as error:
        raise ConfigError(
            f"Port {port} cannot be used ({error.strerror or error}); give another one, "
            "or none to take a free one."
        ) from error
    try:
        server.viewers[viewer.token] = viewer
        first = f"/v/{viewer.token}/#!{quote(json.dumps(state, separators=(',', ':')))}"
        server.app.add_handlers(
            ".*", [(f"/{viewer.token}", _Start, {"first": first}), ("/favicon.ico", _NoIcon)]
        )
        yield f"{server.server_url}/{viewer.token}"
    finally:
        server.stop()


class _Start(RequestHandler):
    """Leads from the short address to that of the first view, which may be longer than a header can be."""

    def initialize(self, first: str) -> None:
        self.first = first

    def get(self) -> None:
        self.finish(START.format(address=json.dumps(self.first)))


class _NoIcon(RequestHandler):
    """Browsers ask for an icon; there is none, and that is no error."""

    def get(self) -> None:
        self.set_status(204)
