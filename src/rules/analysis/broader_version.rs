//! Versions of managed policies that allow more than the default one, where somebody may make them the
//! default. Only then are they read.
//!
//! Source: <https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetDefaultPolicyVersion.html>

use super::chain::brought_by;
use super::reach::{Target, reaches};
use crate::iam::access::{Finding as Gain, new_access};
use crate::iam::{ConditionClass, Grant, Wanted};
use crate::model::lower::version_document;
use crate::model::principal::may_be_one_account;
use crate::model::{OtherVersion, Policy, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Params, doubt};
use crate::source::Span;
use crate::value::Text;
use rayon::prelude::*;
use std::collections::HashMap;

pub const ANALYSIS: Analysis = Analysis {
    name: "broader-version",
    summary: "a version of a policy allows more than the default one, and somebody may make it the default",
    params: &[],
    facts: &["role", "kind", "policy", "version", "action"],
    bind,
};

/// Who may choose the default version of some policies, and does not write their text.
struct Chooser<'m> {
    principal: &'m Principal,
    chooses: Vec<Grant<'m>>,
    writes: Vec<Grant<'m>>,
}

fn bind(_: &Params) -> Check {
    let chooses = Wanted::new(&["iam:SetDefaultPolicyVersion"]);
    let writes = Wanted::new(&["iam:CreatePolicyVersion"]);
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        if model.other_versions.is_empty() {
            return Vec::new();
        }
        let choosers = model.principals.par_iter().filter_map(|principal| {
            let mut chooses = principal.authority.grants_of(&chooses);
            chooses.retain(|grant| !grant.is_narrowed_by(ConditionClass::Path));
            let writes = || principal.authority.grants_of(&writes);
            (!chooses.is_empty()).then(|| Chooser { principal, writes: writes(), chooses })
        });
        let mut choosers: Vec<Chooser<'_>> = choosers.collect();
        // What a group may do is told of its members first.
        choosers.sort_by_key(|chooser| chooser.principal.kind == PrincipalKind::Group);
        let policies: HashMap<Span, &Policy> =
            model.policies.iter().map(|policy| (policy.owner.span, policy)).collect();
        let versions: Vec<&[OtherVersion]> =
            model.other_versions.chunk_by(|one, other| one.policy == other.policy).collect();
        let found = versions.par_iter().filter_map(|versions| {
            let policy = policies.get(&versions.first()?.policy)?;
            of_policy(context, policy, versions, &choosers)
        });
        found.collect()
    })
}

/// One finding for a policy: the first version that allows more, the others named.
fn of_policy(
    context: &Context<'_>,
    policy: &Policy,
    versions: &[OtherVersion],
    choosers: &[Chooser<'_>],
) -> Option<Finding> {
    let written = |span: Span| context.sources.slice(span).trim_matches(['"', '\'']).to_owned();
    let first = versions.first()?;
    let target = Target::with_arn(&Text::at(written(first.arn), first.arn));
    let (chooser, grant) = choosers.iter().find_map(|chooser| {
        let is_near = may_be_one_account(chooser.principal.account.as_deref(), policy.owner.account.as_deref());
        let reaching = |grants: &'_ [Grant<'_>]| grants.iter().position(|grant| reaches(grant, &target));
        let at = reaching(&chooser.chooses)?;
        // Who writes the policy anew needs no older text of it.
        (is_near && reaching(&chooser.writes).is_none()).then(|| (chooser.principal, &chooser.chooses[at]))
    })?;
    let mut broader = versions.iter().filter_map(|version| {
        let document = version_document(context.sources, version);
        match new_access(&[&policy.document], &[&document]) {
            Gain::Found(access) => Some((version, brought_by(&document, &access).0, access.allowed_by)),
            Gain::None | Gain::Unknown(_) => None,
        }
    });
    let (version, action, allowed_by) = broader.next()?;
    let name = policy.owner.policy_name.as_deref().unwrap_or(&policy.owner.name);
    let mut found = Finding::new(version.id, format!("{name} {}", written(version.id)))
        .fact("role", chooser.display())
        .fact("kind", chooser.kind.noun())
        .fact("policy", name)
        .fact("version", written(version.id))
        .fact("action", action.clone())
        .related(allowed_by, format!("allows `{action}`, and the default version does not, or not here"))
        .related(grant.span, format!("lets `{}` choose the version", chooser.display()))
        .doubted(grant.doubts.iter().map(doubt));
    for (other, ..) in broader {
        found = found.related(other.id, "allows more too");
    }
    if policy.attached_to.is_empty() {
        found = found.lowered_by(1).note("nobody in these files holds the policy");
    }
    Some(found)
}
