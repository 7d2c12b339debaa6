//! Recurring windows of time, on the wall clock of a time zone.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

/// A recurring window: from `start` to `end` on some days, as the clocks of a time zone show it.
///
/// The window is open whenever the clocks show a time within it, and always in one piece:
///
/// * Clocks go forward: a skipped start is the moment of the jump, and a skipped end is later by the length of the
///   jump.
/// * Clocks go back: of a time that the clocks show twice, the start is the first and the end is the second.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// The time zone of `start`, `end` and `days`.
    pub zone: TimeZone,
    /// The time at which the window opens.
    pub start: Time,
    /// The time at which the window closes, exclusive. At or before `start`: on the next day.
    pub end: Time,
    /// The days on which the window opens.
    pub days: Days,
}

/// The days on which a window opens: those that meet every condition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Days {
    /// Days of the week; empty: all.
    pub weekdays: Vec<Weekday>,
    /// Days of the month, counted from 1, or from -1 for the last one; empty: all.
    pub month_days: Vec<i8>,
    /// The first day.
    pub from: Option<Date>,
    /// The last day.
    pub until: Option<Date>,
}

impl Window {
    /// When the window closes, if it is open at `now`.
    pub fn closes(&self, now: Timestamp) -> Option<Timestamp> {
        // A window of yesterday may still be open, and a change of clocks may skip or repeat a whole day.
        let today = self.zone.to_datetime(now).date();
        let nearby = (-2..=1).filter_map(|days| today.checked_add(days.days()).ok());
        let open = nearby.filter(|date| self.days.contain(*date)).filter_map(|date| self.on(date));
        open.filter(|(opens, closes)| (*opens..*closes).contains(&now)).map(|(_, closes)| closes).max()
    }

    /// When the window of a day opens and closes. `None` at both ends of the calendar.
    fn on(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        let last = if self.end <= self.start { date.tomorrow().ok()? } else { date };
        let opens = self.opens(date.to_datetime(self.start))?;
        Some((opens, self.zone.to_ambiguous_timestamp(last.to_datetime(self.end)).later().ok()?))
    }

    fn opens(&self, start: DateTime) -> Option<Timestamp> {
        let start = self.zone.to_ambiguous_timestamp(start);
        match start.offset() {
            AmbiguousOffset::Gap { .. } => {
                // A nanosecond later, because `preceding` excludes a jump at the very time that it is given.
                let after_jump = start.later().ok()?.checked_add(1.nanosecond()).ok()?;
                self.zone.preceding(after_jump).next().map(|jump| jump.timestamp())
            }
            AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => start.earlier().ok(),
        }
    }
}

