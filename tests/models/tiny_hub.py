"""A hub of models in memory at 127.0.0.1: the answers that huggingface_hub asks for, and failures."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest.mock import patch

COMMIT = "c" * 40


@dataclass
class TinyHub:
    """models: the files of each. gated: who has not accepted a licence. cut: of these files a connection
    breaks after so many bytes, once a time that stands here. asked: (path, range) of every file sent."""

    models: dict[str, dict[str, bytes]] = field(default_factory=dict)
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    cut: dict[str, list[int]] = field(default_factory=dict)
    ranged: bool = True
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def info(self, name: str) -> dict[str, Any]:
        siblings = [{"rfilename": path, "size": len(held)} for path, held in self.models[name].items()]
        gated = "manual" if name in self.gated else False
        card = self.cards.get(name, {})
        return {"id": name, "sha": COMMIT, "siblings": siblings, "gated": gated, "cardData": card, "tags": []}


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: TinyHub

    def log_message(self, *_: object) -> None:
        """Nothing is written to stderr."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, body: bool) -> None:
        path = self.path.partition("?")[0].strip("/")
        if path.startswith("api/models/"):
            name = path.removeprefix("api/models/").partition("/revision/")[0]
            if name not in self.hub.models:
                self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"}, body)
            else:
                held = json.dumps(self.hub.info(name)).encode()
                self._send(200, held, {"Content-Type": "application/json"}, body)
            return
        name, _, rest = path.partition("/resolve/")
        file = rest.partition("/")[2]
        if name in self.hub.gated:
            self._send(401, b"", {"X-Error-Code": "GatedRepo", "X-Error-Message": "gated"}, body)
        elif file not in self.hub.models.get(name, {}):
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"}, body)
        else:
            self._file(file, self.hub.models[name][file], body)

    def _file(self, file: str, held: bytes, body: bool) -> None:
        large = file.endswith(".safetensors")
        etag = hashlib.sha256(held).hexdigest() if large else hashlib.sha1(held).hexdigest()
        about = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        wanted = self.headers.get("Range")
        if body:
            self.hub.asked.append((file, wanted))
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.hub.ranged else 0
        if start:
            about["Content-Range"] = f"bytes {start}-{len(held) - 1}/{len(held)}"
        cuts = self.hub.cut.get(file, []) if body else []
        whole = held[start:]
        sent = whole[: cuts.pop(0)] if cuts else whole
        self._send(206 if start else 200, sent, about, body, len(whole))

    def _send(
        self, status: int, content: bytes, about: dict[str, str], body: bool, length: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in about.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        if body:
            self.wfile.write(content)
        if length is not None and len(content) < length:
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """Whoever cancels a download closes the connection: nothing is written to stderr."""


@contextmanager
def serving(cache: str) -> Iterator[TinyHub]:
    """A hub that the library asks in place of the real one, and an empty cache."""
    from huggingface_hub import close_session

    hub = TinyHub()
    server = _Server(("127.0.0.1", 0), type("Answers", (_Answers,), {"hub": hub}))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    constants = {"HF_HUB_OFFLINE": False, "HF_HUB_CACHE": cache, "ENDPOINT": address}
    constants["HUGGINGFACE_CO_URL_TEMPLATE"] = template
    try:
        with patch.multiple("huggingface_hub.constants", **constants):
            yield hub
    finally:
        close_session()
        server.shutdown()
        server.server_close()
        thread.join()
