"""The Hub's cache, shared by Pliant and the real `huggingface_hub`, against a server on this machine.

    pip install huggingface_hub
    cargo build && python python/checks/hub_cache.py target/debug/pliant MODEL

MODEL is a model folder of Pliant's with a head for masked words. What Pliant fetches must be found by Python offline, file by file and with
the same bytes; what Python fetches must be found by Pliant offline, and both must have made the same blobs, links and references.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PROGRAM, MODEL = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
NAMES = [name for name in ("config.json", "model.safetensors", "tokenizer.json", "reading.json") if (MODEL / name).is_file()]
FILES = {name: (MODEL / name).read_bytes() for name in NAMES}
COMMIT = "5e" * 20
REQUESTS = []


def etag(name: str) -> str:
    content = FILES[name]
    if name.endswith(".safetensors"):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class Hub(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, body: bytes, headers: dict) -> None:
        self.send_response(200)
        for name, value in {"content-length": len(body), **headers}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self):
        REQUESTS.append(self.path)
        path = self.path.split("?")[0]
        if path.startswith("/api/models/o/n"):
            listing = {"id": "o/n", "sha": COMMIT, "siblings": [{"rfilename": name} for name in FILES]}
            return self.send(json.dumps(listing).encode(), {"content-type": "application/json"})
        name = path.rsplit("/", 1)[-1]
        if name not in FILES:
            return self.send_error(404)
        headers = {"x-repo-commit": COMMIT, "etag": f'"{etag(name)}"'}
        if name.endswith(".safetensors"):
            headers |= {"x-linked-etag": f'"{etag(name)}"', "x-linked-size": len(FILES[name])}
        return self.send(FILES[name], headers)

    do_HEAD = do_GET


def environment(home: Path, offline: bool) -> dict:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
    return own | {"HF_HOME": str(home), "HF_ENDPOINT": ENDPOINT, "HF_HUB_OFFLINE": str(int(offline)), "HF_HUB_DISABLE_XET": "1"}


def pliant(home: Path, offline: bool) -> dict:
    command = [PROGRAM, "predict", "--model", "hub:o/n", "--text", "a [MASK] of it", "--json"]
    done = subprocess.run(command, env=environment(home, offline), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def python(home: Path, offline: bool) -> dict:
    code = (
        "import hashlib, json, sys; from huggingface_hub import hf_hub_download;"
        "print(json.dumps({n: hashlib.sha256(open(hf_hub_download('o/n', n), 'rb').read()).hexdigest() for n in sys.argv[1:]}))"
    )
    done = subprocess.run([sys.executable, "-c", code, *FILES], env=environment(home, offline), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tree(home: Path) -> dict:
    root = home / "hub" / "models--o--n"
    paths = [path for path in root.rglob("*") if path.is_symlink() or path.is_file()]
    shown = {}
    for path in paths:
        name = path.relative_to(root)
        if name.parts[0] in ("blobs", "snapshots", "refs"):
            shown[str(name)] = os.readlink(path) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
    return shown


server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
ENDPOINT = f"http://127.0.0.1:{server.server_port}"
threading.Thread(target=server.serve_forever, daemon=True).start()
folder = Path(tempfile.mkdtemp())
try:
    expected = {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()}
    answer = pliant(folder / "a", offline=False)
    seen = len(REQUESTS)
    assert python(folder / "a", offline=True) == expected, "Python finds what Pliant fetched"
    assert len(REQUESTS) == seen, "offline"
    assert python(folder / "b", offline=False) == expected
    seen = len(REQUESTS)
    assert pliant(folder / "b", offline=True) == answer, "Pliant finds what Python fetched"
    assert len(REQUESTS) == seen, "offline"
    assert tree(folder / "a") == tree(folder / "b"), (tree(folder / "a"), tree(folder / "b"))
    print(f"{len(FILES)} files, found both ways; {len(tree(folder / 'a'))} blobs, links and references alike")
finally:
    shutil.rmtree(folder)
    server.shutdown()
