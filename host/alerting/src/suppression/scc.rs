//! Strongly connected components of a graph: sets of nodes that can all be reached from each other.

/// The component number of each node. `edges[node]` are the nodes that the edges of a node lead to.
pub(super) fn components(edges: &[Vec<usize>]) -> Vec<usize> {
    let mut reversed = vec![Vec::new(); edges.len()];
    for (from, to) in edges.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |to| (from, *to))) {
        reversed[to].push(from);
    }
    // Kosaraju's algorithm: walk the graph, then walk the reversed graph from the nodes in reverse order of completion.
    // Each second walk finds one component.
    let mut visited = vec![false; edges.len()];
    let mut completed = Vec::new();
    for node in 0..edges.len() {
        walk(edges, node, &mut visited, &mut completed);
    }
    let mut visited = vec![false; edges.len()];
    let mut components = vec![0; edges.len()];
    for (number, node) in completed.into_iter().rev().enumerate() {
        let mut members = Vec::new();
        walk(&reversed, node, &mut visited, &mut members);
        members.into_iter().for_each(|member| components[member] = number);
    }
    components
}

/// Walks the graph depth-first from `start`, and appends each node that was not visited before to `completed` after all
/// nodes that it leads to.
fn walk(edges: &[Vec<usize>], start: usize, visited: &mut [bool], completed: &mut Vec<usize>) {
    if std::mem::replace(&mut visited[start], true) {
        return;
    }
    // Without recursion, because a chain may be as long as there are alerts.
    let mut path = vec![(start, 0)];
    while let Some((node, next)) = path.last_mut() {
        match edges[*node].get(*next) {
            Some(&to) => {
                *next += 1;
                if !std::mem::replace(&mut visited[to], true) {
                    path.push((to, 0));
                }
            }
            None => {
                completed.push(*node);
                path.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_reach_each_other_are_one_component() {
        // 0 → 1 → 2 → 0, and 2 → 3 → 4 → 3; 5 → 5.
        let of = components(&[vec![1], vec![2], vec![0, 3], vec![4], vec![3], vec![5]]);
        assert!(of[0] == of[1] && of[1] == of[2] && of[3] == of[4]);
        assert!(of[0] != of[3] && of[5] != of[0] && of[5] != of[3]);
    }

    #[test]
    fn long_chain_has_a_component_for_each_node() {
        let count = 100_000;
        let edges: Vec<_> = (0..count).map(|node| if node + 1 < count { vec![node + 1] } else { vec![] }).collect();
        let mut components = components(&edges);
        components.sort_unstable();
        components.dedup();
        assert_eq!(components.len(), count);
    }
}
