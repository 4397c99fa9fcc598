//! The first bad and the first good fixture of each rule, compiled in for `explain`.

/// A file that shows a rule.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    pub name: &'static str,
    pub text: &'static str,
}

/// The bad and the good example of a rule; a rule of the user's own has none.
pub fn of(id: &str) -> Option<(Example, Example)> {
    let index = EXAMPLES.binary_search_by_key(&id, |row| row.0).ok()?;
    let (_, bad, good) = EXAMPLES[index];
    Some((bad, good))
}

/// The text without the marks that tests read.
pub fn without_marks(text: &str) -> String {
    let strip = |line: &str| line.split("#~").next().unwrap_or_default().trim_end().to_owned();
    let lines: Vec<String> = text.lines().map(strip).collect();
    lines.join("\n") + "\n"
}

const fn example(name: &'static str, text: &'static str) -> Example {
    Example { name, text }
}

/// Sorted by rule. A test holds it against the folders; `BLESS=1` writes it anew.
#[rustfmt::skip]
pub const EXAMPLES: &[(&str, Example, Example)] = &[
    ("action-resource-mismatch",
        example("bad.yml", include_str!("../../fixtures/rules/action-resource-mismatch/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/action-resource-mismatch/good.yml"))),
    ("admin-on-ci-role",
        example("bad.yml", include_str!("../../fixtures/rules/admin-on-ci-role/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/admin-on-ci-role/good.yml"))),
    ("allow-with-not-action-or-resource",
        example("bad.yml", include_str!("../../fixtures/rules/allow-with-not-action-or-resource/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/allow-with-not-action-or-resource/good.yml"))),
    ("artifact-store-shared-with-untrusted-writer",
        example("bad.yml", include_str!("../../fixtures/rules/artifact-store-shared-with-untrusted-writer/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/artifact-store-shared-with-untrusted-writer/good.yml"))),
    ("assume-role-wildcard",
        example("bad.yml", include_str!("../../fixtures/rules/assume-role-wildcard/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/assume-role-wildcard/good.yml"))),
    ("aws-access-key-literal",
        example("bad.yml", include_str!("../../fixtures/rules/aws-access-key-literal/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/aws-access-key-literal/good.yml"))),
    ("buildspec-from-untrusted-source",
        example("bad.yml", include_str!("../../fixtures/rules/buildspec-from-untrusted-source/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/buildspec-from-untrusted-source/good.yml"))),
    ("ci-role-creates-principals",
        example("bad.yml", include_str!("../../fixtures/rules/ci-role-creates-principals/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/ci-role-creates-principals/good.yml"))),
    ("ci-role-edits-policies",
        example("bad.yml", include_str!("../../fixtures/rules/ci-role-edits-policies/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/ci-role-edits-policies/good.yml"))),
    ("ci-role-edits-trust",
        example("bad.yml", include_str!("../../fixtures/rules/ci-role-edits-trust/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/ci-role-edits-trust/good.yml"))),
    ("deploy-permission-outside-pipeline",
        example("bad.yml", include_str!("../../fixtures/rules/deploy-permission-outside-pipeline/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/deploy-permission-outside-pipeline/good.yml"))),
    ("iam-user-can-deploy",
        example("bad.yml", include_str!("../../fixtures/rules/iam-user-can-deploy/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/iam-user-can-deploy/good.yml"))),
    ("merged-event-without-base-ref",
        example("bad.yml", include_str!("../../fixtures/rules/merged-event-without-base-ref/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/merged-event-without-base-ref/good.yml"))),
    ("no-approval-before-prod",
        example("bad.yml", include_str!("../../fixtures/rules/no-approval-before-prod/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/no-approval-before-prod/good.yml"))),
    ("oidc-no-sub",
        example("bad.yml", include_str!("../../fixtures/rules/oidc-no-sub/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/oidc-no-sub/good.yml"))),
    ("opaque-commands",
        example("bad.yml", include_str!("../../fixtures/rules/opaque-commands/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/opaque-commands/good.yml"))),
    ("parse-error",
        example("bad.yml", include_str!("../../fixtures/rules/parse-error/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/parse-error/good.yml"))),
    ("passrole-wildcard",
        example("bad.yml", include_str!("../../fixtures/rules/passrole-wildcard/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/passrole-wildcard/good.yml"))),
    ("password-on-command-line",
        example("bad.yml", include_str!("../../fixtures/rules/password-on-command-line/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/password-on-command-line/good.yml"))),
    ("placeholder-value",
        example("bad.yml", include_str!("../../fixtures/rules/placeholder-value/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/placeholder-value/good.yml"))),
    ("privileged-mode",
        example("bad.yml", include_str!("../../fixtures/rules/privileged-mode/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/privileged-mode/good.yml"))),
    ("release-source-writable-by-untrusted-build",
        example("bad.yml", include_str!("../../fixtures/rules/release-source-writable-by-untrusted-build/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/release-source-writable-by-untrusted-build/good.yml"))),
    ("role-policy-unavailable",
        example("bad.yml", include_str!("../../fixtures/rules/role-policy-unavailable/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/role-policy-unavailable/good.yml"))),
    ("secret-read-wildcard",
        example("bad.yml", include_str!("../../fixtures/rules/secret-read-wildcard/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/secret-read-wildcard/good.yml"))),
    ("service-wildcard",
        example("bad.yml", include_str!("../../fixtures/rules/service-wildcard/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/service-wildcard/good.yml"))),
    ("start-of-deploy-project-outside-pipeline",
        example("bad.yml", include_str!("../../fixtures/rules/start-of-deploy-project-outside-pipeline/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/start-of-deploy-project-outside-pipeline/good.yml"))),
    ("statement-grammar",
        example("bad.yml", include_str!("../../fixtures/rules/statement-grammar/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/statement-grammar/good.yml"))),
    ("trust-public",
        example("bad.yml", include_str!("../../fixtures/rules/trust-public/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/trust-public/good.yml"))),
    ("unknown-action",
        example("bad.yml", include_str!("../../fixtures/rules/unknown-action/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/unknown-action/good.yml"))),
    ("unknown-property",
        example("bad.yml", include_str!("../../fixtures/rules/unknown-property/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/unknown-property/good.yml"))),
    ("unresolved-variable",
        example("bad.yml", include_str!("../../fixtures/rules/unresolved-variable/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/unresolved-variable/good.yml"))),
    ("untrusted-build-shares-deploy-role",
        example("bad.yml", include_str!("../../fixtures/rules/untrusted-build-shares-deploy-role/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/untrusted-build-shares-deploy-role/good.yml"))),
    ("untrusted-pr-build",
        example("bad.yml", include_str!("../../fixtures/rules/untrusted-pr-build/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/untrusted-pr-build/good.yml"))),
    ("webhook-pattern-not-anchored",
        example("bad.yml", include_str!("../../fixtures/rules/webhook-pattern-not-anchored/bad.yml")),
        example("good.yml", include_str!("../../fixtures/rules/webhook-pattern-not-anchored/good.yml"))),
];
