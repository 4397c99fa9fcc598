//! Roles that may do everything, or everything in IAM.

use super::chain::{WHOSE, finding, is_meant};
use crate::diagnostic::Severity;
use crate::iam::{ConditionClass, Grant, Wanted};
use crate::model::deployment::{Passable, Passing};
use crate::model::principal::CiUse;
use crate::model::{ActionRef, AuthorityLabel, Model, Power, Principal, PrincipalKind, from_pipeline};
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use std::cell::OnceCell;
use std::sync::LazyLock;

pub const ANALYSIS: Analysis = Analysis {
    name: "administrator",
    summary: "a role that may do everything, or everything in IAM",
    params: &[WHOSE],
    facts: &["role", "kind", "worker", "action", "pattern", "reach"],
    bind,
};

/// Policies that AWS manages and that amount to administration.
pub const MANAGED: [&str; 3] = ["AdministratorAccess", "PowerUserAccess", "IAMFullAccess"];

fn bind(params: &Params) -> Check {
    let principals = params.word("principals");
    let is_ci = principals != "execution" && principals != "workload";
    Box::new(move |context: &Context<'_>| {
        let model = context.model;
        let deployers = &model.deployers;
        let is_told = |id| deployers.emergency.contains(&id) || deployers.organisation.contains(&id);
        let all = model.principals.iter().enumerate().filter(|(id, _)| !is_told(*id));
        let meant = all.map(|(_, principal)| principal).filter(|principal| is_meant(principal, &principals));
        let roles = meant.filter(|principal| !is_ci || !principal.is_execution_role());
        let outsiders = OnceCell::new();
        let mut findings: Vec<Finding> = Vec::new();
        for role in roles {
            let mut found = of_role(model, role, is_ci, &outsiders);
            // What a group may do is told of its users, where they are seen.
            found.retain(|one| role.kind != PrincipalKind::Group || !is_of_a_user(model, one.span));
            findings.append(&mut found);
        }
        findings
    })
}

/// Whether a place is in a policy that a user has, by a group too.
fn is_of_a_user(model: &Model, span: Span) -> bool {
    let users = model.principals.iter().filter(|one| one.kind == PrincipalKind::User);
    users.flat_map(|user| &user.authority.documents).any(|document| document.span.contains(span))
}

/// Who is not seen to deploy and may work with a role of CloudFormation all the same.
struct Outsiders<'m> {
    /// They may make stacks, and pass roles that are named.
    passing: Vec<(&'m Principal, Passing<'m>)>,
    /// They may update every stack. A stack that was made with a role keeps it, whoever updates it.
    /// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html>
    updating: Vec<&'m Principal>,
}

fn outsiders(model: &Model) -> Outsiders<'_> {
    static MAKES_STACKS: LazyLock<Wanted> = LazyLock::new(|| {
        Wanted::new(&["cloudformation:CreateStack", "cloudformation:UpdateStack", "cloudformation:CreateChangeSet"])
    });
    let outsiders = model.principals.iter().enumerate().filter(|(id, one)| {
        one.kind != PrincipalKind::Group && !model.deployers.contains(*id) && !one.is_execution_role()
    });
    let outsiders = outsiders.map(|(_, one)| one);
    let updating = outsiders.clone().filter(|one| updates_every_stack(one)).collect();
    let passing = outsiders.map(|one| (one, Passing::of(one))).filter(|(one, passing)| {
        // Who passes any role needs no such role.
        !passing.grants().is_empty()
            && passing.grants().iter().all(|grant| !grant.everywhere)
            && !one.authority.grants_of(&MAKES_STACKS).is_empty()
    });
    Outsiders { passing: passing.collect(), updating }
}

/// Stand in one template, or certainly in one account.
fn are_in_one_account(left: &Principal, right: &Principal) -> bool {
    left.file == right.file || (left.account.is_some() && left.account == right.account)
}

fn updates_every_stack(principal: &Principal) -> bool {
    static UPDATES: LazyLock<Wanted> = LazyLock::new(|| {
        Wanted::new(&[
            "cloudformation:UpdateStack",
            "cloudformation:CreateChangeSet",
            "cloudformation:ExecuteChangeSet",
        ])
    });
    let grants = principal.authority.grants_of(&UPDATES);
    let may = |action: &str| {
        let is_free = |grant: &Grant<'_>| grant.narrowing.iter().all(|one| one.class == ConditionClass::Vacuous);
        grants.iter().any(|grant| grant.action == action && grant.everywhere && is_free(grant))
    };
    // Who has as much needs no such role.
    let has_more = |power: &Power| matches!(power.label, AuthorityLabel::Admin | AuthorityLabel::IamWrite);
    (may("cloudformation:UpdateStack")
        || (may("cloudformation:CreateChangeSet") && may("cloudformation:ExecuteChangeSet")))
        && !principal.every_power().iter().any(has_more)
}