impl Days {
    fn contain(&self, date: Date) -> bool {
        let from_last = date.day() - date.days_in_month() - 1;
        let is_month_day = |day: &i8| *day == date.day() || *day == from_last;
        (self.weekdays.is_empty() || self.weekdays.contains(&date.weekday()))
            && (self.month_days.is_empty() || self.month_days.iter().any(is_month_day))
            && self.from.is_none_or(|from| date >= from)
            && self.until.is_none_or(|until| date <= until)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use jiff::SignedDuration;
    use proptest::prelude::*;

    use super::*;

    fn window(zone: &str, start: &str, end: &str) -> Window {
        let zone = TimeZone::get(zone).unwrap();
        Window { zone, start: start.parse().unwrap(), end: end.parse().unwrap(), days: Days::default() }
    }

    fn berlin(start: &str, end: &str) -> Window {
        window("Europe/Berlin", start, end)
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    /// When the window that is open at `around` opens and closes, in UTC, found by checking each minute.
    fn open_span(window: &Window, around: &str) -> Option<(String, String)> {
        let closes = window.closes(at(around))?;
        let minute = SignedDuration::from_mins(1);
        let mut opens = at(around);
        while window.closes(opens - minute) == Some(closes) {
            opens -= minute;
        }
        let mut now = opens;
        while now < closes {
            assert_eq!(window.closes(now), Some(closes), "closed in between: {now}");
            now += minute;
        }
        assert_ne!(window.closes(closes), Some(closes));
        let short = |time: Timestamp| time.strftime("%d %H:%M").to_string();
        Some((short(opens), short(closes)))
    }

    #[track_caller]
    fn assert_open(window: &Window, around: &str, opens: &str, closes: &str) {
        assert_eq!(open_span(window, around), Some((opens.to_owned(), closes.to_owned())));
    }

    #[test]
    fn window_is_open_from_its_start_until_just_before_its_end() {
        let lunch = berlin("12:00", "13:30");
        assert_open(&lunch, "2026-07-01T10:00:00Z", "01 10:00", "01 11:30");
        assert_open(&lunch, "2026-12-01T11:00:00Z", "01 11:00", "01 12:30");
        assert_eq!(lunch.closes(at("2026-07-01T09:59:59.999Z")), None);
        assert_eq!(lunch.closes(at("2026-07-01T11:30:00Z")), None);
    }

    #[test]
    fn end_at_or_before_the_start_is_on_the_next_day() {
        let night = berlin("22:00", "06:00");
        for now in ["2026-07-01T20:00:00Z", "2026-07-01T22:30:00Z", "2026-07-02T03:59:59Z"] {
            assert_eq!(night.closes(at(now)), Some(at("2026-07-02T04:00:00Z")), "{now}");
        }
        assert_eq!(night.closes(at("2026-07-01T12:00:00Z")), None);
        assert_open(&berlin("00:00", "00:00"), "2026-07-01T10:00:00Z", "30 22:00", "01 22:00");
    }

    #[test]
    fn window_opens_on_its_weekdays_and_stays_open_into_the_next_day() {
        let mut weekend = berlin("22:00", "06:00");
        weekend.days.weekdays = vec![Weekday::Saturday, Weekday::Sunday];
        // 2026-07-03 is a Friday.
        assert_eq!(weekend.closes(at("2026-07-03T21:00:00Z")), None);
        assert_eq!(weekend.closes(at("2026-07-04T03:00:00Z")), None, "no window opens on Friday");
        assert_open(&weekend, "2026-07-05T03:00:00Z", "04 20:00", "05 04:00");
        assert_open(&weekend, "2026-07-06T03:00:00Z", "05 20:00", "06 04:00");
        assert_eq!(weekend.closes(at("2026-07-06T21:00:00Z")), None);
    }

    #[test]
    fn month_days_count_from_both_ends() {
        let mut window = window("UTC", "10:00", "11:00");
        window.days.month_days = vec![1, -1];
        for (day, is_open) in
            [("01-01", true), ("01-02", false), ("01-31", true), ("02-27", false), ("02-28", true), ("04-30", true)]
        {
            assert_eq!(window.closes(at(&format!("2026-{day}T10:30:00Z"))).is_some(), is_open, "{day}");
        }
        assert!(window.closes(at("2028-02-29T10:30:00Z")).is_some(), "the last day of a leap February");
        window.days = Days { weekdays: vec![Weekday::Monday], month_days: (1..=7).collect(), ..Days::default() };
        assert!(window.closes(at("2026-07-06T10:30:00Z")).is_some(), "the first Monday");
        assert_eq!(window.closes(at("2026-07-13T10:30:00Z")), None, "a Monday, but not the first one");
    }

    #[test]
    fn window_opens_from_its_first_day_to_its_last() {
        let mut night = berlin("22:00", "06:00");
        night.days.from = Some("2026-07-01".parse().unwrap());
        night.days.until = Some("2026-07-02".parse().unwrap());
        assert_eq!(night.closes(at("2026-07-01T03:00:00Z")), None);
        assert_open(&night, "2026-07-01T21:00:00Z", "01 20:00", "02 04:00");
        assert_open(&night, "2026-07-03T03:00:00Z", "02 20:00", "03 04:00");
        assert_eq!(night.closes(at("2026-07-03T21:00:00Z")), None);
    }

    /// On 2026-03-29 the clocks of Berlin go from 02:00 to 03:00, at 01:00 UTC.
    #[test]
    fn night_is_an_hour_shorter_when_clocks_go_forward() {
        assert_open(&berlin("22:00", "06:00"), "2026-03-29T00:30:00Z", "28 21:00", "29 04:00");
        assert_open(&berlin("00:00", "00:00"), "2026-03-29T12:00:00Z", "28 23:00", "29 22:00");
    }

    #[test]
    fn start_at_the_moment_of_the_jump_is_that_moment() {
        assert_open(&berlin("02:00", "02:30"), "2026-03-29T01:00:00Z", "29 01:00", "29 01:30");
    }

    #[test]
    fn skipped_start_is_the_moment_of_the_jump() {
        // Cron runs skipped jobs at the jump, too.
        assert_open(&berlin("02:10", "02:40"), "2026-03-29T01:20:00Z", "29 01:00", "29 01:40");
        assert_open(&berlin("02:30", "03:10"), "2026-03-29T01:00:00Z", "29 01:00", "29 01:10");
        assert_open(&berlin("01:30", "02:30"), "2026-03-29T00:45:00Z", "29 00:30", "29 01:30");
        assert_open(&berlin("23:00", "02:30"), "2026-03-29T01:20:00Z", "28 22:00", "29 01:30");
    }

    /// On 2026-10-25 the clocks of Berlin go from 03:00 back to 02:00, at 01:00 UTC.
    #[test]
    fn night_is_an_hour_longer_when_clocks_go_back() {
        assert_open(&berlin("22:00", "06:00"), "2026-10-25T01:30:00Z", "24 20:00", "25 05:00");
        assert_open(&berlin("00:00", "00:00"), "2026-10-25T12:00:00Z", "24 22:00", "25 23:00");
    }

    #[test]
    fn window_within_the_repeated_hour_is_open_in_one_piece() {
        assert_open(&berlin("02:10", "02:40"), "2026-10-25T00:50:00Z", "25 00:10", "25 01:40");
        assert_open(&berlin("22:00", "02:30"), "2026-10-25T00:45:00Z", "24 20:00", "25 01:30");
        assert_open(&berlin("02:30", "04:00"), "2026-10-25T00:45:00Z", "25 00:30", "25 03:00");
    }

    #[test]
    fn clock_changes_at_midnight_by_half_an_hour_and_by_a_day_follow_the_same_rules() {
        // Beirut, 2026-03-29: 00:00 to 01:00.
        let beirut = window("Asia/Beirut", "00:00", "00:30");
        assert_open(&beirut, "2026-03-28T22:10:00Z", "28 22:00", "28 22:30");
        // Lord Howe Island, 2026-04-05: 02:00 back to 01:30.
        let lord_howe = window("Australia/Lord_Howe", "01:40", "01:50");
        assert_open(&lord_howe, "2026-04-04T14:45:00Z", "04 14:40", "04 15:20");
        // Samoa skipped 2011-12-30: after 24:00 on the 29th came the 31st.
        let samoa = window("Pacific/Apia", "22:00", "06:00");
        assert_open(&samoa, "2011-12-30T09:00:00Z", "30 08:00", "30 16:00");
    }

    #[test]
    fn calendar_ends_do_not_panic() {
        let day = berlin("00:00", "00:00");
        for now in [Timestamp::MIN, Timestamp::MAX] {
            let _ = day.closes(now);
        }
        assert!(day.closes(at("9998-06-01T12:00:00Z")).is_some());
    }

    fn time() -> impl Strategy<Value = Time> {
        (0..24_i8, 0..60_i8).prop_map(|(hour, minute)| Time::constant(hour, minute, 0, 0))
    }

    proptest! {
        #[test]
        fn window_is_open_whenever_the_clocks_show_a_time_within_it(
            start in time(),
            end in time(),
            minutes in 0..2 * 366 * 24 * 60_i64,
            zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe"]),
        ) {
            let window = Window { start, end, ..window(zone, "00:00", "00:00") };
            let now = at("2026-01-01T00:00:00Z") + SignedDuration::from_mins(minutes);
            let shown = window.zone.to_datetime(now).time();
            let is_within = if start < end { (start..end).contains(&shown) } else { shown >= start || shown < end };
            prop_assert!(!is_within || window.closes(now).is_some_and(|closes| closes > now), "{now}: {shown}");
            // At other times the window is open only around a change of clocks.
            let offset = |time: Timestamp| window.zone.to_offset(time);
            let changes = offset(now - SignedDuration::from_hours(2)) != offset(now + SignedDuration::from_hours(2));
            prop_assert!(is_within || changes || window.closes(now).is_none(), "{now}: {shown}");
        }
    }
}
