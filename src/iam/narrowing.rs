//! What a condition is worth: whether an allow under it still reaches somebody who means harm.

use super::catalogue::{self, Action, Presence};
use super::condition::{Comparison, ConditionTest, Quantifier};
use crate::source::Span;
use crate::value::Text;

/// One test of an allow, and what it is worth.
#[derive(Clone, Debug)]
pub struct Narrowing<'a> {
    pub class: ConditionClass,
    pub test: &'a ConditionTest,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConditionClass {
    /// Who calls: `aws:PrincipalOrgID`, `sts:ExternalId`, the subject of an identity provider.
    Identity,
    /// Through which service the call comes: `aws:CalledVia`, `kms:ViaService`.
    Path,
    /// What the call is about, by constants: `iam:PassedToService`, `aws:ResourceTag/…`.
    Object,
    /// From where, when, or with which login: `aws:SourceIp`, `aws:MultiFactorAuthPresent`.
    Circumstance,
    /// Everybody passes it.
    Vacuous,
    Other,
}

impl Narrowing<'_> {
    pub fn key(&self) -> &str {
        &self.test.key
    }

    pub fn operator(&self) -> &str {
        &self.test.operator.text
    }

    pub fn values(&self) -> &[Text] {
        &self.test.values
    }

    pub fn span(&self) -> Span {
        self.test.span
    }
}

/// What each test of an allow is worth for an action, in the order of the tests.
pub fn narrowings<'a>(tests: &'a [ConditionTest], action: Option<Action>) -> Vec<Narrowing<'a>> {
    tests.iter().map(|test| Narrowing { class: class(test, tests, action), test }).collect()
}

/// Whether a test keeps requests out, whatever the action: it does not pass all of them, and it
/// asks for what is named.
pub fn restricts(test: &ConditionTest, all: &[ConditionTest]) -> bool {
    class(test, all, None) != ConditionClass::Vacuous && !test.operator.negated
}

/// Whether a test keeps out those too who lack its key or leave it out: with `IfExists` it does not, unless requests
/// always carry the key or another test asks for it.
pub fn keeps_out(test: &ConditionTest, all: &[ConditionTest]) -> bool {
    let is_there = || {
        catalogue::global_key(&test.key)
            .is_some_and(|key| matches!(key.presence(), Presence::Always | Presence::Signed))
    };
    let is_asked_for = || all.iter().any(|other| requires(other, &test.key));
    restricts(test, all) && (!test.operator.if_exists || is_there() || is_asked_for())
}

/// The class of one of the tests of an allow.
pub fn class(test: &ConditionTest, all: &[ConditionTest], action: Option<Action>) -> ConditionClass {
    if is_vacuous(test, all, action) {
        return ConditionClass::Vacuous;
    }
    let key = test.key.to_ascii_lowercase();
    if test.claim().is_some() || is_one_of(&key, IDENTITY_KEYS) {
        ConditionClass::Identity
    } else if is_one_of(&key, PATH_KEYS) {
        ConditionClass::Path
    } else if is_one_of(&key, CIRCUMSTANCE_KEYS) {
        ConditionClass::Circumstance
    } else if is_about_an_object(&key) && names_constants(test) {
        ConditionClass::Object
    } else {
        ConditionClass::Other
    }
}

/// Whether requests for an action carry a key. `None`: it is not known.
pub fn carries(action: Action, key: &str) -> Option<bool> {
    if catalogue::global_key(key).is_some() {
        return None;
    }
    let of_types = action.resource_types().flat_map(|(kind, _)| kind.condition_keys());
    let on_types = action.resource_types().flat_map(|(kind, _)| action.condition_keys_on(kind));
    let found = action.own_condition_keys().chain(of_types).chain(on_types).any(|known| known.matches(key));
    let prefix = key.split_once(':').map_or("", |(prefix, _)| prefix);
    // A key of a service that the catalogue does not list may be one it does not know.
    let known =
        || catalogue::service(prefix).is_some_and(|service| service.condition_keys().any(|one| one.matches(key)));
    if found { Some(true) } else { known().then_some(false) }
}

