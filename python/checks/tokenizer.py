"""The ids of 10,000 lines through the real `transformers` and through Pliant: no line may differ.

    pip install transformers tokenizers
    cargo build && python python/checks/tokenizer.py target/debug/pliant DATA [TOKENIZER ...]

DATA is a folder of text: its `.txt`, `.txt.xz`, `.tsv`, `.csv`, `.json` and `.jsonl` files are sampled evenly, half of the lines among those with a character beyond ASCII.
To them come the hard lines of python/golden/tokenizer.py and lines that this script draws, class by class, for what data seldom has. TOKENIZER is a
folder or a `tokenizer.json`, for example of a model that Pliant trained; a folder with `tokenizer.json` and `vocab.txt` is taken in both forms. Vocabularies of
every other form are trained here, on a part of the lines: `vocab.txt` with four sets of options, `vocab.json` with `merges.txt`, `tokenizer.json` of either.

A special token that a text spells out is text in Pliant, so that no text can forge one: `transformers` is asked for the same by `split_special_tokens=True`.

The old tokenizer of BERT in Python, `BertTokenizerLegacy`, is another program altogether. How many lines differ from it is printed and explained, and fails nothing:
`transformers` itself differs from it there.
"""

import functools
import json
import lzma
import random
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "golden"))

import tokenizer as golden
import transformers
from tokenizers import normalizers, pre_tokenizers
from transformers import AutoTokenizer, PreTrainedTokenizerFast
from transformers.models.bert.tokenization_bert_legacy import BasicTokenizer, BertTokenizerLegacy

LINES = 10_000
DRAWN = 200


def between(*ranges):
    return [chr(code) for first, last in ranges for code in range(first, last + 1) if not 0xD800 <= code <= 0xDFFF]


LATIN = between((0x20, 0x7E))
# What each class of drawn lines is made of, mixed with Latin letters; no line feed, which ends a line.
CLASSES = {
    "accents": between((0xC0, 0x24F), (0x1E00, 0x1EFF)),
    "combining marks": between((0x300, 0x36F), (0x483, 0x489), (0x591, 0x5BD), (0x64B, 0x65F), (0x20D0, 0x20F0)),
    "Greek and Cyrillic": between((0x370, 0x3FF), (0x400, 0x52F), (0x1F00, 0x1FFF)),
    "right to left": between((0x5D0, 0x5EA), (0x620, 0x64A), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069)),
    "CJK": between((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x200FF), (0x2A700, 0x2A7FF), (0x2B740, 0x2B7FF), (0x2CEB0, 0x2CEFF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1D), (0x30000, 0x300FF)),
    "kana and Hangul": between((0x3040, 0x30FF), (0x1100, 0x11FF), (0xAC00, 0xD7A3), (0xFF00, 0xFFEF), (0x3000, 0x303F)),
    "Indic and Thai": between((0x900, 0x97F), (0xB80, 0xBFF), (0xE00, 0xE7F), (0x1000, 0x109F)),
    "emoji": between((0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x1F1E6, 0x1F1FF), (0x1F3FB, 0x1F3FF), (0x2600, 0x27BF)) + ["\u200d", "\ufe0f", "\u20e3"] * 40,
    "control characters": [character for character in between((0x00, 0x1F), (0x7F, 0x9F)) if character != "\n"],
    "white space": list("\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2003\u2009\u200a\u2028\u2029\u202f\u205f\u3000"),
    "format and private use": between((0x200B, 0x200F), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFFF0, 0xFFFF), (0xE000, 0xE0FF), (0xE0000, 0xE007F), (0xF0000, 0xF00FF), (0x10FF00, 0x10FFFF)) + ["\xad", "\ufeff"],
    "punctuation and symbols": between((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E), (0xA1, 0xBF), (0x2010, 0x2027), (0x2030, 0x205E), (0x20A0, 0x20C0), (0x2190, 0x22FF), (0x3001, 0x3011)),
    "special tokens": ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "<s>", "</s>", "<mask>", "<pad>", "<unk>", "##", "Ġ", "[", "]"],
    "any character": between((0x00, 0x09), (0x0B, 0xFFFF), (0x10000, 0x1FFFF), (0x20000, 0x2FFFF), (0xE0000, 0xE01FF)),
    "very long words": ["a" * 99, "b" * 100, "c" * 101, "é" * 99, "e\u0301" * 60, "漢" * 101, "x1" * 70, "!" * 120],
}


