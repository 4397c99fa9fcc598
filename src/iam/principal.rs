//! Who a statement of a trust or resource policy speaks of.

use super::answer::Reason;
use crate::source::Span;
use crate::value::{Condition, HoleKind, Text};

/// `Principal` or `NotPrincipal` of a statement.
#[derive(Clone, Debug)]
pub struct Principals {
    pub negated: bool,
    pub entries: Vec<Principal>,
    /// Entries that could not be evaluated.
    pub unknown: Vec<Reason>,
    pub key_span: Span,
}

/// One entry.
#[derive(Clone, Debug)]
pub struct Principal {
    pub kind: PrincipalKind,
    pub text: Text,
    /// The conditions of the template under which the entry is there.
    pub when: Vec<Condition>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PrincipalKind {
    /// `*`, and `AWS: "*"`: everybody, with and without an account.
    Anybody,
    /// An account, by its number or by its root.
    Account,
    Role,
    User,
    /// A session of an assumed role or a federated user.
    Session,
    /// `AIDA…`, `AROA…`: what is left of a deleted user or role. It matches nobody.
    DeletedId,
    /// An `AWS` principal of which too little is known.
    UnknownAws,
    Service,
    Federated,
    CanonicalUser,
    /// Under a key that IAM does not know.
    Misplaced,
}

impl PrincipalKind {
    /// The key of the element `Principal` under which such a one stands.
    pub fn key(self) -> &'static str {
        match self {
            PrincipalKind::Service => "Service",
            PrincipalKind::Federated => "Federated",
            PrincipalKind::CanonicalUser => "CanonicalUser",
            _ => "AWS",
        }
    }
}

impl Principal {
    /// An entry under a key of the `Principal` map; `None` for the bare text.
    pub fn new(key: Option<&str>, text: &Text, when: Vec<Condition>) -> Principal {
        let is_star = text.literal() == Some("*");
        let kind = match key {
            None if is_star => PrincipalKind::Anybody,
            None => PrincipalKind::Misplaced,
            Some("AWS") if is_star => PrincipalKind::Anybody,
            Some("AWS") => aws_kind(text),
            Some("Service") => PrincipalKind::Service,
            Some("Federated") => PrincipalKind::Federated,
            Some("CanonicalUser") => PrincipalKind::CanonicalUser,
            Some(_) => PrincipalKind::Misplaced,
        };
        Principal { kind, text: text.clone(), when }
    }

    pub fn span(&self) -> Span {
        self.text.span
    }

    /// The name of a service principal without its domain and region: `codebuild` of
    /// `codebuild.amazonaws.com`, `codebuild.${AWS::URLSuffix}` and
    /// `codebuild.us-east-1.amazonaws.com`.
    pub fn service(&self) -> Option<String> {
        if self.kind != PrincipalKind::Service {
            return None;
        }
        let shown = self.text.display().to_ascii_lowercase();
        let domains = [".amazonaws.com", ".amazonaws.com.cn", ".aws.internal", ".amazon.com", ".${aws::urlsuffix}"];
        let name = domains.iter().find_map(|domain| shown.strip_suffix(domain))?;
        let name = match name.rsplit_once('.') {
            Some((name, label)) if label == "${aws::region}" || is_region(label) => name,
            _ => name,
        };
        (!name.contains(['$', '*', '?'])).then(|| name.to_owned())
    }

    /// The account it belongs to: twelve digits, or a hole.
    pub fn account(&self) -> Option<Text> {
        match self.kind {
            PrincipalKind::Account | PrincipalKind::Role | PrincipalKind::User | PrincipalKind::Session => {
                let of_arn = super::arn::split(&self.text).map(|[_, _, _, _, account, _]| account);
                Some(of_arn.unwrap_or_else(|| self.text.clone()))
            }
            _ => None,
        }
    }

    /// The host of a federated provider: `token.actions.githubusercontent.com` of
    /// `arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com`.
    pub fn provider(&self) -> Option<String> {
        if self.kind != PrincipalKind::Federated || self.text.as_hole().is_some() {
            return None;
        }
        let shown = self.text.display();
        let host = shown.rsplit_once(":oidc-provider/").map_or(&*shown, |(_, host)| host);
        (!host.starts_with("arn:") && !host.is_empty()).then(|| host.to_owned())
    }

    pub fn is_saml(&self) -> bool {
        self.kind == PrincipalKind::Federated && self.text.display().contains(":saml-provider/")
    }
}

fn aws_kind(text: &Text) -> PrincipalKind {
    if let Some(hole) = text.as_hole() {
        let is_account = hole.kind == HoleKind::Pseudo && hole.name == "AWS::AccountId";
        return if is_account { PrincipalKind::Account } else { PrincipalKind::UnknownAws };
    }
    if let Some(literal) = text.literal() {
        if is_account_id(literal) {
            return PrincipalKind::Account;
        }
        // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>
        if ["AIDA", "AROA"].iter().any(|prefix| literal.starts_with(prefix)) && !literal.contains(':') {
            return PrincipalKind::DeletedId;
        }
    }
    let Some([_, _, service, _, _, resource]) = super::arn::split(text) else { return PrincipalKind::UnknownAws };
    let resource = resource.display();
    let starts = |prefix: &str| resource.starts_with(prefix);
    match service.literal() {
        Some("iam") if resource == "root" => PrincipalKind::Account,
        Some("iam") if starts("role/") => PrincipalKind::Role,
        Some("iam") if starts("user/") => PrincipalKind::User,
        Some("sts") if starts("assumed-role/") || starts("federated-user/") => PrincipalKind::Session,
        _ => PrincipalKind::UnknownAws,
    }
}

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<&str> = label.split('-').collect();
    parts.len() >= 3
        && parts[0].len() == 2
        && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && parts.last().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()))
}