/// In lower case; a `/` at the end stands for any tag.
const IDENTITY_KEYS: &[&str] = &[
    "aws:federatedprovider",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalisawsservice",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalservicename",
    "aws:principalservicenameslist",
    "aws:principaltag/",
    "aws:principaltype",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceidentity",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:userid",
    "aws:username",
    "kms:calleraccount",
    "saml:aud",
    "saml:iss",
    "saml:sub",
    "saml:sub_type",
    "sts:externalid",
    "sts:rolesessionname",
    "sts:sourceidentity",
];

const PATH_KEYS: &[&str] = &[
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:viaawsservice",
    "kms:grantisforawsresource",
    "kms:viaservice",
    "lambda:functionarn",
    "lambda:sourcefunctionarn",
];

const CIRCUMSTANCE_KEYS: &[&str] = &[
    "aws:currenttime",
    "aws:ec2instancesourceprivateipv4",
    "aws:ec2instancesourcevpc",
    "aws:epochtime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:referer",
    "aws:securetransport",
    "aws:sourceip",
    "aws:sourcevpc",
    "aws:sourcevpcarn",
    "aws:sourcevpce",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "aws:vpcsourceip",
];

/// Global keys that speak of the object of the call.
const OBJECT_KEYS: &[&str] = &[
    "aws:requesttag/",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:resourcetag/",
    "aws:tagkeys",
];

fn is_one_of(key: &str, list: &[&str]) -> bool {
    list.iter().any(|known| if known.ends_with('/') { key.starts_with(known) } else { key == *known })
}

/// Keys of a service speak of what its calls are about.
fn is_about_an_object(key: &str) -> bool {
    let prefix = key.split_once(':').map_or("", |(prefix, _)| prefix);
    is_one_of(key, OBJECT_KEYS) || (prefix != "aws" && catalogue::service(prefix).is_some())
}

/// Whether the test names what is allowed, rather than what is not or a pattern of it.
fn names_constants(test: &ConditionTest) -> bool {
    let operator = &test.operator;
    let wild = |value: &Text| {
        let known = value.parts.iter().any(|part| match part {
            crate::value::Part::Known(text, _) => text.contains(['*', '?']),
            crate::value::Part::Hole(_) => false,
        });
        operator.has_wildcards() && known
    };
    test.complete
        && !test.values.is_empty()
        && !operator.negated
        && !matches!(operator.comparison, None | Some(Comparison::Null))
        && !test.values.iter().any(wild)
}

/// Whether the test lets every request pass that somebody could want to make.
fn is_vacuous(test: &ConditionTest, all: &[ConditionTest], action: Option<Action>) -> bool {
    let operator = &test.operator;
    let absent = || action.is_some_and(|action| carries(action, &test.key) == Some(false));
    if operator.if_exists && absent() {
        return true;
    }
    // True of a request without the key, which the caller may leave out.
    // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>
    if operator.quantifier == Some(Quantifier::ForAllValues) && !all.iter().any(|other| requires(other, &test.key)) {
        return true;
    }
    if operator.negated {
        return false;
    }
    let has = |wanted: &dyn Fn(&str) -> bool| test.values.iter().filter_map(Text::literal).any(wanted);
    match operator.comparison {
        Some(Comparison::StringLike | Comparison::Arn) => {
            has(&|value| !value.is_empty() && value.bytes().all(|b| b == b'*'))
        }
        Some(Comparison::IpAddress) => has(&|value| matches!(value, "0.0.0.0/0" | "::/0")),
        Some(Comparison::Bool) => {
            let is = |value: &'static str| has(&move |text: &str| text.eq_ignore_ascii_case(value));
            // Everybody can call over TLS.
            (is("true") && is("false")) || (is("true") && test.is_on("aws:SecureTransport"))
        }
        _ => false,
    }
}

