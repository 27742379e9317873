"""Comparisons whose runs were trained apart as one comparison, for `pliant compare` to check, tabulate and draw.

    python runs/join.py RECIPE FOLDER COMPARISON…

Each COMPARISON holds some arms of RECIPE with some seeds. FOLDER gets links to their runs and the record of all of them; the same `pliant compare`
with --out FOLDER then finds every run finished. Comparisons whose settings differ are refused, and so is one with runs missing.
"""

import json
import os
import re
import sys
from pathlib import Path


def main(recipe, folder, comparisons):
    order = re.findall(r'^name = "(.*)"$', re.split(r"^\[\[arm\]\]$", recipe.read_text(), maxsplit=1, flags=re.M)[1], re.M)
    records = {path: json.loads((path / "compare.json").read_text()) for path in comparisons}
    settings = {record["recipe"] for record in records.values()}
    if len(settings) != 1:
        sys.exit(f"error: {len(settings)} different settings among these comparisons; one comparison has one")
    arms = {arm["name"]: arm for record in records.values() for arm in record["arms"]}
    seeds = sorted({seed for record in records.values() for seed in record["seeds"]})
    runs = {(arm["name"], seed): path / arm["folder"] / f"seed-{seed}" for path, record in records.items() for arm in record["arms"] for seed in record["seeds"]}
    missing = [f"{arm} seed {seed}" for arm in arms for seed in seeds if (arm, seed) not in runs or not runs[arm, seed].is_dir()]
    if missing:
        sys.exit(f"error: not a whole comparison, missing: {', '.join(missing)}")
    for (name, seed), run in runs.items():
        link = folder / arms[name]["folder"] / f"seed-{seed}"
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(os.path.relpath(run, link.parent))
    record = {**next(iter(records.values())), "arms": [arms[name] for name in order if name in arms], "seeds": seeds}
    (folder / "compare.json").write_text(json.dumps(record))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(path) for path in sys.argv[3:]])
