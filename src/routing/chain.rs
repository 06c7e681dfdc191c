//! Fixed orders of clusters, for an Envoy that does not choose a cluster anew before each attempt.
//!
//! A composite cluster leads the first attempt to its first cluster, the second to its second. What order a request
//! wants is known only when it comes, so that there is a chain for every order, as long as these are not too many.

use std::collections::{BTreeSet, HashSet};

/// No model gets more chains than this: each is a cluster of Envoy.
const ENOUGH: usize = 150;

/// Targets beyond these are tried in the order of the document only.
const MOVABLE: usize = 12;

/// How many attempts can be in any order, of this many targets.
pub fn any_order(targets: usize) -> usize {
    let targets = targets.min(MOVABLE);
    let mut arrangements = targets;
    let mut all = 0;
    for length in 2..=targets {
        arrangements *= targets + 1 - length;
        all += arrangements;
        if all > ENOUGH {
            return length - 1;
        }
    }
    targets
}

/// The chains of a model whose targets are of these clusters: all of them in every order, or the first few of every
/// order, and all as they stand.
pub fn chains<'a>(clusters: &[&'a str]) -> BTreeSet<Vec<&'a str>> {
    let mut chains = BTreeSet::from([clusters.to_vec()]);
    let movable: Vec<_> = clusters.iter().copied().take(MOVABLE).collect();
    arrange(&movable, any_order(clusters.len()), &[], &[], &mut chains);
    chains.retain(|chain| !is_one(chain));
    chains
}

/// Every order of up to `longest` of these clusters that begins with `begun`, whose places are `taken`.
fn arrange<'a>(
    clusters: &[&'a str],
    longest: usize,
    taken: &[usize],
    begun: &[&'a str],
    chains: &mut BTreeSet<Vec<&'a str>>,
) {
    if begun.len() == longest {
        return;
    }
    for (place, cluster) in clusters.iter().enumerate().filter(|(place, _)| !taken.contains(place)) {
        let chain = [begun, &[*cluster]].concat();
        arrange(clusters, longest, &[taken, &[place]].concat(), &chain, chains);
        chains.insert(chain);
    }
}

/// Envoy needs no chain to try one cluster again.
fn is_one(clusters: &[&str]) -> bool {
    clusters.iter().all(|cluster| clusters.first() == Some(cluster))
}

/// The name of the composite cluster that leads to these, one after the other. No provider can have it.
pub fn name(clusters: &[&str]) -> String {
    clusters.join(">")
}

/// The chains that Envoy has.
#[derive(Debug, Default)]
pub struct Chains(HashSet<String>);

impl Chains {
    /// Those with these names.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().collect())
    }

    /// How many of these clusters, from the first, Envoy can try in their order, and the chain that leads there unless
    /// they are all the same.
    pub fn longest(&self, clusters: &[&str]) -> (usize, Option<String>) {
        for length in (1..=clusters.len()).rev() {
            let some = clusters.get(..length).unwrap_or_default();
            if is_one(some) {
                return (length, None);
            }
            if let Some(chain) = Some(name(some)).filter(|name| self.0.contains(name)) {
                return (length, Some(chain));
            }
        }
        (0, None)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn names(clusters: &[&str]) -> Vec<String> {
        chains(clusters).iter().map(|chain| name(chain)).collect()
    }

    #[test]
    fn a_few_targets_can_be_tried_in_every_order() {
        assert_eq!(names(&["a", "b"]), ["a>b", "b>a"]);
        let three = names(&["a", "b", "c"]);
        assert_eq!(three.len(), 6 + 6, "{three:?}");
        assert!(["a>b>c", "c>a>b", "c>b", "b>c"].iter().all(|chain| three.iter().any(|name| name == chain)));
        assert!(names(&["a"]).is_empty());
        assert_eq!(names(&["a", "a", "b"]), ["a>a>b", "a>b", "a>b>a", "b>a", "b>a>a"]);
    }

    #[test]
    fn of_many_targets_only_the_first_attempts_are_in_any_order() {
        let ten = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        for (targets, longest) in [(2, 2), (4, 4), (5, 3), (6, 3), (7, 2), (10, 2)] {
            let all = names(ten.get(..targets).unwrap());
            assert_eq!(any_order(targets), longest, "{targets}");
            assert!(all.len() <= ENOUGH + 1, "{targets}: {}", all.len());
            assert!(all.contains(&name(ten.get(..targets).unwrap())), "as they stand");
            let last_first: Vec<_> = ten.get(..targets).unwrap().iter().rev().copied().take(longest).collect();
            assert!(all.contains(&name(&last_first)));
        }
        let hundred: Vec<_> = (0..100).map(|number| format!("p{number}")).collect();
        let hundred: Vec<_> = hundred.iter().map(String::as_str).collect();
        assert!(names(&hundred).len() <= ENOUGH + 1);
    }

    #[test]
    fn a_plan_goes_as_far_as_a_chain_leads() {
        let chains = Chains::new(names(&["a", "b", "c"]));
        assert_eq!(chains.longest(&["c", "a", "b"]), (3, Some("c>a>b".into())));
        assert_eq!(chains.longest(&["c", "a", "x"]), (2, Some("c>a".into())));
        assert_eq!(chains.longest(&["c", "x", "a"]), (1, None));
        assert_eq!(chains.longest(&["x", "x"]), (2, None), "Envoy tries a cluster again by itself");
        assert_eq!(chains.longest(&[]), (0, None));
    }
}
