//! Callers as texts of one dimension: a word for the kind, a bar, and the name.

use super::dimension::Test;
use super::values::{Members, Pattern};
use crate::iam::glob::{Glob, Reach};
use crate::iam::principal::{Principal, PrincipalKind, Principals};
use crate::iam::request::Caller;
use std::sync::{Arc, LazyLock};

/// All callers there can be.
pub fn everybody() -> &'static [Arc<Pattern>] {
    static EVERYBODY: LazyLock<[Arc<Pattern>; 9]> = LazyLock::new(|| {
        let name = |pattern: &str| Pattern::new(segments(pattern));
        [
            name("aws|arn:*:iam::*:user/?*"),
            name("aws|arn:*:iam::*:role/?*"),
            name("aws|arn:*:iam::*:root"),
            name("aws|arn:*:sts::*:assumed-role/?*/?*"),
            name("aws|arn:*:sts::*:federated-user/?*"),
            Pattern::new(Glob::literal("anonymous|")),
            name("service|?*"),
            name("federated|?*"),
            name("canonical|?*"),
        ]
    });
    &*EVERYBODY
}

/// The caller of a text.
pub fn caller(text: &str) -> Option<Caller> {
    let (kind, name) = text.split_once('|')?;
    let name = name.to_owned();
    Some(match kind {
        "anonymous" => Caller::Anonymous,
        "aws" => Caller::Aws(name),
        "service" => Caller::Service(name),
        "federated" => Caller::Federated(name),
        "canonical" => Caller::CanonicalUser(name),
        _ => return None,
    })
}

/// Everything in an account.
pub fn of_account(account: &str) -> Vec<Arc<Pattern>> {
    ["iam", "sts"].map(|service| Pattern::new(segments(&format!("aws|arn:*:{service}::{account}:*")))).into()
}

/// What a statement asks of the caller: all it may mean (`most`), or what it is sure to. The flag
/// tells whether the two are the same.
pub fn test(principals: &Principals, most: bool) -> (Test, bool) {
    let entries = principals.entries.iter();
    let entries: Vec<(&Principal, Names)> = entries.map(|entry| (entry, names(entry))).collect();
    let exact = principals.unknown.is_empty()
        && !principals.negated
        && entries.iter().all(|(entry, names)| entry.when.is_empty() && names.exact);
    let everybody = || vec![Pattern::new(Glob::parse("*"))];
    if principals.negated {
        // Whether a session is meant where its role or its account is, AWS decides by rules of its
        // own; callers of other accounts are sure to be meant.
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
        let excepted: Vec<Arc<Pattern>> = if most {
            let sure = entries.iter().filter(|(entry, names)| entry.when.is_empty() && names.exact);
            sure.flat_map(|(_, names)| names.least.clone()).collect()
        } else if principals.unknown.is_empty() {
            entries.iter().flat_map(|(entry, names)| names.around(entry)).collect()
        } else {
            everybody().to_vec()
        };
        return (Test::one(Members::Patterns(excepted.into_iter().collect()), true), false);
    }
    let mut named: Vec<Arc<Pattern>> = Vec::new();
    for (entry, names) in entries {
        if most {
            named.extend(names.most);
        } else if entry.when.is_empty() {
            named.extend(names.least);
        }
    }
    if most && !principals.unknown.is_empty() {
        named = everybody().to_vec();
    }
    (Test::one(Members::Patterns(named.into_iter().collect()), false), exact)
}

struct Names {
    least: Vec<Arc<Pattern>>,
    most: Vec<Arc<Pattern>>,
    exact: bool,
}

impl Names {
    fn known(patterns: Vec<Arc<Pattern>>) -> Names {
        Names { least: patterns.clone(), most: patterns, exact: true }
    }

    fn at_most(pattern: &str) -> Names {
        Names { least: Vec::new(), most: vec![Pattern::new(Glob::parse(pattern))], exact: false }
    }

    /// The entry and all that it might be taken for.
    fn around(&self, entry: &Principal) -> Vec<Arc<Pattern>> {
        let account = entry.account().and_then(|account| account.literal().map(str::to_owned));
        match account {
            Some(account) => of_account(&account),
            None => self.most.clone(),
        }
    }
}

fn names(entry: &Principal) -> Names {
    let literal = entry.text.literal();
    let one = |kind: &str, name: &str| Names::known(vec![Pattern::new(Glob::literal(&format!("{kind}|{name}")))]);
    match (entry.kind, literal) {
        (PrincipalKind::Anybody, _) => Names::known(vec![Pattern::new(Glob::parse("*"))]),
        (PrincipalKind::DeletedId, _) => Names::known(Vec::new()),
        (PrincipalKind::Account, Some(text)) => {
            // `arn:aws:iam::111122223333:root` is the account as `111122223333` is.
            let account = text.split(':').nth(4).unwrap_or(text);
            Names::known(of_account(account))
        }
        (PrincipalKind::Role, Some(arn)) if !arn.contains(['*', '?']) => Names::known(role(arn)),
        (PrincipalKind::User | PrincipalKind::Session, Some(arn)) if !arn.contains(['*', '?']) => one("aws", arn),
        (PrincipalKind::Service, Some(name)) => one("service", name),
        (PrincipalKind::Federated, Some(name)) => one("federated", name),
        (PrincipalKind::CanonicalUser, Some(id)) => one("canonical", id),
        (PrincipalKind::Service, None) => Names::at_most("service|*"),
        (PrincipalKind::Federated, None) => Names::at_most("federated|*"),
        (PrincipalKind::CanonicalUser, None) => Names::at_most("canonical|*"),
        (PrincipalKind::Misplaced, _) => Names::at_most("*"),
        _ => Names::at_most("aws|*"),
    }
}

/// A role, and its sessions, which bear its name without the path.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles>
fn role(arn: &str) -> Vec<Arc<Pattern>> {
    let mut named = vec![Pattern::new(Glob::literal(&format!("aws|{arn}")))];
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    if let &[_, partition, _, _, account, resource] = parts.as_slice() {
        let name = resource.rsplit('/').next().unwrap_or(resource);
        let mut sessions = Glob::literal(&format!("aws|arn:{partition}:sts::{account}:assumed-role/{name}/"));
        sessions.push_pattern("*", Reach::All);
        named.push(Pattern::new(sessions));
    }
    named
}

/// A pattern whose wildcards stay within the segments before the fifth colon.
fn segments(pattern: &str) -> Glob {
    let mut glob = Glob::default();
    let mut colons = 0;
    for c in pattern.chars() {
        let reach = if colons < 5 && pattern.contains(":") { Reach::Segment } else { Reach::All };
        glob.push_pattern(c.encode_utf8(&mut [0; 4]), reach);
        colons += usize::from(c == ':');
    }
    glob
}