def drawn(chosen):
    """Lines of every class: its characters between Latin ones and spaces, from few to many."""
    lines = {}
    for name, characters in CLASSES.items():
        lines[name] = []
        for _ in range(DRAWN):
            share = chosen.choice([0.1, 0.5, 1.0])
            line = "".join(
                " " if chosen.random() < 0.15 else chosen.choice(characters if chosen.random() < share else LATIN) for _ in range(chosen.randint(1, 60))
            )
            # A carriage return before the line feed belongs to the end of the line.
            lines[name].append(line.rstrip("\r"))
    return lines


def text_of(path):
    name = path.name
    if name.endswith(".txt.xz"):
        return lzma.open(path, "rt", encoding="utf-8", newline="\n").read()
    if name.endswith(".json"):
        # Whole strings of a document, so that no line is a line of brackets.
        strings = []

        def walk(value):
            if isinstance(value, str):
                strings.append(value)
            elif isinstance(value, (dict, list)):
                for inner in value.values() if isinstance(value, dict) else value:
                    walk(inner)

        walk(json.loads(path.read_text(encoding="utf-8")))
        return "\n".join(strings)
    return path.read_bytes().decode("utf-8", errors="ignore")


def sampled(data, count, chosen):
    """Lines of all files under `data`, evenly, half of them with a character beyond ASCII where a file has them."""
    files = sorted(path for path in data.rglob("*") if path.is_file() and path.name.endswith((".txt", ".txt.xz", ".tsv", ".csv", ".json", ".jsonl")))
    lines, share = [], {}
    for place, path in enumerate(files):
        own = [line.rstrip("\r") for line in dict.fromkeys(text_of(path).split("\n")) if line.strip()]
        want = (count - len(lines)) // (len(files) - place)
        beyond = [line for line in own if not line.isascii()]
        plain = [line for line in own if line.isascii()]
        first = chosen.sample(beyond, min(len(beyond), max(want // 2, want - len(plain))))
        taken = first + chosen.sample(plain, min(len(plain), want - len(first)))
        lines += taken
        share[path.relative_to(data).parts[0]] = share.get(path.relative_to(data).parts[0], 0) + len(taken)
    assert len(lines) == count, f"{data} has only {len(lines)} lines"
    return lines, share


def ids_of_pliant(program, tokenizer, file):
    done = subprocess.run([program, "tokenize", "--tokenizer", tokenizer, file], capture_output=True, text=True)
    assert done.returncode == 0, f"{tokenizer}: {done.stderr}"
    return [[int(number) for number in line.split()] for line in done.stdout.split("\n")[:-1]]


def ids_of_transformers(tokenizer, lines):
    return [golden.ids(tokenizer, line) for line in lines]


def report(what, lines, found, expected):
    assert len(found) == len(expected) == len(lines), f"{what}: {len(found)} lines of {len(expected)}"
    differing = [place for place in range(len(lines)) if found[place] != expected[place]]
    tokens = sum(map(len, expected))
    print(f"{what}: {len(lines)} lines, {tokens} ids, {len(differing)} lines differ", flush=True)
    return differing


def trained(out, lines):
    """Folders of every form, of a vocabulary that has words of the lines."""
    # Their own lines: the vocabularies of the fixture know only a few words.
    golden.TEXT, golden.VOCABULARY = lines, 8000
    return golden.write(out)


def main(program, data, others):
    chosen = random.Random(2208)
    classes = drawn(chosen)
    extra = golden.HARD + [line for lines in classes.values() for line in lines]
    real, share = sampled(data, LINES - len(extra), chosen)
    lines = real + extra
    beyond = sum(not line.isascii() for line in lines)
    print(f"transformers {transformers.__version__}; {len(lines)} lines, {beyond} of them beyond ASCII")
    print(f"from {data.name}: " + ", ".join(f"{name} {count}" for name, count in share.items()))
    print(f"hard lines: {len(golden.HARD)}; drawn: " + ", ".join(f"{name} {len(own)}" for name, own in classes.items()))

    failed = False
    with tempfile.TemporaryDirectory() as temporary:
        temporary = Path(temporary)
        file = temporary / "lines.txt"
        file.write_bytes("".join(line + "\n" for line in lines).encode("utf-8"))
        forms = [(path.name, path) for path in trained(temporary / "trained", chosen.sample(real, 4000) + extra[::5])]
        for number, other in enumerate(others):
            whole = other / "tokenizer.json" if other.is_dir() else other
            if whole.is_file():
                forms.append((str(whole), whole))
            if other.is_dir() and (other / "vocab.txt").is_file():
                for lowercase in (True, False):
                    folder = temporary / f"words-{number}-{lowercase}"
                    folder.mkdir()
                    shutil.copy(other / "vocab.txt", folder)
                    settings = {"tokenizer_class": "BertTokenizer", "do_lower_case": lowercase}
                    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
                    forms.append((f"{other / 'vocab.txt'}, do_lower_case {lowercase}", folder))
        for name, path in forms:
            tokenizer = AutoTokenizer.from_pretrained(path) if path.is_dir() else PreTrainedTokenizerFast(tokenizer_file=str(path))
            found = ids_of_pliant(program, path, file)
            expected = ids_of_transformers(tokenizer, lines)
            for place in report(name, lines, found, expected)[:10]:
                failed = True
                print(f"  {lines[place]!r}\n    pliant       {found[place]}\n    transformers {expected[place]}")
            if path.is_dir() and (path / "vocab.txt").is_file():
                legacy(path, lines, found)
    sys.exit(failed)


def legacy(path, lines, found):
    """How the old tokenizer in Python differs, by what the line has that explains it."""
    settings = json.loads((path / "tokenizer_config.json").read_text())
    settings = {name: settings[name] for name in ("do_lower_case", "strip_accents", "tokenize_chinese_chars") if name in settings}
    # Nothing is split off for a special token, so each name is text, as everywhere here.
    old = BertTokenizerLegacy(str(path / "vocab.txt"), never_split=[], **settings)

    def ids(line):
        words = old.basic_tokenizer.tokenize(line, never_split=set()) if old.do_basic_tokenize else [line]
        return old.convert_tokens_to_ids([piece for word in words for piece in old.wordpiece_tokenizer.tokenize(word)])

    differing = report("  beside BertTokenizerLegacy", lines, found, [ids(line) for line in lines])
    reasons = Counter(reason(lines[place]) for place in differing)
    if reasons:
        print("".join(f"    {count}: {why}\n" for why, count in reasons.most_common()), end="")
    unexplained = [lines[place] for place in differing if reason(lines[place]) == "unexplained"]
    for line in unexplained[:5]:
        print(f"    {line!r}")


@functools.cache
def alone(character):
    """Whether both programs cut a character between two letters alike, letter case apart."""
    text = f"a{character}b"
    normalized = normalizers.BertNormalizer(True, True, None, False).normalize_str(text)
    words = [word for word, _ in pre_tokenizers.BertPreTokenizer().pre_tokenize_str(normalized)]
    return words == BasicTokenizer(do_lower_case=False).tokenize(text)


def reason(line):
    """What in a line the library in Rust and the old program treat otherwise."""
    unlike = {character for character in line if unicodedata.normalize("NFC", f"a{character}b") == f"a{character}b" and not alone(character)}
    if any(unicodedata.category(character) == "Cn" for character in unlike):
        return "unassigned characters, which only the old program drops"
    if any(0x2B820 <= ord(character) < 0x2B920 for character in unlike):
        return "ideographs U+2B820 to U+2B91F, which only the old program sets apart"
    if unlike:
        return "characters whose Unicode category the two know from different versions"
    if "Σ" in line:
        return "a final sigma, which only the old program puts in lower case by its place"
    if unicodedata.normalize("NFC", line) != line:
        return "combining sequences, which only the old program composes"
    return "unexplained"


if __name__ == "__main__":
    program, data, *others = sys.argv[1:]
    main(program, Path(data), [Path(other) for other in others])
