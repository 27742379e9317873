//! Optimizer groups: which parameters a recipe's groups select, and with which rates.

use pliant_nn::{ParameterInfo, Role};

use crate::TrainError;
use crate::event::GroupReport;
use crate::recipe::{Clock, DecayTowards, Group, Recipe, ScheduleShape, Warmup};
use crate::schedule::Schedule;
use crate::tied::Ties;

/// A group with everything it takes from `[optimizer]` filled in.
#[derive(Clone, Debug)]
pub(crate) struct ResolvedGroup {
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    pub(crate) towards: DecayTowards,
    pub(crate) schedule: Schedule,
    pub(crate) report: GroupReport,
}

/// The groups of a run, and the group of each parameter.
#[derive(Clone, Debug)]
pub(crate) struct Grouping {
    pub(crate) groups: Vec<ResolvedGroup>,
    /// Index into `groups` for each parameter; none for one that does not train, or follows another.
    pub(crate) of_parameter: Vec<Option<usize>>,
    /// Parameters that have the values of others.
    pub(crate) ties: Ties,
}

/// Gives every parameter to the first group that selects it.
pub(crate) fn assign(
    recipe: &Recipe,
    parameters: &[ParameterInfo],
) -> Result<Grouping, TrainError> {
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); recipe.groups.len()];
    let mut unmatched = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        match recipe
            .groups
            .iter()
            .position(|group| selects(group, parameter))
        {
            Some(group) => members[group].push(index),
            None => unmatched.push(format!("{} ({})", parameter.name, parameter.role)),
        }
    }
    if !unmatched.is_empty() {
        return Err(TrainError::UnmatchedParameters { names: unmatched });
    }
    let learns = parameters
        .iter()
        .any(|parameter| parameter.role == Role::Activation);
    let mut groups = Vec::new();
    let mut of_parameter = vec![None; parameters.len()];
    let mut ties = Ties::default();
    for (group, members) in recipe.groups.iter().zip(members) {
        if members.is_empty() {
            // The fixed twin of a comparison has no coefficients; its recipe is otherwise the same.
            if !learns && group.roles.as_deref() == Some(&[Role::Activation]) {
                continue;
            }
            return Err(TrainError::EmptyGroup {
                name: group.name.clone(),
                shadowed: parameters.iter().any(|parameter| selects(group, parameter)),
            });
        }
        if group.tied == Some(true) {
            ties.add(&members, parameters);
        }
        for index in &members {
            of_parameter[*index] = (!ties.follows(*index)).then_some(groups.len());
        }
        let elements = members.iter().map(|index| parameters[*index].count()).sum();
        groups.push(resolve(recipe, group, members.len(), elements));
    }
    Ok(Grouping {
        groups,
        of_parameter,
        ties,
    })
}

fn resolve(recipe: &Recipe, group: &Group, tensors: usize, elements: usize) -> ResolvedGroup {
    let optimizer = &recipe.optimizer;
    let settings = GroupSettings {
        learning_rate: group.learning_rate.unwrap_or(optimizer.learning_rate),
        weight_decay: group.weight_decay.unwrap_or(optimizer.weight_decay),
        towards: group.decay_towards.unwrap_or(DecayTowards::Zero),
        shape: group.schedule.unwrap_or(optimizer.schedule),
        warmup: group.warmup.unwrap_or(optimizer.warmup),
        hold: group.hold.unwrap_or(Warmup::Steps(0)),
        is_tied: group.tied == Some(true),
    };
    settings.resolve(&group.name, tensors, elements, recipe.clock())
}

/// What a group is trained with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GroupSettings {
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    pub(crate) towards: DecayTowards,
    pub(crate) shape: ScheduleShape,
    pub(crate) warmup: Warmup,
    pub(crate) hold: Warmup,
    pub(crate) is_tied: bool,
}

impl GroupSettings {
    /// The group in a run that `clock` ends.
    pub(crate) fn resolve(
        self,
        name: &str,
        tensors: usize,
        elements: usize,
        clock: Clock,
    ) -> ResolvedGroup {
        let schedule = Schedule::new(self.shape, self.warmup, clock).held(self.hold);
        let report = GroupReport {
            name: name.to_owned(),
            tensors,
            elements,
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            decay_towards: self.towards.to_string(),
            schedule: self.shape.to_string(),
            warmup: schedule.warmup(),
            hold: schedule.hold(),
            tied: self.is_tied,
        };
        ResolvedGroup {
            learning_rate: self.learning_rate,
            weight_decay: self.weight_decay,
            towards: self.towards,
            schedule,
            report,
        }
    }
}

