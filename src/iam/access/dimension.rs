//! The dimensions of a request, and what a box lets one of them be. They are taken as independent of
//! each other; what in truth is not only makes the boxes larger.

use super::values::{Members, Values};
use std::sync::Arc;

/// What a request has one of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    Action,
    Principal,
    Resource,
    /// A context key, by its lower-case name.
    Key(Arc<str>),
    /// Whether a test holds that is not looked into, by what it says: two tests that say the same
    /// hold together.
    Opaque(Arc<str>),
}

/// What a dimension may be: absent, or a set of values that all lie in `all` and of which one lies
/// in each of `any`. With one value, `any` is part of `all`.
#[derive(Clone, Debug)]
pub struct Extent {
    pub absent: bool,
    pub present: Option<Present>,
}

#[derive(Clone, Debug)]
pub struct Present {
    pub all: Values,
    pub any: Vec<Values>,
}

/// What a statement asks of one dimension.
#[derive(Clone, Debug)]
pub struct Test {
    /// Whether it holds of a request without the key.
    pub absent: bool,
    pub holds: Holds,
}

/// When a test holds of a request with the key.
#[derive(Clone, Debug)]
pub enum Holds {
    Always,
    Never,
    /// Every value is one of the members; or none is, when negated.
    All {
        members: Arc<Members>,
        negated: bool,
    },
    /// Some value is one of the members; or is none of them, when negated.
    Any {
        members: Arc<Members>,
        negated: bool,
    },
}

impl Test {
    /// Of a dimension that has exactly one value.
    pub fn one(members: Members, negated: bool) -> Test {
        Test { absent: false, holds: Holds::All { members: Arc::new(members), negated } }
    }

    pub fn negated(&self) -> Test {
        let holds = match &self.holds {
            Holds::Always => Holds::Never,
            Holds::Never => Holds::Always,
            Holds::All { members, negated } => Holds::Any { members: members.clone(), negated: !negated },
            Holds::Any { members, negated } => Holds::All { members: members.clone(), negated: !negated },
        };
        Test { absent: !self.absent, holds }
    }
}

impl Extent {
    /// Exactly one value, out of these.
    pub fn one_of(values: Values) -> Extent {
        Extent { absent: false, present: Some(Present { all: values, any: Vec::new() }) }
    }

    /// What is left under a test. `single`: the dimension has no more than one value.
    pub fn under(&self, test: &Test, single: bool) -> Extent {
        let narrowed = |values: &Values, members: &Members, negated: bool| {
            if negated { values.without(members) } else { values.within(members) }
        };
        let present = self.present.as_ref().and_then(|present| match &test.holds {
            Holds::Always => Some(present.clone()),
            Holds::Never => None,
            Holds::Any { members, negated } if !single => {
                let mut any = present.any.clone();
                any.push(narrowed(&present.all, members, *negated));
                Some(Present { all: present.all.clone(), any })
            }
            Holds::All { members, negated } | Holds::Any { members, negated } => Some(Present {
                all: narrowed(&present.all, members, *negated),
                any: present.any.iter().map(|values| narrowed(values, members, *negated)).collect(),
            }),
        });
        let possible = present.filter(|present| !present.all.is_empty() && !present.any.iter().any(Values::is_empty));
        Extent { absent: self.absent && test.absent, present: possible }
    }

    pub fn is_empty(&self) -> bool {
        !self.absent && self.present.is_none()
    }
}
