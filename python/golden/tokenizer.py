"""Small tokenizers of every form, hard lines, and the ids that `transformers` gives them: crates/data/tests/golden/tokenizer.

    pip install transformers tokenizers
    python python/golden/tokenizer.py

Special tokens that a line spells out are ordinary text there (`split_special_tokens`), as they are in Pliant.
"""

import json
import shutil
from pathlib import Path

from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import AutoTokenizer

OUT = Path(__file__).resolve().parents[2] / "crates" / "data" / "tests" / "golden" / "tokenizer"
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = 420
ROBERTA = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]

# What the vocabularies are trained on, several times over, so that words become whole.
TEXT = [
    "The river rises in the hills and reaches the sea; nobody counts the stones.",
    "In 1912 the old mill burned, and Ada wrote: \"It rains, it's cold, we're leaving.\"",
    "Zoë's naïve café in Łódź sells crème brûlée, smørrebrød and Käsespätzle.",
    "Ο ποταμός και η θάλασσα. Река и море. הנהר והים. النهر والبحر. 河と海と東京 한국어 नदी",
    "emoji 🙂 🎉 and symbols € £ ± × ÷ ½ ² ∞ ≠ → …",
]

HARD = [
    "",
    " ",
    "   leading, inner   and trailing   ",
    "\ttabs\tand  spaces",
    "The river rises in the hills.",
    "THE RIVER, The River, the rIVER",
    "it's we're they'll I'd don't 'tis rock'n'roll",
    "unbelievableness antidisestablishmentarianism qwrtzpsdf",
    "a" * 100 + " " + "b" * 101 + " " + "c" * 250,
    "...!!!??? --- ___ ### @@@ $$$ %%% ^^^ &&& *** ((( ))) [[[ ]]]",
    "e-mail: ada@example.org, see https://example.org/a_b?c=d&e=f#g (or not)",
    "1912 3.14159 1,000,000 0x7F 1e-5 ½ ² ³ ¼ Ⅷ ① ٣ ३ 三",
    "naïve café crème brûlée Zoë Łódź Ångström",
    "nai\u0308ve cafe\u0301 cre\u0300me bru\u0302le\u0301e A\u030angstro\u0308m",
    "o\u0328\u0301 \u1e9b\u0323 \u0301alone a\u0301\u0301\u0301\u0301",
    "ẞ ß ﬁne oﬀer İstanbul ıssız ΟΔΥΣΣΕΥΣ ὈΔΥΣΣΕΎΣ ǅ ŉ",
    "Ο ποταμός και η θάλασσα · Река и море — ЁЖ ёж Й й",
    "הַנָּהָר וְהַיָּם النَّهْرُ وَالبَحْر",
    "河と海と東京。한국어도 됩니다。 नदी और समुद्र தமிழ் ไทยไม่มีช่องว่าง",
    "한국어 \u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165 ガギグ \u30ab\u3099 ｶﾞｷﾞ Ｆｕｌｌ　ｗｉｄｔｈ",
    "𠀀𠀁 㐀 豈 \U0002f800 ⺀ ー 々〇〻 ㈱ ㎏",
    "🙂🎉 👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 👍🏽 🇩🇪🇫🇷 ☃️ 1️⃣ ❤",
    "a\u0000b a\u0001b a\u0007b a\u000bb a\u000cb a\u001bb a\u001fb a\u007fb a\u0080b a\u0085b a\u009fb",
    "a\rb a\r\rb \r c",
    "a\u00a0b a\u1680b a\u2002b a\u2009b a\u2028b a\u2029b a\u202fb a\u205fb a\u3000b",
    "a\u00adb a\u200bb a\u200cb a\u200db a\u200eb a\u202ab\u202c a\u2060b a\ufeffb \ufeffc",
    "a\ue000b a\uf8ffb a\ufffdb a\ufffeb a\U000e0001b a\U000f0000b a\U0010ffffb a\u0378b",
    "¡Hola! ¿Qué? «oui» „nein“ ‚so‘ ‹da› “x” ‘y’ … – — ― ‐ ‑ ‒ ′ ″",
    "€ £ ¥ ¢ ₿ ± × ÷ ∞ ≠ ≤ → ⇒ √ ∑ ∂ ° § ¶ † ‡ © ® ™",
    "`code` ~tilde~ |pipe| \\back\\ <tag> a/b a\\b a_b a+b=c",
    "[CLS] a [MASK] b[SEP]c [PAD] [UNK] [mask] [ MASK ]",
    "<s> a <mask> b</s>c <pad> <unk> <MASK> < mask >",
    "##river ##s Ġriver Ċ ▁river",
    "nobody\u0301 nobo\u200bdy NOBODY nobody",
    "\u0300\u0301\u0302",
    "x" + "\u0301" * 120,
    "aאbبc漢d🙂e\u0301f1!g",
]


def words(folder, lowercase, strip_accents=None, chinese=True, settings=None):
    """A `vocab.txt` of pieces; what the settings leave out is left to the reader's defaults."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(True, chinese, strip_accents, lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=BERT, continuing_subword_prefix="##", show_progress=False)
    tokenizer.train_from_iterator(TEXT * 4, trainer)
    vocabulary = sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("".join(f"{word}\n" for word, _ in vocabulary))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", **(settings or {})}) + "\n")


def pieces(folder, settings=None):
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(TEXT * 4, vocab_size=VOCABULARY, special_tokens=ROBERTA, show_progress=False)
    trained.save_model(str(folder))
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "RobertaTokenizer", **(settings or {})}) + "\n")


def whole(folder, source):
    """The same as `source`, saved by `transformers` as a `tokenizer.json`."""
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)


def ids(tokenizer, line):
    return tokenizer(line, add_special_tokens=False, split_special_tokens=True)["input_ids"]


def write(out):
    """The folders by name."""
    def folder(name):
        path = out / name
        path.mkdir(parents=True)
        return path

    words(folder("uncased"), True, settings={"do_lower_case": True})
    words(folder("cased"), False, settings={"do_lower_case": False})
    words(folder("stripped"), False, True, False, {"do_lower_case": False, "strip_accents": True, "tokenize_chinese_chars": False})
    words(folder("accents"), True, False, settings={"do_lower_case": True, "strip_accents": False})
    pieces(folder("byte-pairs"))
    pieces(folder("byte-pairs-prefix"), {"add_prefix_space": True})
    whole(folder("uncased-json"), out / "uncased")
    whole(folder("byte-pairs-json"), out / "byte-pairs")
    return sorted(path for path in out.iterdir() if path.is_dir())


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    folders = write(OUT)
    tokenizers = {folder.name: AutoTokenizer.from_pretrained(folder) for folder in folders}
    rows = [{"text": line, "ids": {name: ids(tokenizer, line) for name, tokenizer in tokenizers.items()}} for line in HARD]
    text = ",\n".join(json.dumps(row) for row in rows)
    (OUT / "lines.json").write_text(f"[\n{text}\n]\n")
