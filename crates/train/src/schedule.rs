//! Learning-rate schedules: warm-up, then a shape, over steps or over a time budget.

use std::f64::consts::PI;

use crate::recipe::{Clock, ScheduleShape, Warmup};

/// Fewest steps of a warm-up given as a fraction, where the run is at least twice as long.
const FEWEST_WARMUP_STEPS: u64 = 10;

/// A schedule over a whole run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Schedule {
    shape: ScheduleShape,
    clock: Clock,
    /// In steps, or with a time budget in minutes.
    warmup: f64,
    /// What comes before the warm-up, in the same unit: the rate is zero.
    hold: f64,
}

/// A moment of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// The step that is about to be applied, from 1.
    pub step: u64,
    /// Training time used so far in minutes.
    pub minutes: f64,
}

impl Schedule {
    /// The schedule of a run that `clock` ends.
    pub fn new(shape: ScheduleShape, warmup: Warmup, clock: Clock) -> Self {
        let warmup = match (warmup, clock) {
            (Warmup::Steps(steps), _) => steps as f64,
            (Warmup::Fraction(fraction), Clock::Minutes(minutes)) => fraction * minutes,
            (Warmup::Fraction(0.0), Clock::Steps(_)) => 0.0,
            (Warmup::Fraction(fraction), Clock::Steps(steps)) => {
                let fewest = FEWEST_WARMUP_STEPS.min(steps / 2) as f64;
                (fraction * steps as f64)
                    .ceil()
                    .max(fewest)
                    .min(steps as f64)
            }
        };
        Self {
            shape,
            clock,
            warmup,
            hold: 0.0,
        }
    }

    /// The schedule with a rate of zero before the warm-up.
    #[must_use]
    pub fn held(mut self, hold: Warmup) -> Self {
        self.hold = match (hold, self.clock) {
            (Warmup::Steps(steps), _) => steps as f64,
            (Warmup::Fraction(fraction), Clock::Minutes(minutes)) => fraction * minutes,
            (Warmup::Fraction(fraction), Clock::Steps(steps)) => (fraction * steps as f64).ceil(),
        };
        self
    }

    /// What comes before the warm-up, in steps, or in minutes with a time budget.
    pub fn hold(&self) -> f64 {
        self.hold
    }

    /// Warm-up in steps, or in minutes with a time budget.
    pub fn warmup(&self) -> f64 {
        self.warmup
    }

    /// Whether a moment lies behind the warm-up.
    pub fn has_warmed_up(&self, moment: Moment) -> bool {
        let used = match self.clock {
            Clock::Steps(_) => moment.step as f64,
            Clock::Minutes(_) => moment.minutes,
        };
        used > self.hold + self.warmup
    }

