//! Actions that work in another account on artifacts which only the pipeline's own can decrypt.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html>

use super::chain::{distinct, list};
use crate::diagnostic::Doubt;
use crate::iam::ArnPattern;
use crate::model::{Pipeline, PipelineAction, RoleRef};
use crate::needs::store_keys;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::{HoleKind, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "cross-account-key",
    summary: "an action in another account takes artifacts that a key of AWS's own encrypts",
    params: &[],
    facts: &["pipeline", "action", "key"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.pipelines.iter().filter_map(of_pipeline).collect())
}

/// One finding for a pipeline; the other actions are named.
fn of_pipeline(pipeline: &Pipeline) -> Option<Finding> {
    let (key, place) = managed_key(pipeline)?;
    let own = pipeline.role.as_ref().and_then(account_of);
    let actions = pipeline.actions().map(|(_, _, _, action)| action).filter(|action| !action.inputs.is_empty());
    let abroad: Vec<(&PipelineAction, &RoleRef, bool)> = actions
        .filter_map(|action| {
            let role = action.role.as_ref()?;
            Some((action, role, is_another(&account_of(role)?, own.as_ref())?))
        })
        .collect();
    let (action, role, is_sure) = abroad.iter().find(|one| one.2).or(abroad.first())?;
    let mut found = Finding::new(role.span, format!("{} {}", pipeline.display(), action.name.display()))
        .fact("pipeline", pipeline.display())
        .fact("action", action.name.display())
        .fact("key", key)
        .related(place, "the artifact store");
    if !is_sure {
        let text = "that the account is another one is not sure".to_owned();
        found = found.doubted([Doubt { text, span: Some(role.span) }]);
    }
    let others = abroad.iter().map(|(other, ..)| format!("`{}`", other.name.display()));
    let others = distinct(others.filter(|name| *name != format!("`{}`", action.name.display())));
    if !others.is_empty() {
        found = found.note(format!("and {} too", list(&others, 3)));
    }
    Some(found)
}

/// The key that AWS manages, where every bucket of the pipeline is left to it.
fn managed_key(pipeline: &Pipeline) -> Option<(String, Span)> {
    let keys = store_keys(&pipeline.properties);
    let store = pipeline.stores.first()?;
    match keys.first() {
        None => Some(("the key of S3".into(), store.span)),
        Some(key) => keys
            .iter()
            .all(|key| key.display().contains("alias/aws/"))
            .then(|| (format!("`{}`", key.display()), key.span)),
    }
}

fn account_of(role: &RoleRef) -> Option<Text> {
    ArnPattern::new(&role.text, false, Vec::new()).account()
}

/// Whether an account is another one than the pipeline's: `None` where it is the same.
fn is_another(account: &Text, own: Option<&Text>) -> Option<bool> {
    let is_own = account.as_hole().is_some_and(|hole| hole.kind == HoleKind::Pseudo) || own == Some(account);
    let both = account.literal().zip(own.and_then(Text::literal));
    match both {
        Some((one, other)) => (one != other).then_some(true),
        None => (!is_own).then_some(false),
    }
}
