"""Writes crates/data/tests/golden/corpus: a text as tables of pyarrow."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path(__file__).parents[2] / "crates/data/tests/golden/corpus"
LINES = [" = A = \n", "red cat sat down\n", "", " = B = \n", "here sat a cat\n"]
DOCUMENTS = [" = A = \n\nred cat sat down\n", " = B = \nhere sat a cat\n"]


def write(name: str, rows: list, column: str = "text", nullable: bool = False, **options) -> None:
    schema = pa.schema([("id", pa.int64()), pa.field(column, pa.string(), nullable=nullable)])
    table = pa.table({"id": list(range(len(rows))), column: rows}, schema=schema)
    pq.write_table(table, OUT / f"{name}.parquet", **options)


OUT.mkdir(parents=True, exist_ok=True)
write("lines", LINES, compression="snappy")
write("groups", LINES, row_group_size=3, nullable=True, compression="gzip")
write("optional", [line or None for line in LINES], nullable=True, compression="gzip")
write("documents", DOCUMENTS, nullable=True, compression="none")
write("other", LINES, column="content")
