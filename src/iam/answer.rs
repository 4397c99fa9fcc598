//! What the engine answers. It never guesses: what it cannot prove either way is unknown, with the
//! reason.

use crate::source::Span;

/// Whether a principal can do something.
#[derive(Clone, Debug)]
pub enum Answer {
    Yes(Witness),
    No,
    Unknown(Reason),
}

/// One request that is allowed.
#[derive(Clone, Debug)]
pub struct Witness {
    pub action: String,
    /// An ARN, or `*` for an action that knows no resources. Holes and policy variables are shown
    /// as `${name}`.
    pub resource: String,
    /// The statement that allows it.
    pub statement: Span,
    /// What the request must satisfy besides: one line per condition of the statement.
    pub given: Vec<String>,
}

/// Why something is not known, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub text: String,
    pub span: Option<Span>,
}

/// An answer without a witness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truth {
    Yes,
    No,
    Unknown,
}

impl Answer {
    pub fn truth(&self) -> Truth {
        match self {
            Answer::Yes(_) => Truth::Yes,
            Answer::No => Truth::No,
            Answer::Unknown(_) => Truth::Unknown,
        }
    }
}

impl Reason {
    pub fn new(text: impl Into<String>) -> Reason {
        Reason { text: text.into(), span: None }
    }

    pub fn at(text: impl Into<String>, span: Span) -> Reason {
        Reason { text: text.into(), span: Some(span) }
    }
}

impl Truth {
    pub fn of(known: bool) -> Truth {
        if known { Truth::Yes } else { Truth::No }
    }

    pub fn and(self, other: Truth) -> Truth {
        match (self, other) {
            (Truth::No, _) | (_, Truth::No) => Truth::No,
            (Truth::Yes, Truth::Yes) => Truth::Yes,
            _ => Truth::Unknown,
        }
    }

    pub fn or(self, other: Truth) -> Truth {
        self.negated().and(other.negated()).negated()
    }

    pub fn negated(self) -> Truth {
        match self {
            Truth::Yes => Truth::No,
            Truth::No => Truth::Yes,
            Truth::Unknown => Truth::Unknown,
        }
    }

    pub fn is_yes(self) -> bool {
        self == Truth::Yes
    }

    pub fn is_no(self) -> bool {
        self == Truth::No
    }

    /// Whether one of them holds: the best of all, `No` of none.
    pub fn any(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().fold(Truth::No, Truth::or)
    }

    /// Whether all of them hold, `Yes` of none.
    pub fn all(truths: impl IntoIterator<Item = Truth>) -> Truth {
        truths.into_iter().fold(Truth::Yes, Truth::and)
    }
}
