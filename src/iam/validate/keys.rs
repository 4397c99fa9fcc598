//! Condition keys that do not exist, or that no request for the actions of the statement carries.

use super::codes::*;
use super::{Issue, is_settled_key, may_test};
use crate::iam::catalogue::{self, Action, Key};
use crate::iam::condition::{Comparison, ConditionTest, Quantifier};
use crate::iam::document::Statement;
use crate::iam::narrowing::carries;
use crate::iam::principal::PrincipalKind;
use crate::source::Span;

pub fn issues(statement: &Statement) -> Vec<Issue> {
    let mut found = Vec::new();
    for test in &statement.conditions {
        if !is_settled_key(test) {
            found.extend(audience(test));
            continue;
        }
        match unknown(test) {
            Some(issue) => found.push(issue),
            None => {
                found.extend(not_carried(statement, test));
                found.extend(of_service_principal(statement, test));
                found.extend(audience(test));
            }
        }
        found.extend(dynamodb_attributes(statement, test));
    }
    found
}

/// The documented key, wherever it is documented.
pub fn documented(key: &str) -> Option<Key> {
    let (prefix, _) = key.split_once(':')?;
    let own = catalogue::service(prefix).and_then(|service| catalogue::condition_key(service, key));
    let of_no_service = || catalogue::global_key(key).or_else(|| catalogue::provider_key(key));
    own.or_else(of_no_service).or_else(|| catalogue::key_of_any_service(key))
}

fn unknown(test: &ConditionTest) -> Option<Issue> {
    let key = test.key.as_str();
    let (prefix, name) = key.split_once(':')?;
    if name.is_empty() || name.starts_with(':') {
        return None;
    }
    if key.eq_ignore_ascii_case("aws:ARN") {
        return Some(Issue::new(UNSUPPORTED_GLOBAL_CONDITION_KEY, test.key_span, key).other("aws:PrincipalArn"));
    }
    if key.eq_ignore_ascii_case("aws:SourceOwner") {
        return Some(Issue::new(DEPRECATED_GLOBAL_CONDITION_KEY, test.key_span, key).other("aws:SourceAccount"));
    }
    let is_global = prefix.eq_ignore_ascii_case("aws");
    // Providers of identities are named by hosts; what they assert is their own.
    if !is_global && catalogue::service(prefix).is_none() || documented(key).is_some() || is_undocumented(key) {
        return None;
    }
    let bare = name.to_ascii_lowercase();
    if ["requesttag", "resourcetag", "principaltag"].contains(&bare.trim_end_matches('/')) {
        return None;
    }
    let code = if is_global { INVALID_GLOBAL_CONDITION_KEY } else { INVALID_SERVICE_CONDITION_KEY };
    Some(Issue::new(code, test.key_span, key).other(nearest(key).unwrap_or_default()))
}

/// Keys that AWS's managed policies use and its reference does not list.
const UNDOCUMENTED: &[&str] = &["aws:PrincipalOrgMasterAccountId", "lakeformation:GlueARN"];

fn is_undocumented(key: &str) -> bool {
    // Tags are documented under `aws:` where a service knows its own prefix too.
    let name = key.split_once(':').map_or("", |(_, name)| name).to_ascii_lowercase();
    let is_tag = ["resourcetag/", "requesttag/"].iter().any(|tag| name.starts_with(tag) && !key.starts_with("aws:"));
    is_tag || UNDOCUMENTED.iter().any(|known| known.eq_ignore_ascii_case(key))
}

fn nearest(key: &str) -> Option<String> {
    let lower = key.to_ascii_lowercase();
    let (prefix, name) = lower.split_once(':')?;
    let own: Vec<&str> = match catalogue::service(prefix) {
        Some(service) => service.condition_keys().map(Key::name).collect(),
        None => catalogue::global_keys().map(Key::name).collect(),
    };
    let distance = |known: &&str| strsim::damerau_levenshtein(&lower, &known.to_ascii_lowercase());
    let limit = (name.len() / 4).clamp(1, 3);
    let close = own.into_iter().filter(|known| distance(known) <= limit).min_by_key(distance).map(str::to_owned);
    // `s3:PrincipalOrgID` is the global key under a wrong prefix.
    close.or_else(|| catalogue::global_key(&format!("aws:{name}")).map(|key| key.name().to_owned()))
}

