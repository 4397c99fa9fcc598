//! Service control policies among the files that keep a principal from what its own policies allow. Where they are
//! attached is told in the organisation, so that they are a doubt and no answer.

use crate::diagnostic::Doubt;
use crate::iam::evaluate::{Colons, applies};
use crate::iam::{Effect, Grant, PolicyDocument, PolicyKind, Request, Statement};
use crate::model::{Model, Principal, PrincipalKind};
use std::collections::BTreeSet;

/// A doubt where one of them denies all that is granted. A deny of regions or of times is none of them: whoever
/// deploys passes it.
pub fn may_be_denied(model: &Model, principal: &Principal, grants: &[Grant<'_>]) -> Option<Doubt> {
    let mut policies = model.policies.iter().filter(|policy| policy.kind == PolicyKind::ServiceControl).peekable();
    policies.peek()?;
    let actions: BTreeSet<&str> = grants.iter().map(|grant| grant.action.as_str()).collect();
    let caller = arn(principal);
    let policy = policies.find(|policy| actions.iter().all(|action| denies(&policy.document, action, &caller)))?;
    let text = format!("{} denies it, where that is attached to the account", policy.owner.display());
    Some(Doubt { text, span: Some(policy.owner.span) })
}

fn denies(document: &PolicyDocument, action: &str, caller: &str) -> bool {
    let mut request = Request::new(action, "*");
    request.open = true;
    request.context.insert("aws:principalarn".to_owned(), vec![caller.to_owned()]);
    const CALLER: [&str; 4] = ["aws:PrincipalArn", "aws:CalledVia", "aws:CalledViaFirst", "aws:ViaAWSService"];
    let is_about_callers =
        |statement: &Statement| statement.conditions.iter().all(|test| CALLER.iter().any(|key| test.is_on(key)));
    document.statements.iter().any(|statement| {
        statement.effect == Effect::Deny
            && is_about_callers(statement)
            && !applies(document, statement, &request, Colons::Matched).truth.is_no()
    })
}

/// Of an account that is not known, and a name that the deployment gives.
fn arn(principal: &Principal) -> String {
    let account = principal.account.as_deref().unwrap_or("111122223333");
    let kind = if principal.kind == PrincipalKind::User { "user" } else { "role" };
    let name = principal.name.as_ref().map(|name| name.display());
    format!("arn:aws:iam::{account}:{kind}/{}", name.as_deref().unwrap_or(&principal.logical_id.value))
}
