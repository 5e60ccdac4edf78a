//! Which inputs of two folders are the same: by id and text, else by text alone,
//! since lines that moved have other ids.

use std::collections::{HashMap, HashSet, VecDeque};

/// What an input is called and what it says, each as sixteen bytes that tell it
/// from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) id: u128,
    pub(super) text: u128,
}

/// Inputs of two sides by their places there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Both { left: usize, right: usize },
    LeftOnly(usize),
    RightOnly(usize),
}

/// Every input of both sides once: those of the left side in their order, then
/// what only the right side has.
pub(super) fn matches(left: &[Key], right: &[Key]) -> Vec<Match> {
    let mut partners: Vec<Option<usize>> = vec![None; left.len()];
    let mut taken = HashSet::new();
    let mut pair_up = |same: &dyn Fn(&Key) -> (u128, u128)| {
        let mut waiting: HashMap<(u128, u128), VecDeque<usize>> = HashMap::new();
        for (place, key) in right.iter().enumerate() {
            if !taken.contains(&place) {
                waiting.entry(same(key)).or_default().push_back(place);
            }
        }
        let free = partners.iter_mut().zip(left);
        for (partner, key) in free.filter(|(partner, _)| partner.is_none()) {
            *partner = waiting.get_mut(&same(key)).and_then(VecDeque::pop_front);
            taken.extend(*partner);
        }
    };
    pair_up(&|key| (key.id, key.text));
    pair_up(&|key| (0, key.text));
    let of_left = partners.iter().enumerate();
    let of_left = of_left.map(|(left, partner)| match partner {
        Some(right) => Match::Both {
            left,
            right: *right,
        },
        None => Match::LeftOnly(left),
    });
    let of_right = (0..right.len()).filter(|place| !taken.contains(place));
    of_left.chain(of_right.map(Match::RightOnly)).collect()
}

/// The ids that inputs without a partner have on both sides, under other texts.
pub(super) fn two_texts(matches: &[Match], [left, right]: &[Vec<Key>; 2]) -> HashSet<u128> {
    let ids = |of: fn(&Match) -> Option<usize>, keys: &[Key]| -> HashSet<u128> {
        let places = matches.iter().filter_map(of);
        places
            .filter_map(|place| Some(keys.get(place)?.id))
            .collect()
    };
    let of_left = |found: &Match| match found {
        Match::LeftOnly(place) => Some(*place),
        Match::RightOnly(_) | Match::Both { .. } => None,
    };
    let of_right = |found: &Match| match found {
        Match::RightOnly(place) => Some(*place),
        Match::LeftOnly(_) | Match::Both { .. } => None,
    };
    let right = ids(of_right, right);
    let mut both = ids(of_left, left);
    both.retain(|id| right.contains(id));
    both
}
