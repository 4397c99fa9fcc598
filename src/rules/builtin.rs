//! The packs that are compiled in. They take the same road as a user's own.

use super::pack::{self, Rule};
use crate::source::Sources;
use std::sync::LazyLock;

/// Name and text of each pack, in the order of their listing.
pub const PACKS: &[(&str, &str)] = &[
    ("template.yml", include_str!("../../rules/template.yml")),
    ("iam-core.yml", include_str!("../../rules/iam-core.yml")),
    ("least-privilege.yml", include_str!("../../rules/least-privilege.yml")),
    ("needs.yml", include_str!("../../rules/needs.yml")),
    ("escalation.yml", include_str!("../../rules/escalation.yml")),
    ("trust.yml", include_str!("../../rules/trust.yml")),
    ("codebuild.yml", include_str!("../../rules/codebuild.yml")),
    ("codepipeline.yml", include_str!("../../rules/codepipeline.yml")),
    ("deploy-separation.yml", include_str!("../../rules/deploy-separation.yml")),
    ("account.yml", include_str!("../../rules/account.yml")),
    ("static-credentials.yml", include_str!("../../rules/static-credentials.yml")),
    ("supply-chain.yml", include_str!("../../rules/supply-chain.yml")),
    ("serverless.yml", include_str!("../../rules/serverless.yml")),
    ("docker.yml", include_str!("../../rules/docker.yml")),
    ("resource-exposure.yml", include_str!("../../rules/resource-exposure.yml")),
];

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut sources = Sources::new();
    let mut rules = Vec::new();
    for (name, text) in PACKS {
        let file = sources.add(format!("rules/{name}"), *text);
        let (mut loaded, problems) = pack::load(&sources, file);
        // A test loads them all and shows the problems; a release has none.
        debug_assert!(problems.is_empty(), "{name}: {problems:?}");
        rules.append(&mut loaded);
    }
    rules
});

/// The rules of all built-in packs.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// Those that are asked where none are selected.
pub fn asked_by_default() -> Vec<Rule> {
    rules().iter().filter(|rule| !rule.on_request).cloned().collect()
}
