//! Text to one spanned tree. Reading never fails: it gives a tree and what was wrong with the text.

mod node;

pub use node::{Entry, Kind, Node, Scalar};
