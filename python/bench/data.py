#!/usr/bin/env python3
"""The Python side of `pliant bench data`: text to packed sequences of 16-bit ids, with the `tokenizers` package.

Lower-case WordPiece with the given vocabulary, the ids of all lines in one row, cut into sequences of --sequence with [CLS] and
[SEP], written to a temporary file. Lines are tokenized in batches, by --workers threads of the package itself, or with
--processes by as many processes of one thread each. Reading and writing are part of the time; starting the processes
is not. Prints one JSON object: ms (min, median, max), tokens_per_second, megabytes_per_second (10^6 bytes of text).
"""
import argparse
import gzip
import json
import lzma
import multiprocessing
import os
import statistics
import tempfile
import time
from pathlib import Path

LINES = 10_000
OPENERS = {".xz": lzma.open, ".gz": gzip.open}
tokenizer = None


def load(vocabulary, threads):
    """Makes the tokenizer of this process."""
    global tokenizer
    os.environ["RAYON_NUM_THREADS"] = str(threads)
    os.environ["TOKENIZERS_PARALLELISM"] = "true" if threads > 1 else "false"
    from tokenizers import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer(vocabulary, lowercase=True)


def encode(lines):
    import numpy

    ids = [encoding.ids for encoding in tokenizer.encode_batch(lines, add_special_tokens=False)]
    return numpy.fromiter((word for line in ids for word in line), numpy.uint16)


def batches(files):
    batch = []
    for file in files:
        with OPENERS.get(file.suffix, open)(file, "rt", encoding="utf-8") as text:
            for line in text:
                if line := line.strip():
                    batch.append(line)
                if len(batch) == LINES:
                    yield batch
                    batch = []
    if batch:
        yield batch


def prepare(files, sequence, encoded, special):
    """Packs and writes; returns the number of tokens and of bytes of text."""
    import numpy

    room, rest, tokens = sequence - 2, numpy.empty(0, numpy.uint16), 0
    with tempfile.TemporaryFile() as output:
        for ids in encoded(batches(files)):
            tokens += len(ids)
            row = numpy.concatenate([rest, ids])
            count = len(row) // room
            body = row[: count * room].reshape(count, room)
            first, last = (numpy.full((count, 1), word, numpy.uint16) for word in special)
            output.write(numpy.concatenate([first, body, last], axis=1).tobytes())
            rest = row[count * room :]
        output.flush()
    return tokens


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True, help="a file or folder of .txt, .txt.xz, .txt.gz")
    parser.add_argument("--vocabulary", required=True, help="vocab.txt")
    parser.add_argument("--sequence", type=int, default=128)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--processes", action="store_true", help="workers are processes, not threads of the package")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    corpus = arguments.corpus
    files = sorted(file for file in corpus.rglob("*.txt*") if file.is_file()) if corpus.is_dir() else [corpus]
    load(arguments.vocabulary, 1 if arguments.processes else arguments.workers)
    special = [tokenizer.token_to_id(word) for word in ("[CLS]", "[SEP]")]
    text_bytes = sum(len(line.encode()) + 1 for batch in batches(files) for line in batch)
    pool = None
    if arguments.processes:
        context = multiprocessing.get_context("spawn")
        pool = context.Pool(arguments.workers, load, (arguments.vocabulary, 1))
        pool.map(encode, [["warm"]] * arguments.workers)
    encoded = (lambda lines: pool.imap(encode, lines)) if pool else (lambda lines: map(encode, lines))
    times = []
    for _ in range(arguments.repeats):
        start = time.perf_counter()
        tokens = prepare(files, arguments.sequence, encoded, special)
        times.append(1e3 * (time.perf_counter() - start))
    if pool:
        pool.close()
        pool.join()
    import tokenizers

    median = statistics.median(times)
    print(json.dumps({
        "peer": f"tokenizers {tokenizers.__version__}",
        "workers": arguments.workers,
        "processes": arguments.processes,
        "sequence": arguments.sequence,
        "repeats": len(times),
        "tokens": tokens,
        "text_bytes": text_bytes,
        "ms": {"min": min(times), "median": median, "max": max(times)},
        "tokens_per_second": 1e3 * tokens / median,
        "megabytes_per_second": 1e-3 * text_bytes / median,
    }))


if __name__ == "__main__":
    main()
