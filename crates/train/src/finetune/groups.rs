//! Optimizer groups of a fine-tuning.

use pliant_nn::{ParameterInfo, Role};

use super::selection::Part;
use super::{FinetuneOptions, Mode, Selection, Trains};
use crate::group::{GroupSettings, Grouping};
use crate::recipe::{Clock, DecayTowards, Warmup};
use crate::tied::Ties;

/// The groups, in the order in which they are reported.
const NAMES: [&str; 6] = [
    "encoder",
    "encoder-biases-and-norms",
    "activations",
    "head",
    "head-biases",
    "adapter",
];

/// Place of a parameter's group in [`NAMES`].
fn group_of(parameter: &ParameterInfo) -> usize {
    let decays = !matches!(parameter.role, Role::Bias | Role::Norm);
    match Part::of(parameter) {
        Part::Encoder => usize::from(!decays),
        Part::Activations => 2,
        Part::Head => 3 + usize::from(!decays),
        Part::Adapter => 5,
    }
}

/// Gives every parameter that trains to its group; groups without one are left out.
pub(crate) fn assign(
    options: &FinetuneOptions,
    parameters: &[ParameterInfo],
    selection: &Selection,
    clock: Clock,
) -> Grouping {
    let of: Vec<Option<usize>> = parameters
        .iter()
        .zip(&selection.trains)
        .map(|(parameter, trains)| (*trains != Trains::None).then(|| group_of(parameter)))
        .collect();
    let mut groups = Vec::new();
    let mut places = [None; NAMES.len()];
    for (group, name) in NAMES.iter().enumerate() {
        let members: Vec<usize> = (0..parameters.len())
            .filter(|index| of[*index] == Some(group))
            .collect();
        if members.is_empty() {
            continue;
        }
        let numbers = members
            .iter()
            .map(|index| selection.trains[*index].numbers(&parameters[*index]))
            .sum();
        places[group] = Some(groups.len());
        groups.push(settings(options, group).resolve(name, members.len(), numbers, clock));
    }
    Grouping {
        ties: Ties::default(),
        groups,
        of_parameter: of
            .into_iter()
            .map(|group| group.and_then(|group| places[group]))
            .collect(),
    }
}

fn settings(options: &FinetuneOptions, group: usize) -> GroupSettings {
    let (learning_rate, weight_decay) = match group {
        0 => (options.learning_rate, options.weight_decay),
        1 => (options.learning_rate, 0.0),
        2 => (
            options.activation_learning_rate,
            options.activation_weight_decay,
        ),
        3 => (options.head_learning_rate, options.weight_decay),
        4 => (options.head_learning_rate, 0.0),
        // The scales of (IA)³ begin at 1: decay would pull them to 0, which switches keys, values and layers off.
        _ if options.mode == Mode::Ia3 => (options.adapter_learning_rate, 0.0),
        _ => (options.adapter_learning_rate, options.weight_decay),
    };
    GroupSettings {
        learning_rate,
        weight_decay,
        towards: DecayTowards::Zero,
        shape: options.schedule,
        warmup: Warmup::Fraction(options.warmup),
        hold: Warmup::Steps(0),
        is_tied: false,
    }
}
