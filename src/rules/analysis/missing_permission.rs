//! What a build or a pipeline is sure to do and its role does not allow.

use super::chain::{distinct, list};
use crate::diagnostic::Doubt;
use crate::iam::catalogue::Action;
use crate::model::{DeclaredResource, Model, Principal};
use crate::needs::compare::{Comparison, State, Used};
use crate::needs::{Certainty, Names, Need, Needs};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::{Sources, Span};
use crate::value::Text;
use std::collections::BTreeSet;

pub const ANALYSIS: Analysis = Analysis {
    name: "missing-permission",
    summary: "a build or a pipeline does what its role does not allow, and will fail",
    params: &[],
    facts: &["role", "worker", "line", "actions", "resources", "reason"],
    bind,
};

/// Services whose resources have no policies of their own, so that the role alone decides; that of logs,
/// whose policies let services in; and those of CodeBuild and Parameter Store, whose policies let other
/// accounts look at what is shared with them, which then need the permission of their role too.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>,
/// <https://docs.aws.amazon.com/codebuild/latest/userguide/project-sharing.html>,
/// <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-shared-parameters.html>
const ROLE_DECIDES: [&str; 16] = [
    "cloudformation",
    "cloudfront",
    "codebuild",
    "codecommit",
    "codeconnections",
    "codedeploy",
    "codepipeline",
    "codestar-connections",
    "ec2",
    "ecs",
    "eks",
    "elasticbeanstalk",
    "iam",
    "logs",
    "route53",
    "ssm",
];

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let names = Names::new(context.model);
        let roles = context.uses();
        roles.flat_map(|(role, needs, compared)| of_role(context, &names, role, needs, compared)).collect()
    })
}

/// One finding for each place.
fn of_role(
    context: &Context<'_>,
    names: &Names<'_>,
    role: &Principal,
    needs: &Needs,
    compared: &Comparison,
) -> Vec<Finding> {
    let missing = compared.used.iter().filter(|used| used.state == State::Missing);
    let missing = missing.map(|used| (&needs.needs[used.need], used));
    let missing = missing.filter(|(need, used)| is_sure(context, names, need, used));
    let mut places: Vec<(Span, Vec<(&Need, &Used)>)> = Vec::new();
    for (need, used) in missing {
        match places.iter_mut().find(|(span, _)| *span == need.span) {
            Some((_, found)) => found.push((need, used)),
            None => places.push((need.span, vec![(need, used)])),
        }
    }
    places.into_iter().map(|(span, missing)| finding(context, names, role, span, &missing)).collect()
}

fn is_sure(context: &Context<'_>, names: &Names<'_>, need: &Need, used: &Used) -> bool {
    need.certainty == Certainty::Certain
        && (role_decides(context.model, names, need, used.action) || used.near.is_some())
        && !may_fail(context.sources, need.caused_by.unwrap_or(need.span))
}

fn role_decides(model: &Model, names: &Names<'_>, need: &Need, action: Action) -> bool {
    ROLE_DECIDES.contains(&action.service().prefix())
        || !action.supports_resource_level()
        || need.resources.iter().all(|text| is_declared(model, names, text))
}

/// The resource stands in the files, and so does its policy where it has one.
fn is_declared(model: &Model, names: &Names<'_>, resource: &Text) -> bool {
    let is_referred = resource.holes().any(|hole| {
        let is_it = |file, id: &str| file == hole.template && id == hole.logical_id();
        model.resources.iter().any(|declared| is_it(declared.file, &declared.logical_id.value))
    });
    is_referred || is_declared_by_name(names, resource)
}

/// A bucket or a table by the name that is written; the policy of a table stands in the table itself.
fn is_declared_by_name(names: &Names<'_>, resource: &Text) -> bool {
    let mut named = names.named(resource).peekable();
    let role_decides = |declared: &DeclaredResource| match declared.kind.as_str() {
        "AWS::S3::Bucket" => true,
        "AWS::DynamoDB::Table" => declared.properties.iter().all(|one| one.value != "ResourcePolicy"),
        _ => false,
    };
    named.peek().is_some() && named.all(role_decides)
}

/// Whether the script looks at how a command ends: `… || true`, `if …`.
fn may_fail(sources: &Sources, span: Span) -> bool {
    let text = &sources.get(span.file).text;
    let behind = text.get(span.end as usize..).and_then(|text| text.lines().next()).unwrap_or_default();
    behind.contains("||") || text.get(span.start as usize..span.end as usize).is_some_and(|own| own.contains("||"))
}

fn finding(
    context: &Context<'_>,
    names: &Names<'_>,
    role: &Principal,
    span: Span,
    missing: &[(&Need, &Used)],
) -> Finding {
    let actions = distinct(missing.iter().map(|(_, used)| used.action.full_name()));
    let resources = missing.iter().flat_map(|(need, _)| &need.resources);
    let resources = distinct(resources.map(|text| format!("`{}`", text.display())));
    let reasons = distinct(missing.iter().map(|(need, _)| need.reason.clone()));
    let sources = distinct(missing.iter().map(|(need, _)| need.source.to_owned()));
    let mut found = Finding::new(span, format!("{} lacks {}", role.display(), actions.join(" ")))
        .fact("role", role.display())
        .fact("worker", role.worker(context.model))
        .fact("line", context.sources.position(span).line.to_string())
        .fact("actions", list(&actions, 4))
        .fact("resources", list(&resources, 2))
        .fact("reason", list(&reasons, 2))
        .related(role.logical_id.span, "the role, all of whose policies are seen");
    let commands = missing.iter().filter_map(|(need, _)| need.caused_by);
    for command in commands.collect::<BTreeSet<Span>>() {
        found = found.related(command, "this command needs it");
    }
    for (need, used) in missing {
        let Some(near) = &used.near else { continue };
        if let Some(span) = near.span {
            found = found.related(span, &*near.text);
        }
        if !role_decides(context.model, names, need, used.action) {
            let text = "a policy of the resource, which is not seen, may allow it".to_owned();
            found = found.doubted([Doubt { text, span: None }]);
        }
    }
    for source in sources {
        found = found.note(format!("what is needed: {source}"));
    }
    found
}
