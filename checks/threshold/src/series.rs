//! The past and current readings of each series, and their reduction to one number.

use checkpost_sdk::{Input, Point};

use crate::selector::Labels;

/// A series with its past points, oldest first, and the reading of this cycle.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed<'a> {
    pub name: &'a str,
    pub labels: &'a Labels,
    past: &'a [Point],
    current: Option<Point>,
}

/// Every series with a reading in this cycle or within the window, sorted by name and labels.
pub fn observed(input: &Input) -> Vec<Observed<'_>> {
    let mut series: Vec<Observed> = Vec::with_capacity(input.history.len());
    let mut past = input.history.iter().peekable();
    for sample in input.samples.iter() {
        let identity = (&sample.name, &sample.labels);
        // Series without a current reading. Both lists are sorted alike.
        while let Some(gone) = past.next_if(|series| (&series.name, &series.labels) < identity) {
            series.push(Observed { name: &gone.name, labels: &gone.labels, past: &gone.points, current: None });
        }
        let same = past.next_if(|series| (&series.name, &series.labels) == identity);
        series.push(Observed {
            name: &sample.name,
            labels: &sample.labels,
            past: same.map_or(&[], |series| &series.points),
            current: Some(Point { time_ms: input.time_ms, value: sample.value }),
        });
    }
    series.extend(past.map(|gone| Observed {
        name: &gone.name,
        labels: &gone.labels,
        past: &gone.points,
        current: None,
    }));
    series
}

impl Observed<'_> {
    fn points(&self) -> impl Iterator<Item = Point> + Clone {
        self.past.iter().copied().chain(self.current)
    }

    /// Reduces all points to one number with the named function. `None` for a rate of fewer than two points.
    pub fn reduce(&self, function: &str) -> Option<f64> {
        if function == "rate" {
            return self.rate();
        }
        fold(function, self.points().map(|point| point.value))
    }

    /// The increase of a counter per second, from the first point to the last. A counter that fell was reset; its increase at
    /// that moment is unknown and left out.
    fn rate(&self) -> Option<f64> {
        let (first, last) = (self.points().next()?, self.points().last()?);
        let milliseconds = last.time_ms.checked_sub(first.time_ms).filter(|span| *span > 0)?;
        let pairs = self.points().zip(self.points().skip(1));
        let increase: f64 = pairs.map(|(before, after)| (after.value - before.value).max(0.0)).sum();
        Some(increase * 1000.0 / milliseconds as f64)
    }
}

/// Reduces values to one number with the named function; `None` if there are no values.
pub fn fold(function: &str, values: impl Iterator<Item = f64> + Clone) -> Option<f64> {
    let count = values.clone().count();
    let last = values.clone().last()?;
    Some(match function {
        "avg" => values.sum::<f64>() / count as f64,
        "sum" => values.sum(),
        "min" => values.fold(f64::INFINITY, f64::min),
        "max" => values.fold(f64::NEG_INFINITY, f64::max),
        "count" => count as f64,
        _ => last,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const NOW_MS: u64 = 1_000_000;

    /// Points one minute apart up to now. The last one is the current reading.
    fn input(values: &[f64]) -> Input {
        let (current, past) = values.split_last().unwrap();
        let at = |index: usize| NOW_MS - 60_000 * (past.len() - index) as u64;
        let points: Vec<_> = past.iter().enumerate().map(|(index, value)| (at(index), *value)).collect();
        let input = Input::at(NOW_MS).with_sample("m", &[], *current);
        if points.is_empty() { input } else { input.with_history("m", &[], &points) }
    }

    fn reduce(function: &str, values: &[f64]) -> Option<f64> {
        observed(&input(values))[0].reduce(function)
    }

    #[test]
    fn window_includes_the_current_reading() {
        let values = [4.0, 1.0, 7.0, 2.0];
        for (function, expected) in
            [("last", 2.0), ("avg", 3.5), ("min", 1.0), ("max", 7.0), ("sum", 14.0), ("count", 4.0)]
        {
            assert_eq!(reduce(function, &values), Some(expected), "{function}");
        }
        assert_eq!(reduce("max", &[1.0, 9.0]), Some(9.0));
        assert_eq!(reduce("avg", &[5.0]), Some(5.0));
    }

    #[test]
    fn rate_is_per_second_from_the_first_point_to_the_last() {
        assert_eq!(reduce("rate", &[0.0, 60.0, 60.0, 180.0]), Some(1.0));
        assert_eq!(reduce("rate", &[7.0, 7.0]), Some(0.0));
    }

    #[test]
    fn counter_reset_is_not_a_spike() {
        assert_eq!(reduce("rate", &[1e12, 1e12 + 120.0, 5.0, 125.0]), Some(240.0 / 180.0));
        assert_eq!(reduce("rate", &[1e12, 5.0]), Some(0.0));
    }

    #[test]
    fn rate_needs_two_points_with_time_between_them() {
        assert_eq!(reduce("rate", &[5.0]), None);
        let no_time = input(&[5.0]).with_history("m", &[], &[(NOW_MS, 1.0)]);
        assert_eq!(observed(&no_time)[0].reduce("rate"), None);
        let clock_went_back = input(&[5.0]).with_history("m", &[], &[(NOW_MS + 1, 1.0)]);
        assert_eq!(observed(&clock_went_back)[0].reduce("rate"), None);
    }

    #[test]
    fn rate_does_not_need_evenly_spaced_points() {
        let input = input(&[100.0]).with_history("m", &[], &[(NOW_MS - 50_000, 0.0), (NOW_MS - 49_000, 10.0)]);
        assert_eq!(observed(&input)[0].reduce("rate"), Some(2.0));
    }

    #[test]
    fn series_may_have_only_past_or_only_current_readings() {
        let input = Input::at(NOW_MS)
            .with_sample("b", &[("at", "2")], 2.0)
            .with_sample("b", &[("at", "3")], 3.0)
            .with_history("a", &[], &[(1, 10.0)])
            .with_history("b", &[("at", "1")], &[(1, 11.0)])
            .with_history("b", &[("at", "3")], &[(1, 13.0)])
            .with_history("c", &[], &[(1, 14.0)]);
        let counts: Vec<_> = observed(&input).iter().map(|series| (series.name, series.points().count())).collect();
        assert_eq!(counts, [("a", 1), ("b", 1), ("b", 1), ("b", 2), ("c", 1)]);
        let sums: Vec<_> = observed(&input).iter().map(|series| series.reduce("sum").unwrap()).collect();
        assert_eq!(sums, [10.0, 11.0, 2.0, 16.0, 14.0]);
    }
}
