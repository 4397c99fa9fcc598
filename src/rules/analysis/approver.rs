//! Who approves what a pipeline deploys: those who write it, or nobody.

use super::chain::{finding, is_meant};
use super::grants_action::is_unscoped;
use super::reach::{Target, reaches};
use super::release_source::{ReleaseSource, Writes, sources};
use super::start_deploy_project::has_users;
use crate::iam::Wanted;
use crate::model::principal::may_be_one_account;
use crate::model::{Model, Pipeline, PipelineAction, Principal, PrincipalKind};
use crate::rules::{Analysis, Check, Context, Finding, Param, ParamKind, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "approver",
    summary: "who approves what a pipeline deploys also writes it, or is nobody in the account",
    params: &[Param {
        name: "who",
        kind: ParamKind::Choice(&["author", "nobody"]),
        required: true,
        doc: "people who write the source too; or nobody, where the details of the account are seen",
    }],
    facts: &["role", "kind", "worker", "action", "pattern", "pipeline", "approval"],
    bind,
};

fn bind(params: &Params) -> Check {
    let is_nobody = params.word("who") == "nobody";
    let approves = Wanted::new(&["codepipeline:PutApprovalResult"]);
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let approvals = model.pipelines.iter().flat_map(approvals);
        if is_nobody {
            return approvals.filter_map(|approval| of_nobody(context, &approval, &approves)).collect();
        }
        let approvals: Vec<(Vec<ReleaseSource<'_>>, Approval<'_>)> =
            approvals.map(|approval| (sources(model, approval.pipeline), approval)).collect();
        let people = model.principals.iter().filter(|one| is_meant(one, "people") && !has_users(model, one));
        people.filter_map(|one| of_author(model, one, &approvals, &approves)).collect()
    })
}

/// An action that waits for somebody's yes.
struct Approval<'m> {
    pipeline: &'m Pipeline,
    action: &'m PipelineAction,
    target: Target,
}

/// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/approvals-iam-permissions.html>
fn approvals(pipeline: &Pipeline) -> impl Iterator<Item = Approval<'_>> {
    let actions = pipeline.actions().filter(|(_, _, _, action)| action.is_approval());
    actions.map(|(_, _, stage, action)| {
        let name = pipeline.name.as_ref().map(|name| {
            let slash = || Text::at("/", name.span).parts;
            let parts = [name.parts.clone(), slash(), stage.name.parts.clone(), slash(), action.name.parts.clone()];
            Text { parts: parts.concat(), span: name.span }.normalised()
        });
        let prefix = "arn:*:codepipeline:*:*:";
        let target = Target::declared_as(pipeline.file, &pipeline.logical_id.value, prefix, name.as_ref());
        Approval { pipeline, action, target }
    })
}

/// Somebody who is given this approval, and writes what it is about.
fn of_author(
    model: &Model,
    principal: &Principal,
    approvals: &[(Vec<ReleaseSource<'_>>, Approval<'_>)],
    approves: &Wanted,
) -> Option<Finding> {
    let mut grants = principal.authority.grants_of(approves);
    // Who approves in every pipeline is told so.
    grants.retain(|grant| !is_unscoped(grant));
    if grants.is_empty() {
        return None;
    }
    let writes = Writes::of(principal);
    approvals.iter().find_map(|(sources, approval)| {
        let grant = grants.iter().find(|grant| reaches(grant, &approval.target))?;
        let (source, write) = sources.iter().find_map(|source| Some((source, writes.to(source)?)))?;
        let mut found = finding(model, principal, &[grant])?
            .fact("pipeline", approval.pipeline.display())
            .fact("approval", approval.action.name.display().into_owned())
            .related(write.span, format!("allows {}", write.action))
            .related(source.text.span, "the source of the pipeline")
            .related(approval.action.name.span, "this approval");
        found.cause = None;
        Some(found)
    })
}

/// An approval that nobody in the details of the pipeline's account can give.
fn of_nobody(context: &Context<'_>, approval: &Approval<'_>, approves: &Wanted) -> Option<Finding> {
    let model = context.model;
    let account = model.account_of_pipeline(approval.pipeline);
    let is_near = |one: &&Principal| may_be_one_account(one.account.as_deref(), account);
    let all = || model.principals.iter().filter(is_near);
    // Users and roles stand together in the details of an account; other calls show some of them.
    let shows =
        |kind: PrincipalKind| all().filter(|one| context.is_output(one)).any(|one| one.kind == kind && one.is_whole());
    let may_approve =
        |one: &Principal| !one.authority.unseen.is_empty() || !one.authority.grants_of(approves).is_empty();
    if !shows(PrincipalKind::Role) || !shows(PrincipalKind::User) || all().any(may_approve) {
        return None;
    }
    let name = approval.action.name.display().into_owned();
    let found = Finding::new(approval.action.name.span, format!("{} {name}", approval.pipeline.display()))
        .fact("pipeline", approval.pipeline.display())
        .fact("approval", name)
        .related(approval.pipeline.logical_id.span, "this pipeline");
    Some(found)
}
