//! iamlint tells, before a pipeline is deployed, who can do what with it.
//!
//! The modules below are in import order: each may use only those above it.

pub mod packed;
pub mod source;
pub mod diagnostic;
pub mod syntax;
pub mod edit;
pub mod value;
pub mod iam;
pub mod template;
pub mod model;
pub mod needs;
pub mod rules;
pub mod config;
pub mod suppress;
pub mod baseline;
pub mod change;
pub mod linter;
pub mod report;
pub mod cli;
