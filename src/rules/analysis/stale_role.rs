//! Roles of CI that nobody has used for long.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleLastUsed.html>

use super::chain::with_chain;
use crate::diagnostic::{Doubt, Severity};
use crate::model::principal::{Activity, CiUse};
use crate::model::{AuthorityLabel, Model, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use jiff::civil::Date;

pub const ANALYSIS: Analysis = Analysis {
    name: "stale-role",
    summary: "a role of CI that was not used for ninety days",
    params: &[],
    facts: &["role", "worker", "since"],
    bind,
};

/// A role is stale after so many days without use, and new for as many.
const DAYS: i32 = 90;

/// With these a forgotten role is more than untidy.
const WEIGHTY: [AuthorityLabel; 4] =
    [AuthorityLabel::Admin, AuthorityLabel::IamWrite, AuthorityLabel::PassRole, AuthorityLabel::Deploy];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let Some(today) = context.today else { return Vec::new() };
        let model = context.model;
        let roles = model.principals.iter().filter(|one| one.kind == PrincipalKind::Role && is_taken_by_ci(one));
        let newest = model.principals.iter().filter_map(|one| one.activity).map(last_sign).max();
        let found = roles.filter_map(|role| {
            let found = of_role(model, role, &role.activity?, today)?;
            // Whatever an old output tells was long ago.
            let old = newest.filter(|newest| days(*newest, today) > DAYS);
            let doubt = |newest: Date| Doubt {
                text: format!("the newest day in the outputs is {newest}: they may be old"),
                span: None,
            };
            Some(found.doubted(old.map(doubt)))
        });
        found.collect()
    })
}

fn of_role(model: &Model, role: &Principal, activity: &Activity, today: Date) -> Option<Finding> {
    let idle = days(last_sign(*activity), today);
    if idle <= DAYS {
        return None;
    }
    let since = match activity.last_used {
        Some(day) => format!("since {day}, {idle} days ago"),
        None => "as far back as IAM looks, which is 400 days".to_owned(),
    };
    let found = Finding::new(activity.span, role.display())
        .fact("role", role.display())
        .fact("worker", role.worker(model))
        .fact("since", since)
        .severity(if role.powers.iter().any(|power| WEIGHTY.contains(&power.label)) {
            Severity::Medium
        } else {
            Severity::Low
        });
    Some(with_chain(found, model, role))
}

/// The last day on which somebody did anything with a role.
fn last_sign(activity: Activity) -> Date {
    activity.last_used.unwrap_or(activity.created)
}

fn days(from: Date, to: Date) -> i32 {
    to.duration_since(from).as_hours() as i32 / 24
}

/// A service of CI, or the jobs of a CI system, may take it by its trust policy.
fn is_taken_by_ci(role: &Principal) -> bool {
    role.uses.iter().any(|usage| matches!(usage, CiUse::TrustedBy(_) | CiUse::Federated))
}
