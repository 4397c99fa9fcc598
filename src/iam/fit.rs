//! Whether the resources of a statement are of the kind that its actions act on. What is not grants
//! nothing, and looks as if it did.

use super::action::ActionPattern;
use super::answer::Truth;
use super::arn::ArnPattern;
use super::catalogue::Action;
use super::document::Statement;
use super::grammar::is_no_arn;
use super::universe::Universe;
use crate::value::Condition;

/// An entry of `Action` that none of the resources can match.
#[derive(Clone, Debug)]
pub struct Mismatch<'a> {
    pub pattern: &'a ActionPattern,
    /// The action, or for a pattern with wildcards all it stands for.
    pub actions: Vec<Action>,
    /// The ARN formats the actions take, each once; none for actions that take `*` only.
    pub formats: Vec<&'static str>,
    /// Whether no action of the statement fits: it has no effect at all.
    pub is_whole_statement: bool,
    /// Whether the service is known to take ARNs of formats it does not document.
    pub may_be_undocumented: bool,
}

impl ArnPattern {
    /// Whether the pattern can match a resource that a request for the action names. `Unknown`
    /// where only a hole can make it match.
    pub fn fits(&self, action: Action) -> Truth {
        fits(self, Universe::of(Some(action)))
    }
}

/// The entries of `Action` that fit none of the resources. An entry with wildcards is one only when
/// all the actions it stands for are: `s3:*` on a bucket means those that act on buckets.
pub fn mismatches(statement: &Statement) -> Vec<Mismatch<'_>> {
    let (Some(actions), Some(resources)) = (&statement.actions, &statement.resources) else { return Vec::new() };
    if actions.negated || resources.negated || !resources.unknown.is_empty() || resources.patterns.is_empty() {
        return Vec::new();
    }
    if resources.patterns.iter().any(|pattern| pattern.when.is_empty() && pattern.wide.is_everything()) {
        return Vec::new();
    }
    // What is no ARN at all is a matter of grammar.
    if resources.patterns.iter().all(|pattern| is_no_arn(pattern.text())) {
        return Vec::new();
    }
    let mut found: Vec<Mismatch<'_>> = Vec::new();
    let mut fitting = !actions.unknown.is_empty();
    // `*` fits whatever the action.
    if resources.patterns.iter().any(|pattern| pattern.is_everything() && pattern.when.is_empty()) {
        return Vec::new();
    }
    for pattern in &actions.patterns {
        if pattern.expand().any(|action| may_fit(resources.patterns.iter(), action, &pattern.when)) {
            fitting = true;
            continue;
        }
        let meant: Vec<Action> = pattern.expand().collect();
        // A name that is not known is another rule's business, and a hole nobody's.
        if meant.is_empty() || pattern.text().has_holes() {
            fitting = true;
            continue;
        }
        let mut formats = Vec::new();
        for format in meant.iter().flat_map(|action| action.resource_types()).flat_map(|(kind, _)| kind.arns()) {
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        let may_be_undocumented = meant.iter().any(|action| Universe::of(Some(*action)).open);
        found.push(Mismatch { pattern, actions: meant, formats, is_whole_statement: false, may_be_undocumented });
    }
    found.iter_mut().for_each(|mismatch| mismatch.is_whole_statement = !fitting);
    found
}

fn may_fit<'a>(mut patterns: impl Iterator<Item = &'a ArnPattern>, action: Action, when: &[Condition]) -> bool {
    let universe = Universe::of(Some(action));
    patterns.any(|pattern| crate::value::can_hold_together(&pattern.when, when) && !may_meet(pattern, universe).is_no())
}

/// `Yes` counts holes as whatever makes the pattern match.
fn may_meet(pattern: &ArnPattern, universe: &Universe) -> Truth {
    universe.meets(pattern.wide_segmented.as_ref().unwrap_or(&pattern.wide))
}

