//! The increasing branch of a function, and its inverse there.

use serde::Serialize;

/// Where the branch is looked for.
const WINDOW: f64 = 20.0;
/// Places of the window at which the slope is looked at, for each unit.
const PER_UNIT: i32 = 32;
/// A smaller slope counts as none. The slope of an activation is about 1.
const LEAST_SLOPE: f64 = 1e-12;
/// A smaller slope at the end is no step: the function becomes flat there.
const LEAST_STEP: f64 = 1e-6;
/// The correction is faded where the slope falls below this on its way to 0.
const FADED_SLOPE: f64 = 0.1;
/// How far from an end its kind is told.
const NEAR_END: f64 = 1e-3;

/// Value, slope and curvature of a function at a point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Jet {
    /// `f(u)`
    pub value: f64,
    /// `f'(u)`
    pub slope: f64,
    /// `f''(u)`
    pub curvature: f64,
}

impl Jet {
    fn rises(self) -> bool {
        self.value.is_finite() && self.curvature.is_finite() && self.slope > LEAST_SLOPE
    }
}

/// What is at one end of the branch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum End {
    /// It goes on as far as one looks (or as the slope has digits).
    Open {
        /// How far that is.
        at: f64,
    },
    /// The slope jumps: the branch is extended beyond as a line.
    Step {
        /// Where.
        at: f64,
        /// The slope of the line.
        slope: f64,
        /// The value at the end.
        value: f64,
    },
    /// The slope goes to 0: the correction is faded between here and `full`.
    Turn {
        /// Where the slope is 0.
        at: f64,
        /// Where the slope is 0.1, and the correction whole.
        full: f64,
    },
}

impl End {
    /// The last input of the branch.
    pub fn at(self) -> f64 {
        match self {
            Self::Open { at } | Self::Step { at, .. } | Self::Turn { at, .. } => at,
        }
    }
}

/// The connected part of ±20 on which a function increases, of several the one with the greatest rise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Branch {
    /// The end towards −∞.
    pub low: End,
    /// The end towards +∞.
    pub high: End,
}

