//! The IAM engine, free of any template.

pub mod catalogue;