    /// Share of the highest learning rate, from 0 to 1.
    ///
    /// In steps t = 1…n with w steps of warm-up it is t / w up to w, then for `linear` (n − t + 1) / (n − w): 1 at w + 1,
    /// just above zero at n. Steps that are held come before step 1 of this count.
    pub fn factor(&self, moment: Moment) -> f64 {
        let (done, warm, length) = match self.clock {
            Clock::Steps(steps) => ((moment.step - 1) as f64, moment.step as f64, steps as f64),
            Clock::Minutes(minutes) => (moment.minutes, moment.minutes, minutes),
        };
        if warm <= self.hold && self.hold > 0.0 {
            return 0.0;
        }
        let [done, warm, length] = [done, warm, length].map(|time| time - self.hold);
        if warm < self.warmup {
            return warm / self.warmup;
        }
        let fall = ((done - self.warmup) / (length - self.warmup)).clamp(0.0, 1.0);
        // A warm-up over the whole run leaves nothing to fall.
        let fall = if fall.is_finite() { fall } else { 0.0 };
        match self.shape {
            ScheduleShape::Constant => 1.0,
            ScheduleShape::Linear => 1.0 - fall,
            ScheduleShape::Cosine => 0.5 * (1.0 + (PI * fall).cos()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(step: u64) -> Moment {
        Moment { step, minutes: 0.0 }
    }

    #[test]
    fn linear_rises_to_one_and_falls_to_just_above_zero() {
        let schedule = Schedule::new(ScheduleShape::Linear, Warmup::Steps(4), Clock::Steps(12));
        let factors: Vec<f64> = (1..=12).map(|step| schedule.factor(at(step))).collect();
        assert_eq!(factors[..4], [0.25, 0.5, 0.75, 1.0]);
        assert!(!schedule.has_warmed_up(at(4)) && schedule.has_warmed_up(at(5)));
        assert_eq!(factors[4], 1.0);
        assert_eq!(factors[8], 0.5);
        assert_eq!(factors[11], 0.125);
    }

    #[test]
    fn cosine_is_half_in_the_middle_and_constant_stays() {
        let cosine = Schedule::new(ScheduleShape::Cosine, Warmup::Steps(0), Clock::Steps(10));
        assert_eq!(cosine.factor(at(1)), 1.0);
        assert!((cosine.factor(at(6)) - 0.5).abs() < 1e-12);
        let constant = Schedule::new(ScheduleShape::Constant, Warmup::Steps(5), Clock::Steps(10));
        assert_eq!(constant.factor(at(1)), 0.2);
        assert_eq!(constant.factor(at(10)), 1.0);
    }

    #[test]
    fn a_fraction_warms_up_at_least_ten_steps_of_a_long_enough_run() {
        let warmup = |fraction, steps| {
            Schedule::new(
                ScheduleShape::Linear,
                Warmup::Fraction(fraction),
                Clock::Steps(steps),
            )
            .warmup()
        };
        assert_eq!(warmup(0.1, 2000), 200.0);
        assert_eq!(warmup(0.1, 50), 10.0);
        assert_eq!(warmup(0.1, 6), 3.0);
        assert_eq!(warmup(0.0, 50), 0.0);
        assert_eq!(warmup(1.0, 50), 50.0);
    }

    #[test]
    fn a_group_that_is_held_warms_up_afterwards() {
        let schedule = Schedule::new(ScheduleShape::Linear, Warmup::Steps(2), Clock::Steps(10))
            .held(Warmup::Fraction(0.35));
        let factors: Vec<f64> = (1..=10).map(|step| schedule.factor(at(step))).collect();
        assert_eq!(
            factors,
            [0.0, 0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 0.75, 0.5, 0.25]
        );
        assert!(!schedule.has_warmed_up(at(6)) && schedule.has_warmed_up(at(7)));
        let minutes = Schedule::new(
            ScheduleShape::Constant,
            Warmup::Fraction(0.1),
            Clock::Minutes(10.0),
        )
        .held(Warmup::Fraction(0.2));
        let factor = |used| {
            minutes.factor(Moment {
                step: 7,
                minutes: used,
            })
        };
        assert_eq!([0.0, 2.0, 2.5, 3.0].map(factor), [0.0, 0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_time_budget_follows_the_clock() {
        let schedule = Schedule::new(
            ScheduleShape::Linear,
            Warmup::Fraction(0.2),
            Clock::Minutes(10.0),
        );
        let at = |minutes| schedule.factor(Moment { step: 7, minutes });
        assert_eq!(at(1.0), 0.5);
        assert_eq!(at(2.0), 1.0);
        assert_eq!(at(6.0), 0.5);
        assert_eq!(at(10.0), 0.0);
        assert_eq!(at(11.0), 0.0);
    }

    #[test]
    fn a_warmup_over_the_whole_run_only_rises() {
        let schedule = Schedule::new(ScheduleShape::Linear, Warmup::Steps(4), Clock::Steps(4));
        assert_eq!(
            (1..=4)
                .map(|step| schedule.factor(at(step)))
                .collect::<Vec<_>>(),
            [0.25, 0.5, 0.75, 1.0]
        );
    }
}