impl Branch {
    /// Looks for the branch; without one, says why there is none.
    pub fn find(function: &dyn Fn(f64) -> Jet) -> Result<Self, &'static str> {
        let place = |index: i32| f64::from(index) / f64::from(PER_UNIT);
        let last = WINDOW as i32 * PER_UNIT;
        let mut best: Option<(f64, i32, i32)> = None;
        let mut run: Option<(i32, f64)> = None;
        let mut is_flat = true;
        for index in -last..=last + 1 {
            let jet = function(place(index));
            is_flat &= index > last || jet.slope == 0.0;
            match run {
                None if jet.rises() => run = Some((index, jet.value)),
                Some((first, from)) if !jet.rises() || index > last => {
                    let rise = function(place(index - 1)).value - from;
                    // Of equal ones the right.
                    if best.is_none_or(|(greatest, ..)| rise >= greatest) {
                        best = Some((rise, first, index - 1));
                    }
                    run = None;
                }
                _ => {}
            }
        }
        let (_, first, last_rising) = best.ok_or(if is_flat {
            "it is constant, and a constant has no inverse"
        } else {
            "it increases nowhere, so that it has no increasing branch to take the inverse of"
        })?;
        let end_at = |inside: i32, outside: i32, bound: i32| {
            if inside == bound {
                End::Open { at: place(inside) }
            } else {
                end(function, place(inside), place(outside))
            }
        };
        Ok(Self {
            low: end_at(first, first - 1, -last),
            high: end_at(last_rising, last_rising + 1, last),
        })
    }

    /// How much of the correction is taken at `u`: 1 but near a turn, 0 beyond it.
    pub fn weight(&self, u: f64, slope: f64) -> f64 {
        let towards = |end: End, is_beyond: &dyn Fn(f64) -> bool| match end {
            End::Turn { at, .. } | End::Open { at } if is_beyond(at) => 0.0,
            End::Turn { full, .. } if is_beyond(full) => {
                let share = (slope / FADED_SLOPE).clamp(0.0, 1.0);
                share * share * (3.0 - 2.0 * share)
            }
            _ => 1.0,
        };
        towards(self.low, &|edge| u < edge) * towards(self.high, &|edge| u > edge)
    }

    /// The function on the branch and on the lines that continue it.
    pub fn extended(&self, function: &dyn Fn(f64) -> Jet, u: f64) -> Jet {
        let line = |at: f64, slope: f64, value: f64| Jet {
            value: value + slope * (u - at),
            slope,
            curvature: 0.0,
        };
        match (self.low, self.high) {
            (End::Step { at, slope, value }, _) if u <= at => line(at, slope, value),
            (_, End::Step { at, slope, value }) if u >= at => line(at, slope, value),
            _ => function(u),
        }
    }

    /// `y(v)`, the input of the branch (or of the lines that continue it) whose value is `v`: by bisection. `None` where the branch
    /// has no such value.
    pub fn inverse(&self, function: &dyn Fn(f64) -> Jet, v: f64) -> Option<f64> {
        let on_line = |end: End| match end {
            End::Step { at, slope, value } => Some((at + (v - value) / slope, at)),
            _ => None,
        };
        if let Some((u, _)) = on_line(self.low).filter(|(u, at)| u <= at) {
            return Some(u);
        }
        if let Some((u, _)) = on_line(self.high).filter(|(u, at)| u >= at) {
            return Some(u);
        }
        let (mut low, mut high) = (self.low.at(), self.high.at());
        let value = |u: f64| self.extended(function, u).value;
        if !(value(low)..=value(high)).contains(&v) {
            return None;
        }
        loop {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                return Some(middle);
            }
            if value(middle) < v {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
}

/// The end between a place inside the branch and one outside of it.
fn end(function: &dyn Fn(f64) -> Jet, inside: f64, outside: f64) -> End {
    let (mut rising, mut beyond) = (inside, outside);
    loop {
        let middle = f64::midpoint(rising, beyond);
        if middle == rising || middle == beyond || (rising - beyond).abs() < 1e-14 {
            break;
        }
        if function(middle).rises() {
            rising = middle;
        } else {
            beyond = middle;
        }
    }
    let direction = (inside - outside).signum();
    let near = function(rising + direction * NEAR_END);
    let edge = function(rising);
    // Towards a step the slope stays what it is; towards a turn it falls at least in proportion to the distance; and a function
    // that becomes flat does so too slowly for either.
    if edge.slope > 0.5 * near.slope && edge.slope > LEAST_STEP {
        return End::Step {
            at: rising,
            slope: edge.slope,
            value: edge.value,
        };
    }
    if near.curvature.abs() * NEAR_END < 0.5 * near.slope {
        return End::Open { at: rising };
    }
    let step = direction / f64::from(PER_UNIT);
    let mut full = rising;
    while function(full).slope < FADED_SLOPE && (full - rising).abs() < WINDOW {
        full += step;
    }
    End::Turn { at: rising, full }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn jet(value: f64, slope: f64, curvature: f64) -> Jet {
        Jet {
            value,
            slope,
            curvature,
        }
    }

    #[test]
    fn what_does_not_increase_is_refused_with_the_reason() {
        let constant = Branch::find(&|_| jet(2.0, 0.0, 0.0)).unwrap_err();
        assert!(constant.contains("constant"), "{constant}");
        let falling = Branch::find(&|u| jet(-u, -1.0, 0.0)).unwrap_err();
        assert!(falling.contains("increases nowhere"), "{falling}");
        let nan = Branch::find(&|_| jet(f64::NAN, f64::NAN, f64::NAN)).unwrap_err();
        assert!(nan.contains("increases nowhere"), "{nan}");
    }

    #[test]
    fn a_step_is_continued_as_a_line() {
        // 2 max(0, u − 1)
        let hinge = |u: f64| {
            if u > 1.0 {
                jet(2.0 * (u - 1.0), 2.0, 0.0)
            } else {
                jet(0.0, 0.0, 0.0)
            }
        };
        let branch = Branch::find(&hinge).unwrap();
        let End::Step { at, slope, .. } = branch.low else {
            panic!("{branch:?}")
        };
        assert!((at - 1.0).abs() < 1e-12 && slope == 2.0, "{branch:?}");
        assert_eq!(branch.high, End::Open { at: 20.0 });
        for v in [-7.0, 0.0, 3.0] {
            let u = branch.inverse(&hinge, v).unwrap();
            assert!((u - (1.0 + v / 2.0)).abs() < 1e-12, "{u}");
        }
        assert_eq!(branch.weight(-5.0, 2.0), 1.0);
    }

    #[test]
    fn a_parabola_turns_and_its_right_side_is_taken() {
        let parabola = |u: f64| jet(u * u, 2.0 * u, 2.0);
        let branch = Branch::find(&parabola).unwrap();
        let End::Turn { at, full } = branch.low else {
            panic!("{branch:?}")
        };
        assert!(at.abs() < 1e-9, "{branch:?}");
        assert!((0.05..0.1).contains(&full), "{branch:?}");
        assert!((branch.inverse(&parabola, 9.0).unwrap() - 3.0).abs() < 1e-12);
        assert_eq!(branch.inverse(&parabola, -1.0), None);
        assert_eq!(branch.weight(-1.0, -2.0), 0.0);
        assert_eq!(branch.weight(1.0, 2.0), 1.0);
        let half = branch.weight(0.025, 0.05);
        assert!((half - 0.5).abs() < 1e-12, "{half}");
    }

    #[test]
    fn a_bounded_function_has_an_inverse_inside_its_bounds() {
        let tanh = |u: f64| {
            let value = u.tanh();
            let slope = 1.0 - value * value;
            jet(value, slope, -2.0 * value * slope)
        };
        let branch = Branch::find(&tanh).unwrap();
        assert!(
            matches!(branch.low, End::Open { at } if at < -12.0),
            "{branch:?}"
        );
        assert!((branch.inverse(&tanh, 0.5).unwrap() - 0.5_f64.atanh()).abs() < 1e-12);
        assert_eq!(branch.inverse(&tanh, 1.5), None);
        assert_eq!(branch.weight(3.0, tanh(3.0).slope), 1.0);
    }
}
