//! The losses of a run, smoothed, in little memory, and drawn as a sparkline.

/// Points that are kept at most; then neighbours become one.
const POINTS: usize = 128;
/// What stays of the average at each step.
const INERTIA: f64 = 0.9;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Stands where a loss was not finite.
const NOT_FINITE: char = '×';

/// The course of the loss since this process began to train.
#[derive(Debug)]
pub(crate) struct Losses {
    /// Smoothed losses, each for as many steps; not a number where one was not finite.
    points: Vec<f64>,
    steps_per_point: u32,
    /// Steps since the last point, and whether their losses were finite.
    waiting: u32,
    finite: bool,
    /// Weighted sum of the losses and sum of the weights.
    average: (f64, f64),
    last: f64,
}

impl Losses {
    pub(crate) fn new() -> Self {
        Self {
            points: Vec::with_capacity(POINTS),
            steps_per_point: 1,
            waiting: 0,
            finite: true,
            average: (0.0, 0.0),
            last: f64::NAN,
        }
    }

    /// The loss of the next step.
    pub(crate) fn push(&mut self, loss: f64) {
        self.last = loss;
        if loss.is_finite() {
            let (sum, weight) = self.average;
            self.average = (
                INERTIA * sum + (1.0 - INERTIA) * loss,
                INERTIA * weight + (1.0 - INERTIA),
            );
        } else {
            self.finite = false;
        }
        self.waiting += 1;
        if self.waiting < self.steps_per_point {
            return;
        }
        let point = if self.finite { self.mean() } else { f64::NAN };
        self.points.push(point);
        (self.waiting, self.finite) = (0, true);
        if self.points.len() == POINTS {
            let halves = self.points.chunks_exact(2);
            self.points = halves.map(|pair| f64::midpoint(pair[0], pair[1])).collect();
            self.steps_per_point = self.steps_per_point.saturating_mul(2);
        }
    }

    /// The smoothed loss; the last one itself where it is not finite. None before the first step.
    pub(crate) fn current(&self) -> Option<f64> {
        let seen = self.waiting > 0 || !self.points.is_empty();
        seen.then(|| {
            if self.last.is_finite() {
                self.mean()
            } else {
                self.last
            }
        })
    }

    /// The later half of the course in at most so many columns, from its lowest to its highest loss.
    pub(crate) fn sparkline(&self, columns: usize) -> String {
        let window = (self.points.len() / 2).max(columns).min(self.points.len());
        let points = &self.points[self.points.len() - window..];
        let columns = columns.min(window);
        let means: Vec<f64> = (0..columns)
            .map(|column| {
                let part = &points[column * window / columns..(column + 1) * window / columns];
                part.iter().sum::<f64>() / part.len() as f64
            })
            .collect();
        let finite = means.iter().filter(|mean| mean.is_finite());
        let low = finite.clone().copied().fold(f64::INFINITY, f64::min);
        let high = finite.copied().fold(f64::NEG_INFINITY, f64::max);
        let level = |mean: &f64| {
            if !mean.is_finite() {
                return NOT_FINITE;
            }
            // What the digits of the loss do not show is no height.
            let height = (mean - low) / (high - low).max(1e-3);
            let highest = LEVELS.len() - 1;
            LEVELS[((height * highest as f64).round() as usize).min(highest)]
        };
        means.iter().map(level).collect()
    }

    fn mean(&self) -> f64 {
        let (sum, weight) = self.average;
        sum / weight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(losses: impl IntoIterator<Item = f64>) -> Losses {
        losses.into_iter().fold(Losses::new(), |mut course, loss| {
            course.push(loss);
            course
        })
    }

    #[test]
    fn a_falling_loss_falls_and_a_constant_one_lies_flat() {
        assert_eq!(of([]).sparkline(8), "");
        assert_eq!(of([]).current(), None);
        assert_eq!(of([5.0]).sparkline(8), "▁");
        assert_eq!(of([5.0; 300]).sparkline(6), "▁▁▁▁▁▁");
        let falling = of((0..20).map(|step| 10.0 - f64::from(step)));
        assert_eq!(falling.sparkline(0), "");
        let line = falling.sparkline(8);
        assert_eq!(line, "█▇▆▅▄▃▂▁");
        // Smoothed, it lags behind.
        assert!(
            falling
                .current()
                .is_some_and(|loss| (-7.0..-2.0).contains(&loss))
        );
    }

    #[test]
    fn a_million_steps_take_the_memory_of_a_few_and_show_the_later_half() {
        let long = of((0..1_000_000).map(|step| if step < 400_000 { 100.0 } else { 3.0 }));
        assert!(long.points.len() < POINTS && long.points.capacity() <= 2 * POINTS);
        assert_eq!(long.sparkline(10), "▁▁▁▁▁▁▁▁▁▁");
    }

    #[test]
    fn a_loss_that_is_not_finite_is_shown_and_spoils_no_other() {
        let mut course = of([4.0, 3.0, f64::NAN]);
        assert!(course.current().is_some_and(f64::is_nan));
        course.push(2.0);
        assert!(course.current().is_some_and(f64::is_finite));
        let line = course.sparkline(8);
        assert_eq!(line.chars().nth(2), Some('×'), "{line}");
        assert_eq!(
            line.chars().filter(|mark| *mark == '×').count(),
            1,
            "{line}"
        );
        let infinite = of([f64::INFINITY, f64::INFINITY]);
        assert_eq!(infinite.sparkline(8), "××");
        assert_eq!(infinite.current(), Some(f64::INFINITY));
    }
}
