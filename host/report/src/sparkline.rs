//! Numbers as one line of bars, one character each.

use crate::style::Style;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_BARS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];
/// The bar of equal values, which have no scale.
const MIDDLE: usize = 3;

/// A bar for each value, scaled from the lowest to the highest, and a space for each value that is missing or not finite.
/// Empty without any value.
pub fn sparkline(values: &[Option<f64>], style: &Style) -> String {
    let bars = if style.ascii { &ASCII_BARS } else { &BARS };
    let finite = |value: &Option<f64>| value.filter(|value| value.is_finite());
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for value in values.iter().filter_map(finite) {
        (low, high) = (low.min(value), high.max(value));
    }
    if low > high {
        return String::new();
    }
    let bar = |value: f64| {
        // Halves each first, because the difference of two finite numbers may be infinite.
        let share = (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0);
        let level = if share.is_finite() { (share * 8.0) as usize } else { MIDDLE };
        bars[level.min(bars.len() - 1)]
    };
    values.iter().map(|value| finite(value).map_or(' ', bar)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STYLE: Style = Style { width: 80, color: false, ascii: false };
    const ASCII: Style = Style { ascii: true, ..STYLE };

    #[test]
    fn lowest_and_highest_value_have_the_lowest_and_highest_bar() {
        let values = [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0].map(Some);
        assert_eq!(sparkline(&values, &STYLE), "▁▂▃▄▅▆▇█");
        assert_eq!(sparkline(&values, &ASCII), "_.:-=+*#");
        assert_eq!(sparkline(&[Some(-1.0), Some(1.0), Some(0.0)], &STYLE), "▁█▅");
    }

    #[test]
    fn missing_value_is_a_space() {
        assert_eq!(sparkline(&[None, Some(1.0), None, Some(2.0), Some(f64::NAN)], &STYLE), " ▁ █ ");
    }

    #[test]
    fn equal_values_have_the_middle_bar() {
        assert_eq!(sparkline(&[Some(0.0); 3], &STYLE), "▄▄▄");
        assert_eq!(sparkline(&[Some(1e308)], &ASCII), "-");
    }

    #[test]
    fn line_without_values_is_empty() {
        assert_eq!(sparkline(&[], &STYLE), "");
        assert_eq!(sparkline(&[None, Some(f64::INFINITY)], &STYLE), "");
    }

    proptest! {
        #[test]
        fn values_have_one_character_each(values in prop::collection::vec(prop::option::of(any::<f64>()), 0..30)) {
            let line = sparkline(&values, &ASCII);
            prop_assert!(line.is_empty() || line.chars().count() == values.len());
            prop_assert!(line.is_ascii());
        }

        #[test]
        fn higher_value_has_no_lower_bar(a in -1e308..1e308, b in -1e308..1e308) {
            let line: Vec<char> = sparkline(&[Some(-1.7e308), Some(a), Some(b), Some(1.7e308)], &STYLE).chars().collect();
            prop_assert_eq!(line[1].cmp(&line[2]).is_gt() && a <= b, false);
        }
    }
}
