//! Text for masked-language-model training: corpora, tokenizer, token shards, masking, batches.