/// Whether a test holds only for requests that carry the key.
pub fn requires(test: &ConditionTest, key: &str) -> bool {
    let null_false = test.operator.comparison == Some(Comparison::Null)
        && test.values.iter().all(|value| value.literal().is_some_and(|text| text.eq_ignore_ascii_case("false")));
    test.is_on(key) && (test.operator.needs_key() || null_false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::document::PolicyKind;
    use crate::iam::fixture::document;

    #[test]
    fn a_condition_is_worth_what_it_keeps_out() {
        use ConditionClass::{Circumstance, Identity, Object, Other, Path, Vacuous};
        let table = [
            (r#"{"StringEquals": {"aws:PrincipalOrgID": "o-1"}}"#, "iam:PassRole", Identity),
            (r#"{"StringEquals": {"sts:ExternalId": "x"}}"#, "sts:AssumeRole", Identity),
            (
                r#"{"StringLike": {"token.actions.githubusercontent.com:sub": "repo:o/r:*"}}"#,
                "sts:AssumeRoleWithWebIdentity",
                Identity,
            ),
            (r#"{"StringEquals": {"aws:PrincipalTag/team": "x"}}"#, "iam:PassRole", Identity),
            (
                r#"{"ForAnyValue:StringEquals": {"aws:CalledVia": "cloudformation.amazonaws.com"}}"#,
                "iam:CreateRole",
                Path,
            ),
            (r#"{"Bool": {"aws:ViaAWSService": "true"}}"#, "iam:CreateRole", Path),
            (r#"{"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}"#, "kms:Decrypt", Path),
            (r#"{"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}"#, "iam:PassRole", Object),
            (r#"{"StringLike": {"iam:PassedToService": "l*.amazonaws.com"}}"#, "iam:PassRole", Other),
            (r#"{"StringNotEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}"#, "iam:PassRole", Other),
            (r#"{"StringEqualsIfExists": {"iam:PassedToService": "lambda.amazonaws.com"}}"#, "iam:PassRole", Object),
            (r#"{"StringEqualsIfExists": {"iam:PassedToService": "lambda.amazonaws.com"}}"#, "iam:CreateRole", Vacuous),
            (r#"{"StringEquals": {"iam:PermissionsBoundary": "<Boundary>"}}"#, "iam:CreateRole", Object),
            (r#"{"StringEquals": {"aws:ResourceTag/team": "x"}}"#, "ec2:StartInstances", Object),
            (r#"{"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}"#, "iam:CreateRole", Circumstance),
            (r#"{"Bool": {"aws:MultiFactorAuthPresent": "true"}}"#, "iam:CreateRole", Circumstance),
            (r#"{"IpAddress": {"aws:SourceIp": "0.0.0.0/0"}}"#, "iam:CreateRole", Vacuous),
            (r#"{"Bool": {"aws:SecureTransport": "true"}}"#, "iam:CreateRole", Vacuous),
            (r#"{"StringLike": {"aws:PrincipalOrgID": "*"}}"#, "iam:CreateRole", Vacuous),
            (r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "x"}}"#, "ec2:CreateTags", Vacuous),
            (
                r#"{"ForAllValues:StringEquals": {"aws:TagKeys": "x"}, "Null": {"aws:TagKeys": "false"}}"#,
                "ec2:CreateTags",
                Object,
            ),
            (r#"{"Null": {"iam:PermissionsBoundary": "false"}}"#, "iam:CreateRole", Other),
            (r#"{"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}"#, "ec2:RunInstances", Other),
        ];
        for (condition, action, answer) in table {
            let statement =
                format!(r#"{{"Effect": "Allow", "Action": "{action}", "Resource": "*", "Condition": {condition}}}"#);
            let document = document(&statement, PolicyKind::Identity);
            let tests = &document.statements[0].conditions;
            let found = narrowings(tests, catalogue::action(action));
            assert_eq!(found[0].class, answer, "{condition} {action}");
        }
    }
}
