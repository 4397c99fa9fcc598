//! Who else may grant what a role lacks: the policy of the resource itself.

use super::Need;
use super::names::Names;
use super::role::names_role;
use crate::iam::catalogue::Action;
use crate::iam::{ArnPattern, PolicyKind, Principal, PrincipalKind, Reason, Statement, Truth};
use crate::model::{Model, Policy, PrincipalId};
use crate::value::{Hole, Text};

/// Why a need that the policies of a role do not meet may be met all the same.
pub fn may_be_granted(
    need: &Need,
    action: Action,
    model: &Model,
    role: PrincipalId,
    names: &Names<'_>,
) -> Option<Reason> {
    let name = action.full_name();
    let mut policies = model.policies.iter().filter(|policy| policy.kind == PolicyKind::Resource);
    let statement = policies.find_map(|policy| {
        policy.document.allows().find(|statement| {
            is_about(statement, policy, need, names)
                && names_role_or_anybody(statement, model, role)
                && !statement.matches_action(&name).is_empty()
        })
    });
    if let Some(statement) = statement {
        return Some(Reason::at("the policy of the resource may allow it", statement.span));
    }
    // A key is used by those whom its own policy lets in.
    let is_declared = |hole: &Hole| names.resource(&Text::from_hole(hole.clone())).is_some();
    let is_seen = need.resources.iter().all(|resource| resource.holes().any(is_declared));
    let of_key = action.service().prefix() == "kms" && !is_seen;
    of_key.then(|| Reason::at("the policy of the key is not seen, and may allow it", need.span))
}

fn names_role_or_anybody(statement: &Statement, model: &Model, role: PrincipalId) -> bool {
    let is_meant = |entry: &Principal| entry.kind == PrincipalKind::Anybody || names_role(model, role, &entry.text);
    let principals = statement.principals.as_ref();
    principals.is_some_and(|found| found.negated || !found.unknown.is_empty() || found.entries.iter().any(is_meant))
}

/// Whether a statement of the policy of a resource speaks of what is needed. `*` is the resource that
/// has the policy. Holes are compared within one template only: elsewhere they may be anything.
fn is_about(statement: &Statement, policy: &Policy, need: &Need, names: &Names<'_>) -> bool {
    let needed = || need.resources.iter();
    let owns =
        |text: &Text| text.holes().any(|hole| hole.logical_id() == policy.owner.name && hole.template == policy.file);
    let patterns = statement.resources.iter().flat_map(|resources| &resources.patterns);
    patterns.into_iter().any(|pattern| {
        if pattern.is_everything() {
            return needed().any(owns);
        }
        let own = ArnPattern::new(&names.comparable(pattern.text()), false, Vec::new());
        needed().any(|text| match own.overlaps(&ArnPattern::new(text, false, Vec::new())) {
            Truth::Yes => true,
            Truth::Unknown => policy.file == text.template(),
            Truth::No => false,
        })
    })
}