fn selects(group: &Group, parameter: &ParameterInfo) -> bool {
    let has_role = |roles: &Vec<Role>| roles.contains(&parameter.role);
    let is_named = |pattern: &String| matches_pattern(pattern, &parameter.name);
    group.roles.as_ref().is_none_or(has_role) && group.r#match.as_ref().is_none_or(is_named)
}

/// Whether a name matches a pattern in which `*` stands for any characters, also none.
pub fn matches_pattern(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| name.strip_prefix(start)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((end, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(position) => rest = &rest[position + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(end)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
    use std::path::Path;

    use super::*;

    fn parameters(learns: bool) -> Vec<ParameterInfo> {
        let mut list = vec![
            (
                "bert.embeddings.word_embeddings.weight",
                Role::Embedding,
                vec![8, 4],
            ),
            (
                "bert.encoder.layer.0.intermediate.dense.weight",
                Role::Weight,
                vec![6, 4],
            ),
            (
                "bert.encoder.layer.0.intermediate.dense.bias",
                Role::Bias,
                vec![6],
            ),
            (
                "bert.encoder.layer.1.output.LayerNorm.weight",
                Role::Norm,
                vec![4],
            ),
        ];
        if learns {
            list.push((
                "bert.encoder.layer.0.intermediate.activation.numerator",
                Role::Activation,
                vec![1, 6],
            ));
        }
        list.into_iter()
            .map(|(name, role, shape)| ParameterInfo {
                name: name.to_owned(),
                role,
                shape,
            })
            .collect()
    }

    fn recipe(text: &str) -> Recipe {
        Recipe::parse(Path::new("test.toml"), text, &[]).unwrap()
    }

    #[test]
    fn the_default_groups_take_everything_and_the_fixed_twin_has_no_activation_group() {
        let grouping = assign(&recipe(""), &parameters(true)).unwrap();
        let names: Vec<_> = grouping
            .groups
            .iter()
            .map(|group| group.report.name.as_str())
            .collect();
        assert_eq!(names, ["activation", "weights", "norms-and-biases"]);
        assert_eq!(grouping.of_parameter, [1, 1, 2, 2, 0].map(Some));
        assert_eq!(grouping.groups[0].weight_decay, 0.0);
        assert_eq!(grouping.groups[0].report.schedule, "constant");
        assert_eq!(grouping.groups[1].weight_decay, 0.01);
        assert_eq!(
            (
                grouping.groups[1].report.tensors,
                grouping.groups[1].report.elements
            ),
            (2, 56)
        );
        assert_eq!(grouping.groups[2].weight_decay, 0.0);

        let twin = assign(&recipe(""), &parameters(false)).unwrap();
        assert_eq!(twin.of_parameter, [0, 0, 1, 1].map(Some));
    }

    #[test]
    fn the_first_match_wins() {
        let text = "[[optimizer.group]]\nname = \"first-layer\"\nmatch = \"bert.encoder.layer.0.*\"\nlearning_rate = 0.5\n\
                    [[optimizer.group]]\nname = \"rest\"\nmatch = \"*\"\n";
        let grouping = assign(&recipe(text), &parameters(true)).unwrap();
        assert_eq!(grouping.of_parameter, [1, 0, 0, 1, 0].map(Some));
        assert_eq!(grouping.groups[0].learning_rate, 0.5);
        assert_eq!(grouping.groups[1].learning_rate, 3e-3);
    }

    #[test]
    fn parameters_without_a_group_and_groups_without_parameters_are_refused() {
        let only_bias = recipe("[[optimizer.group]]\nname = \"b\"\nroles = [\"bias\"]\n");
        let message = assign(&only_bias, &parameters(false))
            .unwrap_err()
            .to_string();
        assert!(
            message.contains("bert.embeddings.word_embeddings.weight (embedding)"),
            "{message}"
        );

        let shadowed = recipe(
            "[[optimizer.group]]\nname = \"all\"\nmatch = \"*\"\n[[optimizer.group]]\nname = \"late\"\nroles = [\"bias\"]\n",
        );
        let error = assign(&shadowed, &parameters(false)).unwrap_err();
        assert!(error.to_string().contains("`late`"), "{error}");
        assert!(
            error.hint().unwrap().contains("earlier"),
            "{:?}",
            error.hint()
        );
    }

    #[test]
    fn patterns() {
        for (pattern, name, matches) in [
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a*b*c", "a-b-b-c", true),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*.bias", "x.bias", true),
            ("a*a", "a", false),
        ] {
            assert_eq!(matches_pattern(pattern, name), matches, "{pattern} {name}");
        }
    }
}
