//! What a build or a pipeline must be allowed to do, as far as its properties and commands tell. It
//! does not know what its role may do.

pub mod arn;
pub mod command;
pub mod compare;
mod draft;
mod elsewhere;
pub mod excess;
mod fleet;
mod names;
mod near;
mod pipeline;
pub mod policy;
mod project;
mod role;
mod storage;
pub mod table;
mod variables;

use crate::iam::catalogue::Action;
use crate::iam::{ConditionTest, Reason};
use crate::source::Span;
use crate::value::Text;
pub use names::{Names, resource_types};
pub use role::of_role;
pub use storage::store_keys;

/// One thing that a build or a pipeline must be allowed to do.
#[derive(Clone, Debug)]
pub struct Need {
    pub actions: Vec<Action>,
    /// ARNs, with holes where only the deployment knows a part; `*` where the action takes no
    /// resource.
    pub resources: Vec<Text>,
    /// What a grant may demand of the request besides: [`ConditionTest::new`] makes one.
    pub conditions: Vec<ConditionTest>,
    /// The property or the command that needs it.
    pub span: Span,
    /// The command, where `span` is in a file that it reads.
    pub caused_by: Option<Span>,
    /// Plain words: "writes its log to CloudWatch Logs".
    pub reason: String,
    /// The page of AWS that says so.
    pub source: &'static str,
    pub certainty: Certainty,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// It fails without.
    Certain,
    /// It may need it: that depends on what is not seen.
    Likely,
}

/// All that is known to be needed, and what may need more than is known.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub needs: Vec<Need>,
    /// One for each command or property of which it is not known what it needs.
    pub unknown: Vec<Reason>,
}

impl Needs {
    pub fn extend(&mut self, other: Needs) {
        self.needs.extend(other.needs);
        self.unknown.extend(other.unknown);
    }
}