/// A test that holds only where the key is there, on actions whose requests never carry it.
fn not_carried(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let actions = statement.actions.as_ref().filter(|actions| !actions.negated && actions.unknown.is_empty())?;
    if !test.operator.needs_key() {
        return None;
    }
    // Named as they are written: nobody wrote the actions that a wildcard stands for.
    let mut missing: Vec<(String, Span)> = Vec::new();
    let mut is_carried = false;
    for pattern in &actions.patterns {
        let known = pattern.expand().next();
        if !pattern.is_literal() || known.is_none() {
            // What a wildcard stands for is judged as a whole: one action with the key is enough.
            let all_lack = known.is_some()
                && !pattern.text().has_holes()
                && pattern.expand().all(|action| lacks(action, &test.key));
            is_carried |= !all_lack;
            missing.extend(all_lack.then(|| (pattern.text().display().into_owned(), pattern.span())));
            continue;
        }
        match known {
            Some(action) if lacks(action, &test.key) => missing.push((action.full_name(), pattern.span())),
            _ => is_carried = true,
        }
    }
    let span = missing.first()?.1;
    let code = if is_carried { UNSUPPORTED_ACTION_FOR_CONDITION_KEY } else { MISSING_ACTION_FOR_CONDITION_KEY };
    let names = missing.into_iter().map(|(name, _)| name).collect();
    Some(Issue::new(code, test.key_span, test.key.clone()).names(names).related(span).whole(!is_carried))
}

/// Services whose keys are documented for each action that carries them.
const WELL_DOCUMENTED: &[&str] = &["codebuild", "ec2", "iam", "kms", "lambda", "s3", "sts"];

fn lacks(action: Action, key: &str) -> bool {
    // Which keys go with which actions of the same service is not documented in full everywhere:
    // AWS's own policies ask for `aws-marketplace:ProductId` on actions that are said to lack it.
    let own = action.service().prefix();
    let is_own = key.split_once(':').is_some_and(|(prefix, _)| prefix.eq_ignore_ascii_case(own));
    if is_own && !WELL_DOCUMENTED.contains(&own) {
        return false;
    }
    carries(action, key) == Some(false) && !is_session_key(key)
}

/// Keys that are a matter of the session and not of the action.
fn is_session_key(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    // Which resources are authorised by their tags is documented in part only.
    let is_tag = ["resourcetag/", "requesttag/"].iter().any(|tag| lower.contains(tag));
    is_tag || catalogue::global_key(key).is_some() || ["sts:", "saml:"].iter().any(|prefix| lower.starts_with(prefix))
}

/// Keys that speak of a principal in an organisation or with tags; a service is none.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
const NEVER_OF_A_SERVICE: &[&str] = &["aws:principalorgid", "aws:principalorgpaths", "aws:principaltag/"];

fn of_service_principal(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let principals = statement.principals.as_ref().filter(|found| !found.negated && found.unknown.is_empty())?;
    let is_service =
        !principals.entries.is_empty() && principals.entries.iter().all(|entry| entry.kind == PrincipalKind::Service);
    let key = test.key.to_ascii_lowercase();
    let never = NEVER_OF_A_SERVICE
        .iter()
        .any(|known| if known.ends_with('/') { key.starts_with(known) } else { key == *known });
    (is_service && never && test.operator.needs_key()).then(|| {
        let names = principals.entries.iter().map(|entry| entry.text.display().into_owned()).collect();
        let issue = Issue::new(UNSUPPORTED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL, test.key_span, test.key.clone());
        issue.names(names).related(principals.entries[0].span()).whole(true)
    })
}

/// The audience of a token is one text; a set operator on it says something else than it seems to.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html>
fn audience(test: &ConditionTest) -> Option<Issue> {
    let (host, claim) = test.claim()?;
    let code = match test.operator.quantifier? {
        // Which provider it is shows at deployment, so that nobody has seen which claims it makes.
        Quantifier::ForAllValues if host.starts_with("${") => FORALLVALUES_WITH_SINGLE_VALUED_KEY,
        Quantifier::ForAnyValue => FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE,
        Quantifier::ForAllValues => CONFIRM_AUDIENCE_CLAIM_TYPE,
    };
    let is_known = test.operator.comparison.is_some_and(|comparison| comparison != Comparison::Null);
    // Cognito's `amr` has several values, its audience one.
    let is_one = claim.eq_ignore_ascii_case("aud") || (claim == "sub" && code == FORALLVALUES_WITH_SINGLE_VALUED_KEY);
    (is_one && is_known).then(|| {
        let operator = &test.operator.text;
        let issue = Issue::new(code, test.operator_span, test.key.clone()).other(operator.clone());
        issue.names(vec![operator.clone()]).related(test.key_span)
    })
}

/// A query may return all attributes unless it is made to select.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html>
fn dynamodb_attributes(statement: &Statement, test: &ConditionTest) -> Option<Issue> {
    let reads = ["dynamodb:Query", "dynamodb:Scan"]
        .iter()
        .any(|action| statement.matches_action(action).iter().any(|found| found.truth.is_yes()));
    let is_it = super::allows(statement) && test.is_on("dynamodb:Attributes") && !test.operator.negated;
    (is_it && reads && !may_test(statement, &["dynamodb:Select"]))
        .then(|| Issue::new(DYNAMODB_ATTRIBUTES_WITHOUT_SELECT, test.key_span, test.key.clone()))
}
