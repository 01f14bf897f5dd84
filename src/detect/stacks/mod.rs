//! The readers of stacks: the steps that data cannot say. Each turns the manifests of a folder into [`Facts`].

mod node;

use super::facts::Facts;
use super::sources::Sources;

/// What the manifests of a folder say, read as that stack's.
pub(super) fn read(stack: &str, sources: &Sources<'_>) -> Facts {
    match stack {
        "node" => node::read(sources),
        _ => Facts::default(),
    }
}
