//! What waits for each other, and so for itself.

use std::collections::HashMap;

/// Which of these never begin: they wait in a circle, or for some that do. Each says its name and those it waits for; names
/// of nobody hold nobody up.
pub(super) fn stuck(all: &[(&str, Vec<&str>)]) -> Vec<usize> {
    let places: HashMap<&str, usize> = all.iter().enumerate().map(|(at, (name, _))| (*name, at)).collect();
    let mut behind: Vec<Vec<usize>> = vec![Vec::new(); all.len()];
    let mut open = vec![0_usize; all.len()];
    for (at, (_, waits)) in all.iter().enumerate() {
        for other in waits.iter().filter_map(|name| places.get(name)) {
            behind[*other].push(at);
            open[at] += 1;
        }
    }
    let mut ready: Vec<usize> = (0..all.len()).filter(|at| open[*at] == 0).collect();
    while let Some(done) = ready.pop() {
        for at in std::mem::take(&mut behind[done]) {
            open[at] -= 1;
            if open[at] == 0 {
                ready.push(at);
            }
        }
    }
    (0..all.len()).filter(|at| open[*at] > 0).collect()
}

#[cfg(test)]
mod tests {
    use super::stuck;

    #[test]
    fn circles_never_begin() {
        let all = [
            ("a", vec!["b"]),
            ("b", vec!["c", "x"]),
            ("c", vec![]),
            ("d", vec!["e"]),
            ("e", vec!["d"]),
            ("f", vec!["d"]),
        ];
        assert_eq!(stuck(&all), [3, 4, 5]);
        let names: Vec<String> = (0..50_000).map(|at| at.to_string()).collect();
        let chain: Vec<(&str, Vec<&str>)> = names
            .iter()
            .enumerate()
            .map(|(at, name)| (name.as_str(), names.get(at + 1).map(String::as_str).into_iter().collect()))
            .collect();
        assert_eq!(stuck(&chain), [0_usize; 0]);
    }
}
