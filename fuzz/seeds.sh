#!/usr/bin/env bash
# Fills fuzz/corpus with small valid files to begin with.
set -euo pipefail
cd "$(dirname "$0")"
golden=../crates/hub/tests/golden
put() { mkdir -p "corpus/$1"; cat > "corpus/$1/$2"; }

for model in "$golden"/*; do
    put foreign_config "$(basename "$model")" < "$model/config.json"
done
put foreign_safetensors whole < "$golden/bert-classes-relu/model.safetensors"
put foreign_pickle zip < "$golden/bert-questions-pickle/pytorch_model.bin"
put foreign_index index < "$golden/roberta-words-shards/model.safetensors.index.json"
for model in ../crates/nn/tests/golden/*; do
    put own_config "$(basename "$model")" < "$model/config.json"
done
put own_safetensors golden < ../crates/nn/tests/golden/post-learned/model.safetensors
put adapter golden < ../crates/nn/tests/golden/post-learned/model.safetensors
printf '{"version":"1.0","added_tokens":[],"normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"the":5}}}' | put tokenizer_json wordpiece
printf '{"model":{"type":"BPE","vocab":{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"<mask>":4,"a":5,"b":6,"ab":7},"merges":["a b"]},"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}}' | put tokenizer_json bpe
printf '\0[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\n##s\n' | put vocabulary words
printf '\1{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"<mask>":4,"a":5,"b":6,"ab":7}\0#version: 0.2\na b\n' | put vocabulary pairs
for recipe in ../recipes/*.toml; do
    put recipe "$(basename "$recipe")" < "$recipe"
done
printf 'rational(5/4, form=b, start=gelu, share=group(8), numerator=shared, range=-3..3)' | put activation rational
printf 'leaky_relu(0.01)' | put activation leaky
printf '{"event":"step","step":1,"loss":2.5,"learning_rate":0.001}\n{"event":"validation","step":2,"loss":2.0}\n' | put metrics events
printf '\0text,label\n"a ""b""",x\nc,y\n' | put table csv
printf '\1text\tlabel\na\tx\nb\ty\n' | put table tsv
printf '\2{"text":"a","label":"x"}\n{"text":"b","label":"y"}\n' | put table jsonl
printf '{"version":"1.1","data":[{"title":"t","paragraphs":[{"context":"Ada wrote it in May.","qas":[{"id":"1","question":"Who?","answers":[{"text":"Ada","answer_start":0}]},{"id":"2","question":"Why?","is_impossible":true,"answers":[]}]}]}]}' | put squad one
for rows in ../crates/data/tests/golden/*.parquet; do
    { printf '\3'; cat "$rows"; } | put table "$(basename "$rows")"
done
