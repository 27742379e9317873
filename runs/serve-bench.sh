#!/usr/bin/env bash
# `pliant serve` beside the same model behind PyTorch, FastAPI and uvicorn under wrk: the raw output of docs/bench/serve.txt,
# from which python/bench/serve_table.py makes docs/bench/serve.md.
#
#     MODEL=…/rational/seed-1/model GELU=…/gelu/seed-1/model PYTHON=…/python runs/serve-bench.sh ROUND >> docs/bench/serve.txt
#
# MODEL    a masked-language model
# GELU     its twin with GELU, for another Python server; left out without it
# PYTHON   a Python with torch, transformers, fastapi and uvicorn
# SECONDS_EACH  seconds of each measurement, 4
# ENDPOINTS     what is asked, "/v1/embeddings /v1/fill-mask"
# CONNECTIONS   how many ask at the same time, "1 8 32"
set -euo pipefail
cd "$(dirname "$0")/.."
round="${1:?number of the round}"
: "${MODEL:?folder of a masked-language model}"
python="${PYTHON:-python3}"
each="${SECONDS_EACH:-4}"
pliant="${CARGO_TARGET_DIR:-target}/release/pliant"
work="$(mktemp -d)"
servers=()
finish() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    wait
    rm -rf "$work"
}
trap finish EXIT

declare -A ports
start() { # SIDE PORT COMMAND…
    ports[$1]=$2
    "${@:3}" > "$work/$1.log" 2>&1 &
    servers+=($!)
}
start pliant 8181 "$pliant" serve --model "$MODEL" --port 8181 --threads 2
"$pliant" export --to hf --model "$MODEL" --out "$work/rational" > /dev/null
for mode in pool single batch; do
    start "fastapi-$mode" $((8182 + ${#ports[@]})) "$python" python/bench/serve.py "$work/rational" --mode $mode \
        --port $((8182 + ${#ports[@]}))
done
if [[ -n "${GELU:-}" ]]; then
    "$pliant" export --to hf --model "$GELU" --out "$work/gelu" > /dev/null
    start fastapi-batch-gelu 8189 "$python" python/bench/serve.py "$work/gelu" --mode batch --port 8189
fi
for port in "${ports[@]}"; do
    for _ in $(seq 120); do
        curl --silent --fail --output /dev/null "http://127.0.0.1:$port/healthz" && break
        sleep 0.5
    done
done
if [[ "$round" == 1 && "${ENDPOINTS:-/v1/embeddings}" == /v1/embeddings* ]]; then
    "$pliant" --version
    "$pliant" doctor | head -4
    "$python" -c 'import fastapi, torch, transformers, uvicorn; print(f"PyTorch {torch.__version__}, transformers {transformers.__version__}, FastAPI {fastapi.__version__}, uvicorn {uvicorn.__version__}")'
    wrk -v 2>&1 | head -1 | cut -d' ' -f1-2 || true
fi
# The same answers, before how fast they come.
"$python" - "${ports[pliant]}" "${ports[fastapi-pool]}" "${ports[fastapi-single]}" "${ports[fastapi-batch]}" <<'PYTHON'
import json, sys, urllib.request

def ask(port, path, body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    return json.load(urllib.request.urlopen(request))["results"][0]

own, *others = sys.argv[1:]
body = {"text": "the old river carries [MASK] past a quiet mill."}
words = ask(own, "/v1/fill-mask", body)["masks"][0]
text = {"text": "the old river carries stones past a quiet mill."}
vector = ask(own, "/v1/embeddings", text)["embedding"]
for other in others:
    found = ask(other, "/v1/fill-mask", body)["masks"][0]
    assert [word["id"] for word in words] == [word["id"] for word in found], (words, found)
    assert all(abs(a["probability"] - b["probability"]) < 1e-4 for a, b in zip(words, found)), (words, found)
    found = ask(other, "/v1/embeddings", text)["embedding"]
    assert max(abs(a - b) for a, b in zip(vector, found)) < 1e-3, "other embeddings"
PYTHON
for endpoint in ${ENDPOINTS:-/v1/embeddings /v1/fill-mask}; do
    for connections in ${CONNECTIONS:-1 8 32}; do
        for side in pliant fastapi-pool fastapi-single fastapi-batch fastapi-batch-gelu; do
            [[ -n "${ports[$side]:-}" ]] || continue
            ask() { wrk --threads 1 --connections "$connections" --timeout 30s --duration "$1" --script runs/serve-bench.lua "http://127.0.0.1:${ports[$side]}$endpoint" | tail -1; }
            ask 1s > /dev/null
            measured="$(ask "${each}s")"
            echo "{\"round\": $round, \"side\": \"$side\", \"endpoint\": \"$endpoint\", \"connections\": $connections, ${measured#\{}"
        done
    done
done
