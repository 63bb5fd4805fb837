//! Who is tried first: strictly by rank, and by weight among equals.

/// Orders items by ascending rank. Among items of one rank each next one is drawn, with a chance of its weight among what
/// is left, so that the first ones come as often as their weights say, and no item comes twice.
pub(super) fn by_rank<T, R: Ord>(
    mut items: Vec<T>,
    rank: impl Fn(&T) -> R,
    weight: impl Fn(&T) -> u8,
    random: &mut dyn FnMut(u32) -> u32,
) -> Vec<T> {
    items.sort_by_key(&rank);
    let mut ordered = Vec::with_capacity(items.len());
    let mut rest = items.into_iter().peekable();
    while let Some(first) = rest.next() {
        let mut tier = vec![first];
        while let Some(next) =
            rest.next_if(|next| tier.first().is_some_and(|first| rank(first) == rank(next)))
        {
            tier.push(next);
        }
        while !tier.is_empty() {
            let at = draw(tier.iter().map(|item| weight(item).into()), random);
            ordered.push(tier.remove(at));
        }
    }
    ordered
}

/// Draws the place of one of the weights; the last one if `random` gives what it must not.
fn draw(weights: impl ExactSizeIterator<Item = u32> + Clone, random: &mut dyn FnMut(u32) -> u32) -> usize {
    let last = weights.len().saturating_sub(1);
    if last == 0 {
        return 0;
    }
    let total = weights.clone().fold(0_u32, u32::saturating_add);
    let mut left = random(total.max(1));
    for (at, weight) in weights.enumerate() {
        match left.checked_sub(weight) {
            Some(less) => left = less,
            None => return at,
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_never_mixed_and_nothing_is_lost() {
        let items = vec![(2, 1), (1, 5), (3, 9), (1, 1), (2, 100)];
        for seed in 0..200_u32 {
            let mut state = seed;
            let mut random = |below: u32| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 8) % below
            };
            let ordered = by_rank(items.clone(), |item| item.0, |item| item.1, &mut random);
            assert!(ordered.is_sorted_by_key(|item| item.0), "seed {seed}: {ordered:?}");
            let mut sorted = ordered;
            sorted.sort_unstable();
            assert_eq!(sorted, [(1, 1), (1, 5), (2, 1), (2, 100), (3, 9)], "seed {seed}");
        }
    }

    #[test]
    fn a_weight_is_drawn_by_the_numbers_below_it() {
        let place = |number| draw([1_u32, 9].into_iter(), &mut |_| number);
        assert_eq!((place(0), place(1), place(9)), (0, 1, 1));
        assert_eq!(place(u32::MAX), 1);
    }
}
