//! What a model can be asked, and where.

use pliant_train::predict::PredictorKind;

/// An endpoint that asks the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    FillMask,
    Classify,
    Answer,
    Embeddings,
}

impl Endpoint {
    pub(crate) const ALL: [Self; 4] = [
        Self::FillMask,
        Self::Classify,
        Self::Answer,
        Self::Embeddings,
    ];

    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::FillMask => "/v1/fill-mask",
            Self::Classify => "/v1/classify",
            Self::Answer => "/v1/answer",
            Self::Embeddings => "/v1/embeddings",
        }
    }

    /// Which models it takes.
    pub(crate) const fn wants(self) -> &'static str {
        match self {
            Self::FillMask => "a masked-language model, which fills masks",
            Self::Classify => "a model that names labels or gives a number",
            Self::Answer => "a model that answers questions",
            Self::Embeddings => "any model",
        }
    }

    /// Whether a model of this kind can answer it.
    pub(crate) fn suits(self, kind: &PredictorKind) -> bool {
        match self {
            Self::FillMask => *kind == PredictorKind::FillMask,
            Self::Classify => {
                matches!(
                    kind,
                    PredictorKind::Classify { .. } | PredictorKind::Regress
                )
            }
            Self::Answer => *kind == PredictorKind::Answer,
            Self::Embeddings => true,
        }
    }

    /// Those that a model of this kind can answer.
    pub(crate) fn of(kind: &PredictorKind) -> Vec<Self> {
        let all = Self::ALL.into_iter();
        all.filter(|endpoint| endpoint.suits(kind)).collect()
    }
}

/// What a model does, in a word.
pub(crate) const fn kind_name(kind: &PredictorKind) -> &'static str {
    match kind {
        PredictorKind::FillMask => "fill-mask",
        PredictorKind::Classify { .. } => "classification",
        PredictorKind::Regress => "regression",
        PredictorKind::Answer => "question-answering",
    }
}

/// Endpoints that tell about the server.
pub(crate) const ABOUT: [&str; 5] = [
    "/v1/model",
    "/openapi.json",
    "/healthz",
    "/readyz",
    "/metrics",
];
