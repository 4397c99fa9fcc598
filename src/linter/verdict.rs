//! Who of the reported files may deploy, in numbers: by design, past the pipeline, and by exception. Counted from what
//! the rules found and from the model; decides nothing.

use super::Options;
use crate::diagnostic::Diagnostic;
use crate::model::{DEPLOY, Model, Principal, PrincipalId, PrincipalKind};
use crate::rules::Rule;
use crate::rules::analysis::exempt_because;
use crate::source::Span;
use crate::template::Format;
use std::collections::HashSet;

/// How many principals have deployment permission.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// Those that are meant to deploy.
    pub by_design: usize,
    /// Roles that CloudFormation works with for these.
    pub execution: usize,
    /// Past the pipeline.
    pub users: usize,
    pub roles: usize,
    /// Those that may start or change a build that deploys, and cannot deploy otherwise.
    pub by_build: usize,
    /// Who has it and is not told, or for information alone; and why.
    pub exempted: Vec<(String, &'static str)>,
    /// Those of which it is not known: their policies are not all seen, or nobody is known to deploy where they are.
    pub unknown: usize,
}

/// The rules that tell who may deploy past the pipeline, and who may by a build.
const DEPLOYS: [&str; 2] = ["deploy-permission-outside-pipeline", "iam-user-can-deploy"];
const BY_BUILD: &str = "start-of-deploy-project-outside-pipeline";

/// `None` where the question does not arise, as nothing that deploys and no account is seen, or was not asked; and where
/// it is of nobody here.
pub(super) fn deployment(
    model: &Model,
    rules: &[Rule],
    found: &[Diagnostic],
    formats: &[Format],
    options: &Options,
) -> Option<Deployment> {
    let is_asked = |id: &str| rules.iter().any(|rule| rule.id == id);
    let deployers = &model.deployers;
    let is_known = !deployers.principals.is_empty() || !deployers.elsewhere.is_empty();
    let people = model.principals.iter().enumerate();
    let people: Vec<(PrincipalId, &Principal)> =
        people.filter(|(_, one)| one.kind != PrincipalKind::Group && options.reports(one.file)).collect();
    let sees_account = || people.iter().any(|(_, one)| formats[one.file.index()] == Format::CliDump);
    let is_asked = !options.is_partial && DEPLOYS.into_iter().chain([BY_BUILD]).all(is_asked);
    if !is_asked || people.is_empty() || (!is_known && !sees_account()) {
        return None;
    }
    let labelled = |rules: &[&str]| -> HashSet<Span> {
        let of_rules = found.iter().filter(|one| rules.contains(&one.rule.as_str()));
        of_rules.flat_map(Diagnostic::all_labels).map(|label| label.span).collect()
    };
    let (may, by_build) = (labelled(&DEPLOYS), labelled(&[BY_BUILD]));
    let mut verdict = Deployment::default();
    for (id, principal) in people {
        let place = &principal.logical_id.span;
        if deployers.principals.contains(&id) {
            verdict.by_design += 1;
        } else if deployers.execution.contains(&id) {
            verdict.execution += 1;
        } else if let Some(because) = exempted(model, id, principal) {
            if !principal.authority.grants_of(&DEPLOY).is_empty() {
                verdict.exempted.push((principal.display().to_owned(), because));
            }
        } else if may.contains(place) {
            match principal.kind {
                PrincipalKind::User => verdict.users += 1,
                _ => verdict.roles += 1,
            }
        } else if by_build.contains(place) {
            verdict.by_build += 1;
        } else if is_unknown(model, principal) {
            verdict.unknown += 1;
        }
    }
    (verdict != Deployment::default()).then_some(verdict)
}

fn exempted(model: &Model, id: PrincipalId, principal: &Principal) -> Option<&'static str> {
    if model.deployers.emergency.contains(&id) {
        return Some("it is for emergencies, and kept for them");
    }
    if model.deployers.organisation.contains(&id) {
        return Some("it is a role of the organisation");
    }
    exempt_because(principal)
}

fn is_unknown(model: &Model, principal: &Principal) -> bool {
    let is_seen = principal.is_whole()
        && principal.authority.unseen.is_empty()
        && principal.authority.documents.iter().all(|document| document.unread.is_empty());
    let is_measured = principal.kind == PrincipalKind::User || model.deployers.are_known_to(model, principal);
    !is_seen || !is_measured || model.deployers.may_be_elsewhere(principal)
}
