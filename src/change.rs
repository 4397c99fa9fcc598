//! What a change brings: findings that are new or gone, and what principals may do that they could not
//! before. Two sides in, the difference out; it does not know where a side comes from.

mod access;
mod findings;
mod renamed;
mod words;

pub use access::{Deed, Outcome, PrincipalChange, Seen, principals};
pub use findings::{Told, compare};
pub use renamed::Paths;

use crate::baseline::Entry;

/// What there is to say of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The other side, as the user names it.
    pub base: String,
    /// The commit that this is.
    pub commit: String,
    /// Findings that there were, by the paths of their files there.
    pub gone: Vec<Entry>,
    /// The same in files that cannot be read now, so that nobody knows.
    pub unsure: Vec<Entry>,
    /// Files of the other side that could not be read, and why.
    pub unread: Vec<(String, String)>,
    /// Principals that are new or gone, or whose policies say something else.
    pub principals: Vec<PrincipalChange>,
    /// Secrets that the other side has: they are masked.
    pub secrets: Vec<String>,
}
