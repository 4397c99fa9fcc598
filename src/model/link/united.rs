//! One principal or managed policy that several outputs tell of: the fullest is kept. Templates are
//! left alone; what is deployed need not be what they say.

use crate::model::lower::{Fragment, Holder, Listed};
use crate::model::principal::{LeftOut, PrincipalKind};
use crate::source::Span;
use std::collections::{HashMap, HashSet};

/// What tells principals and managed policies apart; names are unique in an account.
type Identity = (Option<PrincipalKind>, String, String);

/// Leaves out what another output tells as well or better.
pub fn unite(fragments: &mut [Fragment]) {
    let mut best: HashMap<Identity, (LeftOut, bool, Span)> = HashMap::new();
    let mut lost: HashSet<Span> = HashSet::new();
    for fragment in fragments.iter_mut() {
        let mut repeated = None;
        for (identity, rank, unbound, span) in identities(fragment) {
            let Some(known) = best.get_mut(&identity) else {
                best.insert(identity, (rank, unbound, span));
                continue;
            };
            if rank == known.0 && rank == LeftOut::default() {
                repeated.get_or_insert(span);
            }
            if (rank, unbound) < (known.0, known.1) {
                lost.insert(std::mem::replace(known, (rank, unbound, span)).2);
            } else {
                lost.insert(span);
            }
        }
        fragment.not_read.extend(
            repeated.map(|span| {
                (span, "this and what else another output tells as well is read from there alone".to_owned())
            }),
        );
    }
    if !lost.is_empty() {
        fragments.iter_mut().for_each(|fragment| leave_out(fragment, &lost));
    }
}

fn identities(fragment: &Fragment) -> Vec<(Identity, LeftOut, bool, Span)> {
    let principals = fragment.principals.iter().filter_map(|one| {
        let identity = (Some(one.kind), one.account.clone()?, one.logical_id.value.clone());
        Some((identity, one.left_out, one.authority.boundary.is_none(), one.logical_id.span))
    });
    let policies = fragment.policies.iter().filter_map(|policy| {
        let identity = (None, policy.owner.account.clone()?, policy.owner.name.clone());
        Some((identity, LeftOut::default(), false, policy.owner.span))
    });
    principals.chain(policies).collect()
}

/// Takes out the principals and policies whose names stand at these places.
fn leave_out(fragment: &mut Fragment, lost: &HashSet<Span>) {
    let kept_at = |is_lost: Vec<bool>| -> Vec<Option<usize>> {
        let mut next = 0..;
        is_lost.into_iter().map(|is_lost| if is_lost { None } else { next.next() }).collect()
    };
    let principals = kept_at(fragment.principals.iter().map(|one| lost.contains(&one.logical_id.span)).collect());
    let policies = kept_at(fragment.policies.iter().map(|policy| lost.contains(&policy.owner.span)).collect());
    fragment.principals.retain(|one| !lost.contains(&one.logical_id.span));
    fragment.policies.retain(|policy| !lost.contains(&policy.owner.span));
    fragment.other_versions.retain(|version| !lost.contains(&version.policy));
    fragment.attachments.retain_mut(|attachment| {
        let Some(policy) = policies[attachment.policy] else { return false };
        attachment.policy = policy;
        match &mut attachment.holder {
            Holder::Own(id) => principals[*id].map(|new| *id = new).is_some(),
            Holder::Named(..) => true,
        }
    });
    fragment.anonymous.retain_mut(|one| match &mut one.what {
        Listed::Version(policy) => policies[*policy].map(|new| *policy = new).is_some(),
        Listed::Attached(_) | Listed::Inline(_) => true,
    });
}
