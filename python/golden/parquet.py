"""Small Parquet files as the Hugging Face Hub and data frames write them, for crates/data/tests/parquet.rs.

    python python/golden/parquet.py crates/data/tests/golden

Needs pyarrow. All sentences are made up.
"""

import sys
from pathlib import Path

import pyarrow
from pyarrow import parquet

folder = Path(sys.argv[1])


def write(name, table, **options):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path, **options)


def mnli(labels, start=0):
    rows = range(start, start + len(labels))
    return pyarrow.table(
        {
            "premise": [f'Boat {row} left the "old" harbour\tearly.' for row in rows],
            "hypothesis": [f"Boat {row} sank." for row in rows],
            "label": pyarrow.array(labels, pyarrow.int64()),
            "idx": pyarrow.array(rows, pyarrow.int32()),
        }
    )


# The layout of nyu-mll/glue: snappy, dictionaries, a training part in two pieces, a test part without labels.
write("mnli/train-00000-of-00002.parquet", mnli([0, 1, 2]), compression="snappy", row_group_size=2)
write("mnli/train-00001-of-00002.parquet", mnli([2, 2], 3), compression="snappy")
write("mnli/validation_matched-00000-of-00001.parquet", mnli([1, 0]), compression="snappy")
write("mnli/validation_mismatched-00000-of-00001.parquet", mnli([2]), compression="snappy")
write("mnli/test_matched-00000-of-00001.parquet", mnli([-1, -1]), compression="snappy")

stsb = pyarrow.table(
    {
        "sentence1": ["A goat naps.", "A goat eats."],
        "sentence2": ["A goat sleeps.", "A boat sinks."],
        "label": pyarrow.array([4.8, 0.2], pyarrow.float32()),
        "idx": pyarrow.array([0, 1], pyarrow.int32()),
    }
)
for part in ["train", "validation"]:
    write(f"stsb/{part}-00000-of-00001.parquet", stsb, compression="snappy")
write("stsb/test-00000-of-00001.parquet", stsb.set_column(2, "label", pyarrow.array([-1.0, -1.0], pyarrow.float32())))

# One's own: large strings, nulls, gzip; and compression that is not read.
own = pyarrow.table(
    {
        "text": pyarrow.array(["calm sea", "rough sea", "no label", "calm again"], pyarrow.large_string()),
        "mood": pyarrow.array(["good", "bad", None, "good"]).dictionary_encode(),
        "tags": [["a"], ["b"], [], ["c"]],
    }
)
write("own-gzip.parquet", own.take([0, 1, 3]), compression="gzip")
write("own-nulls.parquet", own, compression="none")
write("own-zstd.parquet", own.take([0, 1, 3]), compression="zstd")
