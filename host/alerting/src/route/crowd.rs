//! A crowd: more items than there is room for. No check can hide another one behind a thousand subjects of its own, in
//! no message and in no report, because all of them choose here what to show.

use std::collections::HashMap;

use checkpost_model::check::TOO_MANY_SUBJECTS;
use checkpost_model::clean;

use crate::alert::Notification;

/// Checks whose items are counted by name; the others are counted together.
const NAMED_CHECKS: usize = 5;
/// Characters of a name.
const NAME_CHARS: usize = 100;

/// What the choice depends on: whose item it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The instance.
    pub check: &'a str,
    /// Whether the instance is a module that was found in the checks directory, without an entry.
    pub is_found: bool,
    /// Whether it stands for subjects that have no alert of their own.
    pub is_overflow: bool,
}

impl<'a> Member<'a> {
    /// Whose a notification is.
    pub fn of(notification: &'a Notification) -> Self {
        let Notification { check, subject, is_found, .. } = notification;
        Self { check, is_found: *is_found, is_overflow: subject == TOO_MANY_SUBJECTS }
    }
}

/// The items that are shown of a list, and what is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Crowd<'a> {
    /// Positions in the list, in the order of the list.
    pub shown: Vec<usize>,
    /// The instances whose items are left out, with their number, in the order of the list.
    pub omitted: Vec<(&'a str, usize)>,
}

impl<'a> Crowd<'a> {
    /// Chooses at most `room` members of a list, which has the worst first: the worst of each instance before any second
    /// one, and instances that an operator declared before those that were found.
    pub fn of(members: &[Member<'a>], room: usize) -> Self {
        let mut left = room;
        Self::fitting(members, |_| {
            let fits = left > 0;
            left = left.saturating_sub(1);
            fits
        })
    }

    /// [`Crowd::of`], with `fits` asked for each position in the order of preference whether there is room for it.
    pub fn fitting(members: &[Member<'a>], mut fits: impl FnMut(usize) -> bool) -> Self {
        let mut shown: Vec<_> = by_preference(members).into_iter().filter(|position| fits(*position)).collect();
        shown.sort_unstable();
        let mut omitted: Vec<(&str, usize)> = Vec::new();
        let mut places = HashMap::new();
        let mut next_shown = shown.iter().peekable();
        for (position, member) in members.iter().enumerate() {
            if next_shown.next_if(|shown| **shown == position).is_some() {
                continue;
            }
            let place = *places.entry(member.check).or_insert(omitted.len());
            match omitted.get_mut(place) {
                Some((_, count)) => *count += 1,
                None => omitted.push((member.check, 1)),
            }
        }
        Self { shown, omitted }
    }

    /// How many items are left out, by instance: `998 more of aaa and 3 more of disk`. `None` if all are shown.
    pub fn omission(&self) -> Option<String> {
        let named = self.omitted.iter().take(NAMED_CHECKS);
        let mut parts: Vec<_> =
            named.map(|(check, count)| format!("{count} more of {}", clean::bounded(check, NAME_CHARS))).collect();
        if let [others @ .., _] = self.omitted.get(NAMED_CHECKS..).unwrap_or_default() {
            let count: usize = self.omitted.iter().skip(NAMED_CHECKS).map(|(_, count)| count).sum();
            let plural = if others.is_empty() { "" } else { "s" };
            parts.push(format!("{count} more of {} other check{plural}", others.len() + 1));
        }
        let last = parts.pop()?;
        Some(if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) })
    }
}

/// All positions in the order in which they get room.
fn by_preference(members: &[Member<'_>]) -> Vec<usize> {
    let mut ranks: HashMap<&str, usize> = HashMap::new();
    let mut preferences: Vec<_> = members
        .iter()
        .enumerate()
        .map(|(position, member)| {
            let rank = ranks.entry(member.check).or_default();
            // What stands for many subjects is not left out with them.
            *rank += usize::from(!member.is_overflow);
            (member.is_found, if member.is_overflow { 0 } else { *rank }, position)
        })
        .collect();
    preferences.sort_unstable();
    preferences.into_iter().map(|(_, _, position)| position).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members<'a>(items: &[(&'a str, bool)]) -> Vec<Member<'a>> {
        items.iter().map(|(check, is_found)| Member { check, is_found: *is_found, is_overflow: false }).collect()
    }

    #[test]
    fn list_that_fits_is_shown_whole() {
        let list = members(&[("aaa", true), ("cpu", false), ("aaa", true)]);
        let crowd = Crowd::of(&list, 3);
        assert_eq!((crowd.shown.as_slice(), crowd.omission()), ([0, 1, 2].as_slice(), None));
        assert_eq!(Crowd::of(&[], 0), Crowd::default());
    }

    #[test]
    fn crowd_of_one_check_does_not_hide_another() {
        let mut list = vec![Member { check: "aaa", is_found: false, is_overflow: false }; 1_000];
        list.push(Member { check: "cpu", is_found: false, is_overflow: false });
        let crowd = Crowd::of(&list, 3);
        assert_eq!(crowd.shown, [0, 1, 1_000]);
        assert_eq!(crowd.omission().as_deref(), Some("998 more of aaa"));
    }

    #[test]
    fn crowd_of_found_checks_does_not_hide_a_declared_one() {
        let names: Vec<_> = (0..1_000).map(|n| format!("found-{n}")).collect();
        let mut list: Vec<_> = names.iter().map(|check| Member { check, is_found: true, is_overflow: false }).collect();
        list.extend(members(&[("disk", false), ("disk", false)]));
        let crowd = Crowd::of(&list, 5);
        assert_eq!(crowd.shown, [0, 1, 2, 1_000, 1_001]);
        let expected = "1 more of found-3, 1 more of found-4, 1 more of found-5, 1 more of found-6, 1 more of found-7 and \
                        992 more of 992 other checks";
        assert_eq!(crowd.omission().as_deref(), Some(expected));
    }

    #[test]
    fn what_stands_for_many_is_not_left_out_with_them() {
        let mut list = vec![Member { check: "aaa", is_found: false, is_overflow: false }; 10];
        list.push(Member { is_overflow: true, ..list[0] });
        assert_eq!(Crowd::of(&list, 2).shown, [0, 10]);
    }

    #[test]
    fn one_other_check_is_in_the_singular() {
        let list = members(&[("a", false), ("b", false), ("c", false), ("d", false), ("e", false), ("f", false)]);
        let omission = Crowd::of(&list, 0).omission().unwrap_or_default();
        assert!(omission.ends_with(", 1 more of e and 1 more of 1 other check"), "{omission}");
    }

    proptest! {
        #[test]
        fn every_item_is_shown_or_counted(
            items in proptest::collection::vec(("[a-d]", any::<bool>()), 0..40), room in 0usize..50
        ) {
            // An instance is either found or declared.
            let list: Vec<_> =
                items.iter().map(|(check, _)| Member { check, is_found: check.as_str() > "b", is_overflow: false }).collect();
            let crowd = Crowd::of(&list, room);
            let counted: usize = crowd.omitted.iter().map(|(_, count)| count).sum();
            prop_assert_eq!(crowd.shown.len(), room.min(list.len()));
            prop_assert_eq!(crowd.shown.len() + counted, list.len());
            prop_assert!(crowd.shown.is_sorted());
            prop_assert_eq!(crowd.omission().is_none(), counted == 0);
        }
    }
}
