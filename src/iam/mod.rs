//! The IAM engine, free of any template: policy documents, patterns of actions and of ARNs,
//! conditions, and who may do what. It never guesses.

pub mod access;
pub mod action;
pub mod answer;
pub mod arn;
pub mod authority;
pub mod catalogue;
pub mod combine;
pub mod condition;
pub mod document;
pub mod evaluate;
pub mod fit;
pub mod glob;
pub mod grammar;
pub mod grant;
pub mod managed;
pub mod minimize;
pub mod names;
pub mod narrowing;
pub mod overruled;
pub mod principal;
pub mod request;
mod residue;
pub mod universe;
pub mod validate;
pub mod variable;
mod worlds;

pub use access::{
    Access, Finding, Gain, Gains, Held, Limits, Prepared, PublicKind, access_not_granted, fingerprint, gains,
    new_access, new_access_within, public_access, shown,
};
pub use action::ActionPattern;
pub use answer::{Answer, Reason, Truth, Witness};
pub use arn::ArnPattern;
pub use authority::{Authority, Boundary, ResourceAsked, Wanted};
pub use condition::ConditionTest;
pub use document::{Effect, PolicyDocument, PolicyKind, Statement, Version, enclosed};
pub use fit::{Mismatch, mismatches};
pub use grammar::{GrammarKind, GrammarProblem};
pub use grant::Grant;
pub use managed::{aws_managed_name, managed_document, value_at};
pub use names::{NameProblem, meant, nearest_managed_policy};
pub use narrowing::{ConditionClass, Narrowing};
pub use principal::{Principal, PrincipalKind, Principals};
pub use request::{Caller, Request};

#[cfg(test)]
mod fixture;
