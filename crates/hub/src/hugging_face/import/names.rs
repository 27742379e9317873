//! From the names of tensors in BERT and `RoBERTa` files to ours, which are today's names of BERT.

use super::config::Family;

/// What a tensor of a file is to us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A parameter with this name, maybe one that the model does not have.
    Parameter(String),
    /// Another name of a parameter, whose values it must repeat.
    CopyOf(String),
    /// No weight: numbers of positions and the like, which some versions wrote out.
    Constant,
}

/// `RoBERTa`'s names of its heads.
const ROBERTA: [(&str, &str); 5] = [
    ("lm_head.dense.", "cls.predictions.transform.dense."),
    (
        "lm_head.layer_norm.",
        "cls.predictions.transform.LayerNorm.",
    ),
    ("lm_head.bias", "cls.predictions.bias"),
    ("classifier.dense.", "bert.pooler.dense."),
    ("classifier.out_proj.", "classifier."),
];

/// What a name means.
pub(super) fn meaning(name: &str, family: Family) -> Meaning {
    let name = modern(name, family);
    match name.as_str() {
        "bert.embeddings.position_ids" | "bert.embeddings.token_type_ids" => Meaning::Constant,
        "cls.predictions.decoder.weight" | "lm_head.decoder.weight" => {
            Meaning::CopyOf("bert.embeddings.word_embeddings.weight".to_owned())
        }
        "cls.predictions.decoder.bias" | "lm_head.decoder.bias" => {
            Meaning::CopyOf("cls.predictions.bias".to_owned())
        }
        _ => Meaning::Parameter(name),
    }
}

/// Today's name: with `bert.` before the encoder's, and norms with weight and bias.
fn modern(name: &str, family: Family) -> String {
    let prefix = match family {
        Family::Bert => "bert.",
        Family::Roberta => "roberta.",
    };
    let body = name.strip_prefix(prefix).unwrap_or(name);
    let of_encoder = ["embeddings.", "encoder.", "pooler."]
        .iter()
        .any(|part| body.starts_with(part));
    let mut name = if of_encoder {
        format!("bert.{body}")
    } else {
        name.to_owned()
    };
    for (old, new) in [
        ("LayerNorm.gamma", "LayerNorm.weight"),
        ("LayerNorm.beta", "LayerNorm.bias"),
    ] {
        if let Some(stem) = name.strip_suffix(old) {
            name = format!("{stem}{new}");
        }
    }
    if family == Family::Roberta {
        for (old, new) in ROBERTA {
            if let Some(rest) = name.strip_prefix(old) {
                return format!("{new}{rest}");
            }
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_all_times_become_todays() {
        let parameter = |name: &str| Meaning::Parameter(name.to_owned());
        let todays = "bert.encoder.layer.3.output.LayerNorm.weight";
        for name in [
            todays,
            "bert.encoder.layer.3.output.LayerNorm.gamma",
            "encoder.layer.3.output.LayerNorm.gamma",
            "encoder.layer.3.output.LayerNorm.weight",
        ] {
            assert_eq!(meaning(name, Family::Bert), parameter(todays), "{name}");
        }
        assert_eq!(
            meaning(
                "roberta.encoder.layer.3.output.LayerNorm.weight",
                Family::Roberta
            ),
            parameter(todays)
        );
        assert_eq!(
            meaning("lm_head.layer_norm.bias", Family::Roberta),
            parameter("cls.predictions.transform.LayerNorm.bias")
        );
        assert_eq!(
            meaning("classifier.out_proj.weight", Family::Roberta),
            parameter("classifier.weight")
        );
        assert_eq!(
            meaning("classifier.weight", Family::Bert),
            parameter("classifier.weight")
        );
        assert_eq!(
            meaning("cls.predictions.decoder.bias", Family::Bert),
            Meaning::CopyOf("cls.predictions.bias".to_owned())
        );
        assert_eq!(
            meaning("embeddings.position_ids", Family::Bert),
            Meaning::Constant
        );
        assert_eq!(
            meaning("cls.seq_relationship.weight", Family::Bert),
            parameter("cls.seq_relationship.weight")
        );
    }
}
