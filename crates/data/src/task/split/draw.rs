//! Few rows out of many.

use pliant_kernels::random::Stream;

use crate::order::Permutation;

/// The first `count` of the rows in the order of a permutation, ascending.
pub(super) fn first_of(stream: Stream, rows: &[usize], count: usize) -> Vec<usize> {
    if rows.is_empty() {
        return Vec::new();
    }
    let permutation = Permutation::of(stream, rows.len() as u64);
    let mut chosen: Vec<usize> = (0..count as u64)
        .map(|place| rows[permutation.get(place) as usize])
        .collect();
    chosen.sort_unstable();
    chosen
}

/// `count` rows such that each class has its share: whole parts first, then the largest remainders.
pub(super) fn stratified(
    stream: Stream,
    rows: &[usize],
    classes: &[u32],
    count: usize,
) -> Vec<usize> {
    let mut by_class: Vec<(u32, Vec<usize>)> = Vec::new();
    for (&row, &class) in rows.iter().zip(classes) {
        match by_class.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(place) => by_class[place].1.push(row),
            Err(place) => by_class.insert(place, (class, vec![row])),
        }
    }
    let share = |rows: &[usize]| {
        (
            rows.len() * count / classes.len(),
            rows.len() * count % classes.len(),
        )
    };
    let mut counts: Vec<usize> = by_class.iter().map(|(_, rows)| share(rows).0).collect();
    let mut order: Vec<usize> = (0..by_class.len()).collect();
    order.sort_by_key(|&place| std::cmp::Reverse(share(&by_class[place].1).1));
    let left = count - counts.iter().sum::<usize>();
    for &place in order.iter().take(left) {
        counts[place] += 1;
    }
    let mut chosen: Vec<usize> = by_class
        .iter()
        .zip(counts)
        .flat_map(|((class, rows), count)| first_of(stream.at(u64::from(*class)), rows, count))
        .collect();
    chosen.sort_unstable();
    chosen
}
