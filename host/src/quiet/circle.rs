//! Who goes round in a circle: what hides another that hides it, also by way of others.

/// The circle of each node of a graph, given where its edges lead: two nodes have the same number when each can be
/// reached from the other.
pub(super) fn circles(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut back = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |to| (from, *to))) {
        back[to].push(from);
    }
    // Kosaraju: who is left last reaches most, and what reaches it in turn is of its circle.
    let mut seen = vec![false; edges.len()];
    let mut left = Vec::new();
    for node in 0..edges.len() {
        walk(edges, node, &mut seen, &mut left);
    }
    let mut seen = vec![false; edges.len()];
    let mut circles = vec![0; edges.len()];
    for (number, node) in left.into_iter().rev().enumerate() {
        let mut members = Vec::new();
        walk(&back, node, &mut seen, &mut members);
        members.into_iter().for_each(|member| circles[member] = number);
    }
    circles
}

/// Appends what is reached from a node and was not seen before, each after all that it leads to.
fn walk(edges: &[Vec<usize>], start: usize, seen: &mut [bool], left: &mut Vec<usize>) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    // No recursion: a chain may be as long as there are alerts.
    let mut path = vec![(start, 0)];
    while let Some((node, next)) = path.last_mut() {
        match edges[*node].get(*next) {
            Some(&to) => {
                *next += 1;
                if !std::mem::replace(&mut seen[to], true) {
                    path.push((to, 0));
                }
            }
            None => {
                left.push(*node);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_reaches_each_other_is_of_one_circle() {
        // 0 → 1 → 2 → 0, and 2 → 3 → 4 → 3; 5 alone, to itself.
        let circles = circles(&[vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![5]]);
        assert!(circles[0] == circles[1] && circles[1] == circles[2] && circles[3] == circles[4]);
        assert!(circles[0] != circles[3] && circles[5] != circles[0] && circles[5] != circles[3]);
    }

    #[test]
    fn a_chain_is_no_circle_however_long() {
        let count = 100_000;
        let edges: Vec<_> = (0..count).map(|node| if node + 1 < count { vec![node + 1] } else { vec![] }).collect();
        let mut circles = circles(&edges);
        circles.sort_unstable();
        circles.dedup();
        assert_eq!(circles.len(), count);
    }
}
