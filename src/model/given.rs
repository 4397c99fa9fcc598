//! What a run is told of the world outside of the files: whose accounts there are, and who deploys.

use super::deployment::{arn_of, names};
use super::lower::Fragment;
use super::{Principal, PrincipalKind};
use crate::iam::ArnPattern;
use crate::source::{FileId, Spanned};
use crate::value::Text;
use std::collections::BTreeSet;

/// What is told; the default is nothing.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Accounts whose principals are no strangers.
    pub trusted_accounts: BTreeSet<String>,
    /// The account that each file is about, by its index.
    pub accounts: Vec<Option<String>>,
    /// Names or ARNs of those that deploy by design, `*` allowed.
    pub deployers: Vec<Spanned<String>>,
    /// Nobody else does, whatever is seen of them.
    pub is_strict: bool,
    /// Roles by which an organisation reaches into the account are judged as all others.
    pub is_strict_sso: bool,
    /// The same as `deployers` for those that deploy in an emergency.
    pub break_glass: Vec<Spanned<String>>,
}

impl Given {
    fn account(&self, file: FileId) -> Option<&String> {
        self.accounts.get(file.index())?.as_ref()
    }

    /// Puts what a file declares into the account that the file is about; an ARN says it better.
    pub fn place(&self, fragment: &mut Fragment) {
        for one in &mut fragment.principals {
            one.account = one.account.take().or_else(|| self.account(one.file).cloned());
        }
        for one in &mut fragment.policies {
            one.owner.account = one.owner.account.take().or_else(|| self.account(one.file).cloned());
        }
        for one in &mut fragment.projects {
            one.account = one.account.take().or_else(|| self.account(one.file).cloned());
        }
    }

    /// Whether a principal is one of those that are told to deploy: by its ARN or name, or by its
    /// logical id where it has no name of its own.
    pub fn tells_of(&self, principal: &Principal) -> bool {
        self.deployers.iter().any(|told| is_told(told, principal))
    }

    pub fn is_break_glass(&self, principal: &Principal) -> bool {
        self.break_glass.iter().any(|told| is_told(told, principal))
    }
}

fn is_told(told: &Spanned<String>, principal: &Principal) -> bool {
    let kind = match principal.kind {
        PrincipalKind::Role => "role",
        PrincipalKind::User => "user",
        PrincipalKind::Group => return false,
    };
    let account = principal.account.as_deref().unwrap_or("*");
    let own_name = Text::at(&principal.logical_id.value, principal.logical_id.span);
    let name = principal.name.as_ref().unwrap_or(&own_name);
    let arn = arn_of(&format!("arn:*:iam::{account}:{kind}/"), name, "");
    let text = match told.value.starts_with("arn:") {
        true => told.value.clone(),
        false => format!("arn:*:iam::*:{kind}/{}", told.value),
    };
    let pattern = ArnPattern::new(&Text::at(&text, told.span), false, Vec::new());
    names(&pattern, None, Some(&arn))
}
