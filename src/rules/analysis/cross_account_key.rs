//! Actions and readers of another account, and artifacts that only the pipeline's own account can decrypt.
//!
//! Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html>

use super::chain::{distinct, list};
use super::reach::Target;
use crate::diagnostic::Doubt;
use crate::iam::ArnPattern;
use crate::model::{Model, Pipeline, RoleRef};
use crate::needs::store_keys;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::value::{HoleKind, Text};

pub const ANALYSIS: Analysis = Analysis {
    name: "cross-account-key",
    summary: "somebody in another account takes artifacts that a key of AWS's own encrypts",
    params: &[],
    facts: &["pipeline", "reader", "key"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        model.pipelines.iter().filter_map(|pipeline| of_pipeline(model, pipeline)).collect()
    })
}

/// Somebody of another account who takes artifacts.
struct Reader {
    name: String,
    span: Span,
    /// The account is another one for certain.
    is_sure: bool,
}

/// One finding for a pipeline; the other readers are named.
fn of_pipeline(model: &Model, pipeline: &Pipeline) -> Option<Finding> {
    let (key, place) = managed_key(pipeline)?;
    let own = pipeline.role.as_ref().and_then(account_of);
    let mut abroad = actions(pipeline, own.as_ref());
    if abroad.is_empty() {
        abroad = readers(model, pipeline, own.as_ref());
    }
    let reader = abroad.iter().find(|one| one.is_sure).or(abroad.first())?;
    let mut found = Finding::new(reader.span, format!("{} {}", pipeline.display(), reader.name))
        .fact("pipeline", pipeline.display())
        .fact("reader", reader.name.as_str())
        .fact("key", key)
        .related(place, "the artifact store");
    if !reader.is_sure {
        let text = "that the account is another one is not sure".to_owned();
        found = found.doubted([Doubt { text, span: Some(reader.span) }]);
    }
    let others = distinct(abroad.iter().filter(|one| one.name != reader.name).map(|one| one.name.clone()));
    if !others.is_empty() {
        found = found.note(format!("and {} too", list(&others, 3)));
    }
    Some(found)
}

/// Actions that work with a role of another account.
fn actions(pipeline: &Pipeline, own: Option<&Text>) -> Vec<Reader> {
    let actions = pipeline.actions().map(|(_, _, _, action)| action).filter(|action| !action.inputs.is_empty());
    let abroad = actions.filter_map(|action| {
        let role = action.role.as_ref()?;
        let is_sure = is_another(&account_of(role)?, own)?;
        Some(Reader { name: format!("the action `{}`", action.name.display()), span: role.span, is_sure })
    });
    abroad.collect()
}

/// Accounts that the policy of a store lets read.
fn readers(model: &Model, pipeline: &Pipeline, own: Option<&Text>) -> Vec<Reader> {
    let stores: Vec<Target> =
        pipeline.stores.iter().map(|store| Target::named("arn:*:s3:::", store, "/objects")).collect();
    let is_here = |pattern: &ArnPattern| stores.iter().any(|store| store.is_named_by(pattern));
    let of_buckets = model.policies.iter().filter(|policy| policy.resource_type == "AWS::S3::Bucket");
    let reads = of_buckets.flat_map(|policy| policy.document.allows()).filter(|statement| {
        let mut patterns = statement.resources.iter().filter(|own| !own.negated).flat_map(|own| &own.patterns);
        !statement.matches_action("s3:GetObject").is_empty() && patterns.any(is_here)
    });
    let named = reads.filter_map(|statement| statement.principals.as_ref().filter(|found| !found.negated));
    let abroad = named.flat_map(|principals| &principals.entries).filter_map(|entry| {
        // An identity of CloudFront is a user of no account.
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let account = entry.account().filter(|account| account.literal().is_none_or(is_number))?;
        let is_sure = is_another(&account, own)?;
        Some(Reader { name: format!("the account `{}`", account.display()), span: entry.span(), is_sure })
    });
    abroad.collect()
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
