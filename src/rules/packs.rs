//! The packs that are compiled in, in the order of their listing: `build.rs` reads what `builtin` gives.

pub const NAMES: &[&str] = &[
    "template",
    "iam-core",
    "least-privilege",
    "needs",
    "escalation",
    "trust",
    "codebuild",
    "codepipeline",
    "deploy-separation",
    "account",
    "static-credentials",
    "supply-chain",
    "serverless",
    "docker",
    "resource-exposure",
];
