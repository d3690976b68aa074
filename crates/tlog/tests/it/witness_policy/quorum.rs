//! The quorum against a plain evaluation.

use proptest::prelude::*;
use waxwing_tlog::witness_policy::{WitnessPolicy, WitnessPolicyError};

use super::signed::{WITNESSES, all_witnesses, seen, signed_by};

/// A tree of groups over the witnesses, each of which stands in it at most once.
#[derive(Debug, Clone)]
enum Tree {
    Witness(usize),
    Group(usize, Vec<Self>),
}

impl Tree {
    /// Groups the places, at random: each byte says how many of the rest go together.
    fn over(places: &[usize], choices: &mut impl Iterator<Item = usize>) -> Self {
        if let [place] = places
            && choices.next().unwrap_or(0).is_multiple_of(2)
        {
            return Self::Witness(*place);
        }
        let mut members = Vec::new();
        let mut rest = places;
        while !rest.is_empty() {
            let most = if rest.len() == places.len() {
                rest.len() - 1
            } else {
                rest.len()
            };
            let count = 1 + choices.next().unwrap_or(0) % most.max(1);
            let (some, others) = rest.split_at(count.min(rest.len()));
            members.push(if let [place] = some {
                Self::Witness(*place)
            } else {
                Self::over(some, choices)
            });
            rest = others;
        }
        Self::Group(1 + choices.next().unwrap_or(0) % members.len(), members)
    }

    fn holds(&self, signed: &[bool]) -> bool {
        match self {
            Self::Witness(place) => signed[*place],
            Self::Group(threshold, members) => {
                members.iter().filter(|member| member.holds(signed)).count() >= *threshold
            }
        }
    }

    /// Writes the groups, members first, and gives the name of this one.
    fn write(&self, policy: &mut String, groups: &mut usize) -> String {
        match self {
            Self::Witness(place) => format!("w{place}"),
            Self::Group(threshold, members) => {
                let names: Vec<String> = members
                    .iter()
                    .map(|member| member.write(policy, groups))
                    .collect();
                *groups += 1;
                let threshold = match *threshold {
                    1 if groups.is_multiple_of(2) => "any".to_owned(),
                    all if all == members.len() && groups.is_multiple_of(3) => "all".to_owned(),
                    number => number.to_string(),
                };
                *policy += &format!("group g{groups} {threshold} {}\n", names.join(" "));
                format!("g{groups}")
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_quorum_is_met_as_a_plain_evaluation_says(
        order in Just((0..WITNESSES).collect::<Vec<_>>()).prop_shuffle(),
        used in 1..=WITNESSES,
        choices in prop::collection::vec(0..12_usize, 30),
        signed in prop::collection::vec(any::<bool>(), WITNESSES),
    ) {
        let tree = Tree::over(&order[..used], &mut choices.into_iter());
        let mut policy = all_witnesses();
        let quorum = tree.write(&mut policy, &mut 0);
        policy += &format!("quorum {quorum}\n");
        let policy = WitnessPolicy::parse(policy).unwrap();
        let places: Vec<usize> = (0..WITNESSES).filter(|place| signed[*place]).collect();
        let checked = policy.check(&signed_by(places.iter().copied()));
        if tree.holds(&signed) {
            prop_assert_eq!(checked, Ok(seen(places)));
        } else {
            let unmet = matches!(checked, Err(WitnessPolicyError::Quorum { ref unmet }) if unmet[0].name == quorum);
            prop_assert!(unmet, "{:?}", checked);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_panic(policy in "((log|witness|group|quorum|any|2|a|b|none|#|x\\+00000000\\+AA==)[ \t\n]){0,20}") {
        let _ = WitnessPolicy::parse(policy);
    }
}
