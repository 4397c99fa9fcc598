//! The IAM engine, free of any template: policy documents, patterns of actions and of ARNs,
//! conditions, and who may do what. It never guesses.

pub mod answer;
pub mod glob;
