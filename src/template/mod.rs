//! Front ends: which format a file is, what it declares, and what its intrinsics leave known.
//! Knows formats; knows no IAM.

mod assigned;
pub mod buildspec;
pub mod cloudformation;
pub mod compose;
mod condition;
mod detect;
pub mod dockerfile;
pub mod dump;
mod extension;
mod foreign;
mod intrinsics;
mod mention;
mod reference;
mod repository;
pub mod sam;
pub mod serverless;
mod stack;
pub mod terraform;

pub use assigned::{Assigned, Environment};
pub use cloudformation::{Parameter, Resource, Template};
pub use detect::{Format, IGNORED_BY_DOCKER, detect, is_dockerfile_name, is_script_name, mentions_our_formats};
pub use foreign::is_foreign;
pub use intrinsics::{Scope, Unresolved};
pub use mention::mentioned;
pub use reference::is_pseudo;
pub use repository::{File, NotTaken, Repository, Trees, below_root, folder_of, folders_up, lies_below};
pub use stack::{Neighbours, found_at, template_location};