fn of_role<'m>(model: &'m Model, role: &Principal, is_ci: bool, outsiders: &OnceCell<Outsiders<'m>>) -> Vec<Finding> {
    let wide = |grant: &&Grant<'_>| {
        let is_wide = match grant.pattern {
            Some(pattern) => pattern.is_full_wildcard() || pattern.is_service_wildcard(),
            // `NotAction` leaves all of AWS but what it names; a policy that AWS wrote is one place, and known by name.
            None => grant.span != grant.statement.span,
        };
        grant.everywhere && (is_wide || is_managed(role, grant))
    };
    static IN_IAM: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&["iam:CreateUser", "iam:AttachRolePolicy"]));
    static BESIDE: LazyLock<Wanted> = LazyLock::new(|| Wanted::new(&["lambda:CreateFunction", "s3:DeleteBucket"]));
    let (in_iam, beside) = (role.authority.grants_of(&IN_IAM), role.authority.grants_of(&BESIDE));
    let unreviewed = if is_ci { None } else { unreviewed_templates(model, role) };
    let mut seen = Vec::new();
    let mut findings: Vec<Finding> = Vec::new();
    for (grants, changes_iam) in [(&in_iam, true), (&beside, false)] {
        for grant in grants.iter().filter(wide) {
            // `lambda:*` is a matter of its own rule.
            let is_service = grant.pattern.is_some_and(|pattern| pattern.is_service_wildcard());
            if seen.contains(&grant.span) || (!changes_iam && is_service) {
                continue;
            }
            seen.push(grant.span);
            // Whoever has it in two ways is told of once.
            if role.kind != PrincipalKind::Role
                && let Some(first) = findings.pop()
            {
                findings.push(first.related(grant.span, "this alone makes an administrator too").granted([grant]));
                continue;
            }
            let Some(found) = finding(model, role, &[grant]) else { continue };
            let reach = match grant.pattern {
                _ if is_managed_named(role, grant, "PowerUserAccess") => "everything but IAM",
                None => "everything that `NotAction` does not name",
                Some(_) if is_service => "everything in IAM",
                Some(_) => "everything",
            };
            // Nobody but CloudFormation can take it; what counts is who may hand it over.
            let is_handed_over = !is_ci && role.is_trusted_only_by(&["cloudformation"]);
            let passes = |one: &&(&Principal, Passing<'_>)| one.1.reaches(&Passable::new(role));
            let outsiders = is_handed_over.then(|| outsiders.get_or_init(|| self::outsiders(model)));
            let passer = outsiders.and_then(|known| known.passing.iter().find(passes));
            let stacks = outsiders.filter(|_| role.uses.contains(&CiUse::Execution));
            let updater = stacks.and_then(|known| known.updating.iter().find(|one| are_in_one_account(one, role)));
            let is_kept = passer.is_none() && updater.is_none() && unreviewed.is_none();
            let base = match (is_ci, changes_iam) {
                // The templates are reviewed.
                (false, _) if is_handed_over && is_kept => Severity::Medium,
                (true, true) if role.kind != PrincipalKind::Group => Severity::Critical,
                _ => Severity::High,
            };
            let mut found = found.fact("reach", reach).severity(base);
            if let Some((one, _)) = passer {
                let text = "may hand it to CloudFormation, and is not seen to deploy by design";
                found = found.related(one.logical_id.span, text);
            }
            if let Some(one) = updater {
                let text = "may update every stack, and those that have this role with it";
                found = found.related(one.logical_id.span, text);
            }
            if let Some((span, text)) = &unreviewed {
                found = found.related(*span, text.clone());
            }
            findings.push(found);
        }
    }
    findings
}

/// A pipeline that gives the role to CloudFormation for templates which nobody has reviewed: the place
/// that makes it so.
fn unreviewed_templates(model: &Model, role: &Principal) -> Option<(Span, String)> {
    model.pipelines.iter().enumerate().find_map(|(pipeline, one)| {
        one.actions().find_map(|(stage, action, _, deploying)| {
            let given = model.role(deploying.execution_role.as_ref()).filter(|given| std::ptr::eq(*given, role));
            given?;
            let trust = from_pipeline(model, ActionRef { pipeline, stage, action });
            let because = trust.because.first().filter(|_| trust.is_untrusted() && !trust.is_piped)?;
            let name = deploying.name.display();
            Some((because.0, format!("{}: the template of `{name}` need not be reviewed", because.1)))
        })
    })
}

fn is_managed(role: &Principal, grant: &Grant<'_>) -> bool {
    MANAGED.iter().any(|name| is_managed_named(role, grant, name))
}

/// Whether the grant comes out of the AWS managed policy of that name: its place is the reference.
fn is_managed_named(role: &Principal, grant: &Grant<'_>, name: &str) -> bool {
    role.managed.iter().any(|policy| policy.aws_managed.as_deref() == Some(name) && policy.text.span == grant.span)
}
