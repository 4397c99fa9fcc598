//! Resource control policies of an organisation, which know a part of the policy language.
//! <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html>

use super::codes::*;
use super::{Issue, Subject};
use crate::iam::catalogue;
use crate::iam::condition::{Comparison, ConditionTest};
use crate::iam::document::{Effect, PolicyKind, Statement};
use crate::iam::principal::PrincipalKind;

pub fn issues(subject: &Subject<'_>, statement: &Statement) -> Vec<Issue> {
    if subject.document.kind != PolicyKind::ResourceControl {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Some(principals) = &statement.principals {
        let named = principals
            .entries
            .iter()
            .find(|entry| entry.kind != PrincipalKind::Anybody && entry.text.as_hole().is_none());
        if principals.negated {
            found.push(Issue::new(RCP_SYNTAX_ERROR_PRINCIPAL, principals.key_span, "NotPrincipal"));
        } else if let Some(entry) = named {
            found.push(Issue::new(RCP_SYNTAX_ERROR_PRINCIPAL, entry.span(), entry.text.display()));
        }
    }
    if statement.effect == Effect::Allow {
        let span = statement.actions.as_ref().map_or(statement.span, |actions| actions.key_span);
        found.push(Issue::new(RCP_SYNTAX_ERROR_ALLOW, span, "Allow"));
    }
    if let Some(actions) = &statement.actions {
        if actions.negated {
            found.push(Issue::new(RCP_SYNTAX_ERROR_NOTACTION, actions.key_span, "NotAction"));
        }
        for pattern in actions.patterns.iter().filter(|_| !actions.negated && statement.effect != Effect::Allow) {
            let service = pattern.service().and_then(catalogue::service);
            let is_supported = service.is_none_or(catalogue::Service::supports_resource_control_policies);
            if pattern.is_full_wildcard() || !is_supported {
                found.push(Issue::new(RCP_SYNTAX_ERROR_ACTION, pattern.span(), pattern.text().display()));
            }
        }
    }
    if statement.effect == Effect::Deny && statement.condition_unknown.is_none() {
        found.extend(perimeter(statement));
    }
    found
}

/// A deny of all but the own organisation that hits the services of AWS too.
/// <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_examples.html>
fn perimeter(statement: &Statement) -> Option<Issue> {
    let on = |keys: &[&str]| {
        let is_it = |test: &&ConditionTest| test.operator.negated && keys.iter().any(|key| test.is_on(key));
        statement.conditions.iter().find(is_it)
    };
    let tests = |key: &str| statement.conditions.iter().any(|test| test.is_on(key));
    let issue = |code, test: &ConditionTest, key: &str| {
        Some(Issue::new(code, test.key_span, test.key.clone()).other(key).related(test.operator_span))
    };
    if let Some(test) = on(&["aws:PrincipalOrgID", "aws:PrincipalOrgPaths", "aws:PrincipalAccount"])
        && !tests("aws:PrincipalIsAWSService")
    {
        return issue(RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY, test, "aws:PrincipalIsAWSService");
    }
    let source = on(&["aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceAccount"])?;
    let asks_presence = statement.conditions.iter().any(|test| {
        test.operator.comparison == Some(Comparison::Null)
            && ["aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID"].iter().any(|key| test.is_on(key))
    });
    if !tests("aws:PrincipalIsAWSService") && !tests("aws:PrincipalServiceName") && !asks_presence {
        issue(RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY, source, "aws:PrincipalIsAWSService")
    } else if !asks_presence {
        issue(RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK, source, "aws:SourceAccount")
    } else {
        None
    }
}
