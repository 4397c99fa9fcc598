//! Outputs of calls that do not say whose they are, to the principals and policies that the names of
//! their files speak of; then what no output shows of a principal.

use crate::iam::Reason;
use crate::model::lower::{Anonymous, Listed};
use crate::model::principal::Principal;
use crate::model::{Model, PrincipalId};
use crate::source::{Span, Spanned};
use std::collections::{HashMap, HashSet};

/// Joins the lists of policies, and names the documents of managed policies. `names` are those of
/// managed policies that are told of without a document.
pub fn join(model: &mut Model, anonymous: Vec<Anonymous>, names: &[Spanned<String>]) {
    if anonymous.is_empty() {
        return;
    }
    let mut principals: HashMap<String, Vec<PrincipalId>> = HashMap::new();
    let mut policies: HashMap<String, ()> = names.iter().map(|name| (name.value.clone(), ())).collect();
    for (id, principal) in model.principals.iter().enumerate() {
        if !principal.is_whole() {
            principals.entry(principal.logical_id.value.clone()).or_default().push(id);
        }
        policies.extend(principal.managed.iter().map(|policy| (last(&policy.text.display()), ())));
    }
    for Anonymous { what, .. } in &anonymous {
        if let Listed::Attached(attached) = what {
            policies.extend(attached.iter().map(|policy| (last(&policy.text.display()), ())));
        }
    }
    for Anonymous { span, what } in anonymous {
        let path = model.paths[span.file.index()].clone();
        if let Listed::Version(policy) = what {
            if let Some((name, ())) = named_in(&path, &policies) {
                model.policies[policy].owner.name = name.to_owned();
                model.policies[policy].owner.policy_name = Some(name.to_owned());
            }
            continue;
        }
        let holder = match named_in(&path, &principals) {
            Some((_, ids)) if ids.len() == 1 => Some(ids[0]),
            Some(_) => None,
            None => only_one_near(model, &principals, span),
        };
        let Some(holder) = holder else {
            let reason = "the output does not say whose policies these are: name the file after the role";
            model.not_read.push((span, reason.into()));
            continue;
        };
        let principal = &mut model.principals[holder];
        match what {
            Listed::Attached(attached) => {
                principal.left_out.attached = false;
                principal.managed.extend(attached);
            }
            Listed::Inline(names) => {
                principal.left_out.inline = false;
                principal.expected.extend(names);
            }
            Listed::Version(_) => {}
        }
    }
}

/// The one principal that the folder of a file shows in part, if there is only one.
fn only_one_near(model: &Model, principals: &HashMap<String, Vec<PrincipalId>>, span: Span) -> Option<PrincipalId> {
    let folder = |file: usize| model.paths[file].rsplit_once('/').map_or("", |(folder, _)| folder);
    let here = folder(span.file.index());
    let mut near = principals.values().flatten().filter(|id| folder(model.principals[**id].file.index()) == here);
    near.next().filter(|_| near.next().is_none()).copied()
}

/// The longest name that stands in the path of a file as words of their own:
/// `roles/shop-build/attached.json` and `shop-build.attached.json` speak of `shop-build`.
fn named_in<'m, T>(path: &str, names: &'m HashMap<String, T>) -> Option<(&'m str, &'m T)> {
    let segments = path.rsplit('/').take(2);
    let found = segments.filter_map(|segment| {
        let is_seam = |at: &usize| {
            let sides = [segment[..*at].chars().next_back(), segment[*at..].chars().next()];
            sides.iter().any(|side| side.is_none_or(|side| !side.is_alphanumeric()))
        };
        let seams: Vec<usize> =
            (0..=segment.len()).filter(|at| segment.is_char_boundary(*at)).filter(is_seam).collect();
        let pieces = seams.iter().flat_map(|start| seams.iter().map(move |end| (*start, *end)));
        let known = pieces
            .filter(|(start, end)| start < end)
            .filter_map(|(start, end)| names.get_key_value(&segment[start..end]));
        known.max_by_key(|(name, _)| name.len())
    });
    found.map(|(name, value)| (name.as_str(), value)).max_by_key(|(name, _)| name.len())
}

fn last(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

/// What may be attached to a principal and stands in none of the outputs.
pub fn tell_left_out(model: &mut Model) {
    let mut seen: HashMap<PrincipalId, HashSet<&str>> = HashMap::new();
    for policy in &model.policies {
        let Some(name) = &policy.owner.policy_name else { continue };
        for holder in policy.attached_to.iter().filter(|id| !model.principals[**id].expected.is_empty()) {
            seen.entry(*holder).or_default().insert(name);
        }
    }
    let none = HashSet::new();
    let mut unseen: Vec<(PrincipalId, Reason)> = Vec::new();
    for (id, principal) in model.principals.iter().enumerate() {
        let known = seen.get(&id).unwrap_or(&none);
        let missing = principal.expected.iter().filter(|name| !known.contains(name.value.as_str()));
        unseen.extend(missing.map(|name| {
            (id, Reason::at(format!("the inline policy `{}`, which is in none of the files", name.value), name.span))
        }));
        unseen.extend(left_out(principal).map(|reason| (id, reason)));
    }
    unseen.into_iter().for_each(|(id, reason)| model.principals[id].authority.unseen.push(reason));
}

fn left_out(principal: &Principal) -> impl Iterator<Item = Reason> {
    let noun = principal.kind.noun();
    let span = principal.logical_id.span;
    let parts = [
        (principal.left_out.inline, "inline policies", format!("aws iam list-{noun}-policies")),
        (principal.left_out.attached, "managed policies", format!("aws iam list-attached-{noun}-policies")),
        (principal.left_out.groups, "groups", "aws iam list-groups-for-user".to_owned()),
    ];
    let missing = parts.into_iter().filter(|(is_missing, ..)| *is_missing);
    missing.map(move |(_, what, call)| Reason::at(format!("the {what} of the {noun}, which `{call}` lists"), span))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_path_is_whole_words() {
        let names: HashMap<String, ()> =
            ["shop", "shop-build", "build"].iter().map(|name| ((*name).to_owned(), ())).collect();
        let found = |path: &str| named_in(path, &names).map(|(name, ())| name);
        assert_eq!(found("iam/shop-build.attached.json"), Some("shop-build"));
        assert_eq!(found("iam/shop-build/attached.json"), Some("shop-build"));
        assert_eq!(found("iam/attached-shop.json"), Some("shop"));
        assert_eq!(found("iam/workshop.json"), None);
        assert_eq!(found("iam/rebuilder.json"), None);
    }
}
