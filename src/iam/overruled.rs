//! Statements of a policy that have no effect because of others in it, as the engine proves.

use super::access::{Finding, access_not_granted, new_access};
use super::document::{Effect, PolicyDocument, Statement};

/// Documents with more statements are not looked at: each statement is held against all.
const MAX_STATEMENTS: usize = 60;

/// An allow, all of which denies of the same document take away.
#[derive(Clone, Debug)]
pub struct Overruled<'d> {
    pub allow: &'d Statement,
    /// The denies that take a part of it.
    pub denies: Vec<&'d Statement>,
}

/// The allows that grant nothing because of denies of the document. One that grants nothing by
/// itself is not among them.
pub fn overruled(document: &PolicyDocument) -> Vec<Overruled<'_>> {
    let denies: Vec<&Statement> =
        document.statements.iter().filter(|one| one.effect == Effect::Deny && one.when.is_empty()).collect();
    if denies.is_empty() || document.statements.len() > MAX_STATEMENTS {
        return Vec::new();
    }
    let mut found = Vec::new();
    for allow in document.statements.iter().filter(|one| one.effect == Effect::Allow) {
        let near: Vec<&Statement> = denies.iter().copied().filter(|deny| may_share_actions(allow, deny)).collect();
        if near.is_empty() || !may_be_taken(allow, &near) {
            continue;
        }
        let with_denies: Vec<&Statement> = near.iter().copied().chain([allow]).collect();
        let grants = |statements: &[&Statement]| access_not_granted(&[], &[&alone(document, statements)], &[], &[]);
        if matches!(grants(&with_denies), Finding::None) && !matches!(grants(&[allow]), Finding::None) {
            found.push(Overruled { allow, denies: near });
        }
    }
    found
}

/// Whether the allows `wide` give all that the allow `narrow` gives; and so for denies.
pub fn covers(document: &PolicyDocument, wide: &[&Statement], narrow: &Statement) -> bool {
    let as_allows = |statements: &[&Statement]| {
        let mut alone = alone(document, statements);
        alone.statements.iter_mut().for_each(|statement| statement.effect = Effect::Allow);
        alone
    };
    matches!(new_access(&[&as_allows(wide)], &[&as_allows(&[narrow])]), Finding::None)
}

/// The document with some of its statements.
fn alone(document: &PolicyDocument, statements: &[&Statement]) -> PolicyDocument {
    PolicyDocument { statements: statements.iter().map(|one| (*one).clone()).collect(), ..bare(document) }
}

fn bare(document: &PolicyDocument) -> PolicyDocument {
    let kept = (document.kind, document.version, document.span);
    PolicyDocument {
        kind: kept.0,
        statements: Vec::new(),
        version: kept.1,
        version_span: document.version_span,
        problems: Vec::new(),
        unread: Vec::new(),
        hidden_denies: Vec::new(),
        absent: Vec::new(),
        span: kept.2,
    }
}

/// Whether some action may be of both statements: most are told apart so.
fn may_share_actions(one: &Statement, other: &Statement) -> bool {
    let (Some(own), Some(its)) = (&one.actions, &other.actions) else { return true };
    own.negated
        || its.negated
        || own.patterns.iter().any(|own| its.patterns.iter().any(|its| !own.overlaps(its).is_no()))
}

/// Whether every action of an allow is one that a deny may take: a deny of some reads leaves the rest.
fn may_be_taken(allow: &Statement, denies: &[&Statement]) -> bool {
    let Some(own) = allow.actions.as_ref().filter(|own| !own.negated) else { return true };
    own.patterns.iter().all(|pattern| {
        denies
            .iter()
            .filter_map(|deny| deny.actions.as_ref())
            .any(|its| its.negated || its.patterns.iter().any(|other| !other.overlaps(pattern).is_no()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document::PolicyKind;
    use crate::iam::fixture::document;

    fn count(statements: &str) -> usize {
        overruled(&document(statements, PolicyKind::Identity)).len()
    }

    fn pair(action: &str, resource: &str, denied: &str, condition: &str) -> String {
        format!(
            r#"{{"Effect": "Allow", "Action": {action}, "Resource": "{resource}"}},
               {{"Effect": "Deny", {denied}, "Condition": {condition}}}"#
        )
    }

    #[test]
    fn an_allow_that_is_denied_as_a_whole_is_overruled() {
        let objects = "arn:aws:s3:::b/*";
        let table = [
            (pair(r#""s3:GetObject""#, objects, r#""Action": "s3:*", "Resource": "*""#, "{}"), 1),
            (pair(r#""s3:GetObject""#, objects, r#""Action": "s3:*", "Resource": "arn:aws:s3:::b/a/*""#, "{}"), 0),
            (pair(r#"["s3:GetObject", "sqs:*"]"#, "*", r#""Action": "s3:*", "Resource": "*""#, "{}"), 0),
            (pair(r#""s3:GetObject""#, objects, r#""NotAction": "iam:*", "Resource": "*""#, "{}"), 1),
            (
                pair(
                    r#""s3:GetObject""#,
                    objects,
                    r#""Action": "s3:*", "Resource": "*""#,
                    r#"{"Bool": {"aws:SecureTransport": "false"}}"#,
                ),
                0,
            ),
            // It grants nothing by itself.
            (pair(r#""ec2:DescribeInstances""#, objects, r#""Action": "ec2:*", "Resource": "*""#, "{}"), 0),
            (pair(r#""s3:<Verb>""#, objects, r#""Action": "s3:*", "Resource": "*""#, "{}"), 1),
        ];
        for (statements, expected) in table {
            assert_eq!(count(&statements), expected, "{statements}");
        }
    }
}
