//! Who else may grant what a role lacks: the policy of the resource itself.

use super::Need;
use super::names::Names;
use super::role::names_role;
use crate::iam::catalogue::Action;
use crate::iam::{PolicyKind, PrincipalKind, Reason};
use crate::model::{Model, PrincipalId};
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
            let names_it = statement.principals.as_ref().is_some_and(|found| {
                found.negated
                    || !found.unknown.is_empty()
                    || found
                        .entries
                        .iter()
                        .any(|entry| entry.kind == PrincipalKind::Anybody || names_role(model, role, &entry.text))
            });
            names_it && !statement.matches_action(&name).is_empty()
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