fn fits(pattern: &ArnPattern, universe: &Universe) -> Truth {
    let possible = may_meet(pattern, universe);
    let sure =
        !pattern.spanning.has_holes() && pattern.segmented.as_ref().is_some_and(|glob| universe.meets(glob).is_yes());
    match (possible, sure) {
        (Truth::No, _) => Truth::No,
        (_, true) => Truth::Yes,
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::catalogue;
    use crate::iam::document::PolicyKind;
    use crate::iam::fixture::{document, text};

    #[test]
    fn a_pattern_fits_the_actions_that_act_on_its_kind() {
        let table = [
            ("arn:aws:s3:::bucket/*", "s3:GetObject", Truth::Yes),
            ("arn:aws:s3:::bucket", "s3:GetObject", Truth::No),
            ("arn:aws:s3:::bucket*", "s3:GetObject", Truth::Yes),
            ("arn:aws:s3:::<Bucket>", "s3:GetObject", Truth::Unknown),
            ("<Bucket.Arn>", "s3:GetObject", Truth::Unknown),
            ("<Bucket.Arn>/*", "s3:GetObject", Truth::Unknown),
            ("<Bucket.Arn>/*", "s3:ListBucket", Truth::Unknown),
            ("arn:aws:s3:::bucket/*", "s3:ListBucket", Truth::No),
            ("*", "ecr:GetAuthorizationToken", Truth::Yes),
            ("arn:aws:ecr:eu-west-1:1:repository/x", "ecr:GetAuthorizationToken", Truth::No),
            ("arn:aws:ecr:<AWS::Region>:<AWS::AccountId>:repository/<Name>", "ecr:PutImage", Truth::Unknown),
            ("arn:aws:ecr:<AWS::Region>:<AWS::AccountId>:repository/<Name>", "s3:PutObject", Truth::No),
            ("arn:aws:iam::*:user/*", "iam:PassRole", Truth::No),
            ("arn:aws:iam::*", "iam:PassRole", Truth::Yes),
            ("arn:aws:iam", "iam:PassRole", Truth::Unknown),
            ("arn:aws:logs:*:*:log-group:x", "logs:PutLogEvents", Truth::No),
            ("arn:aws:logs:*:*:log-group:x:*", "logs:PutLogEvents", Truth::Yes),
            ("arn:aws:logs:*:*:log-group:x", "logs:CreateLogGroup", Truth::Yes),
            ("arn:aws:logs:*:*:*", "logs:PutLogEvents", Truth::Yes),
            ("arn:aws:s3:::*", "s3:ListAllMyBuckets", Truth::Unknown),
            ("arn:aws:acm:eu-west-1:1:certificate/*", "acm:RequestCertificate", Truth::Unknown),
            ("arn:aws:acm:eu-west-1:1:certificate/x", "acm:RequestCertificate", Truth::No),
            ("arn:aws:ssm-sap:*:*:*", "ssm-sap:BackupDatabase", Truth::Unknown),
            ("arn:aws:ram:*:*:resource-share/*", "ram:CreateResourceShare", Truth::Unknown),
            ("arn:aws:kms:*:*:key/*", "kms:ListKeys", Truth::No),
            ("arn:aws:codepipeline:eu-west-1:1:name", "codepipeline:PutApprovalResult", Truth::No),
            ("arn:aws:codepipeline:eu-west-1:1:name/stage/action", "codepipeline:PutApprovalResult", Truth::Yes),
            (
                "arn:aws:cloudformation:*:aws:transform/Serverless-2016-10-31",
                "cloudformation:CreateChangeSet",
                Truth::Yes,
            ),
            ("arn:aws:secretsmanager:*:1:secret:my-??????", "secretsmanager:GetSecretValue", Truth::Yes),
        ];
        for (pattern, action, answer) in table {
            let pattern = ArnPattern::new(&text(pattern), true, Vec::new());
            let known = catalogue::action(action).expect("the action is known");
            assert_eq!(pattern.fits(known), answer, "{} {action}", pattern.text().display());
        }
    }

    #[test]
    fn a_wildcard_is_a_mismatch_only_when_all_it_stands_for_is() {
        let mismatched = |actions: &str, resource: &str| -> Vec<(String, bool)> {
            let statement = format!(r#"{{"Effect": "Allow", "Action": {actions}, "Resource": {resource}}}"#);
            let document = document(&statement, PolicyKind::Identity);
            let found = mismatches(&document.statements[0]);
            found.iter().map(|one| (one.pattern.text().display().into_owned(), one.is_whole_statement)).collect()
        };
        let one = |name: &str, whole: bool| vec![(name.to_owned(), whole)];
        let bucket = r#""arn:aws:s3:::bucket""#;
        assert_eq!(mismatched(r#""s3:*""#, bucket), []);
        assert_eq!(mismatched(r#""s3:GetObject""#, bucket), one("s3:GetObject", true));
        assert_eq!(mismatched(r#"["s3:ListBucket", "s3:GetObject"]"#, bucket), one("s3:GetObject", false));
        assert_eq!(mismatched(r#""s3:GetObject*""#, bucket), one("s3:GetObject*", true));
        assert_eq!(mismatched(r#""s3:GetObject""#, r#"["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"]"#), []);
        assert_eq!(mismatched(r#""s3:GetObject""#, r#"["arn:aws:s3:::bucket", {"Unknown": "x"}]"#), []);
        assert_eq!(mismatched(r#""s3:Nonsense""#, bucket), []);
    }
}
