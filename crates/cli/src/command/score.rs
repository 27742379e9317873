use pliant_data::{
    metric::{read_no_answer_scores, read_predictions, score_squad},
    squad::read_squad,
};

use super::context::Context;
use crate::{
    arguments::score::{Score, Squad},
    exit::Failure,
    render::score,
};

pub(crate) fn run(verb: &Score, context: &Context) -> Result<(), Failure> {
    match verb {
        Score::Squad(arguments) => squad(arguments, context),
    }
}

fn squad(arguments: &Squad, context: &Context) -> Result<(), Failure> {
    let file = read_squad(&arguments.data)?;
    let predictions = read_predictions(&arguments.predictions)?;
    let no_answer_scores = match &arguments.no_answer_scores {
        Some(_) if !file.version_2 => {
            let data = arguments.data.display();
            return Err(Failure::usage(format_args!(
                "--no-answer-scores: every question of {data} has an answer"
            ))
            .hint("thresholds are for SQuAD v2.0, where some questions have none"));
        }
        Some(path) => Some(read_no_answer_scores(path)?),
        None => None,
    };
    let result = score_squad(
        &file.questions,
        file.version_2,
        &predictions,
        no_answer_scores.as_ref(),
    );
    if result.missing == file.questions.len() {
        let (data, predictions) = (arguments.data.display(), arguments.predictions.display());
        return Err(Failure::new(
            crate::exit::Code::Data,
            format_args!("{predictions}: no prediction for any question of {data}"),
        )
        .hint(
            "predictions are found by the ids of the questions: are the files of one data set?",
        ));
    }
    context
        .output
        .result(&result, |palette| score::squad(&result, palette))
}
