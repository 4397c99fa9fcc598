//! What a run asked and what it saw, as plain rows for reports: rules, roles, pipelines.

use super::Options;
use crate::diagnostic::Severity;
use crate::iam::catalogue::AccessLevel;
use crate::model::{Model, Pipeline, PipelineAction, Principal, PrincipalId, PrincipalKind};
use crate::needs::Needs;
use crate::needs::compare::{self, Comparison, Depth};
use crate::needs::table::{self, Counts};
use crate::rules::Rule;
use crate::source::Span;
use std::collections::{BTreeMap, HashMap};

/// What a report lists besides findings. It takes time, and few formats have a place for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    pub rules: bool,
    /// With what they are granted and use, and pipelines.
    pub roles: bool,
}

/// A rule that was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedRule {
    pub id: String,
    pub pack: String,
    pub severity: Severity,
    pub summary: String,
    pub why: String,
    pub help: String,
    pub references: Vec<String>,
}

/// A role, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleRow {
    pub name: String,
    pub place: Span,
    /// Who works with it: "builds of `Project`".
    pub used_by: String,
    /// The kinds of power that it has, each once.
    pub powers: Vec<PowerRow>,
    /// Policies are attached that cannot be seen, or a call did not show all of them.
    pub is_partly_unseen: bool,
    /// What it is granted next to what is needed of it, where a build or a pipeline works with it.
    pub uses: Option<Uses>,
}

/// What a role is granted, and what is needed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uses {
    pub services: Vec<ServiceRow>,
    /// How much may need or allow more than is known.
    pub unknown: usize,
}

/// Actions of one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRow {
    pub service: &'static str,
    pub counts: Counts,
    /// Of those that are not used, how many manage permissions.
    pub unused_permissions: usize,
}

/// A kind of power, and where it is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PowerRow {
    /// "change IAM", for sentences that start with "it can".
    pub verb: &'static str,
    pub everywhere: bool,
    pub place: Span,
}

/// A pipeline with its stages in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipelineRow {
    pub name: String,
    pub place: Span,
    pub role: Option<String>,
    pub stages: Vec<StageRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRow {
    pub name: String,
    pub actions: Vec<ActionRow>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRow {
    pub name: String,
    /// `Source`, `Build`, `Approval`, … as it is written.
    pub category: String,
    pub provider: String,
    /// The role it works with, that of the pipeline where it has none, or that of the build.
    pub role: Option<String>,
    pub project: Option<String>,
    pub place: Span,
}

pub(super) fn rules(rules: &[Rule]) -> Vec<AskedRule> {
    let row = |rule: &Rule| AskedRule {
        id: rule.id.clone(),
        pack: rule.pack.clone(),
        severity: rule.severity,
        summary: rule.summary.clone(),
        why: rule.why.clone(),
        help: rule.help.clone(),
        references: rule.references.clone(),
    };
    rules.iter().map(row).collect()
}

pub(super) fn roles(model: &Model, options: &Options) -> Vec<RoleRow> {
    let reported = |one: &&Principal| one.kind == PrincipalKind::Role && options.reports(one.file);
    let is_wanted = |id: PrincipalId| reported(&model.principal(id));
    let found = compare::all(model, is_wanted, Depth::EveryAction);
    let mut uses: HashMap<PrincipalId, Uses> =
        found.into_iter().map(|(id, needs, compared)| (id, uses_of(&needs, &compared))).collect();
    let roles = model.principals.iter().enumerate().filter(|(_, role)| reported(role));
    roles.map(|(id, role)| RoleRow { uses: uses.remove(&id), ..role_row(model, role) }).collect()
}

fn uses_of(needs: &Needs, compared: &Comparison) -> Uses {
    let mut services: BTreeMap<&'static str, ServiceRow> = BTreeMap::new();
    for ((service, level), counts) in table::table(needs, compared) {
        let empty = ServiceRow { service, counts: Counts::default(), unused_permissions: 0 };
        let row = services.entry(service).or_insert(empty);
        row.counts += counts;
        if level == AccessLevel::PermissionsManagement {
            row.unused_permissions += counts.unused;
        }
    }
    Uses { services: services.into_values().collect(), unknown: compared.unknown.len() }
}

fn role_row(model: &Model, role: &Principal) -> RoleRow {
    let mut powers: Vec<PowerRow> = Vec::new();
    for power in &role.powers {
        let verb = power.label.verb();
        match powers.iter_mut().find(|known| known.verb == verb) {
            Some(known) if power.everywhere && !known.everywhere => {
                *known = PowerRow { verb, everywhere: true, place: power.span };
            }
            Some(_) => {}
            None => powers.push(PowerRow { verb, everywhere: power.everywhere, place: power.span }),
        }
    }
    RoleRow {
        name: role.display().to_owned(),
        place: role.logical_id.span,
        used_by: role.worker(model),
        powers,
        is_partly_unseen: !role.authority.unseen.is_empty() || !role.is_whole(),
        uses: None,
    }
}

pub(super) fn pipelines(model: &Model, options: &Options) -> Vec<PipelineRow> {
    let reported = model.pipelines.iter().filter(|pipeline| options.reports(pipeline.file));
    reported.map(|pipeline| pipeline_row(model, pipeline)).collect()
}

fn pipeline_row(model: &Model, pipeline: &Pipeline) -> PipelineRow {
    let action_row = |action: &PipelineAction| {
        let project = action.project.map(|id| model.project(id));
        let of_build = project.and_then(|project| project.role.as_ref());
        let role = of_build.or(action.execution_role.as_ref()).or(action.role_in(pipeline));
        ActionRow {
            name: action.name.display().into_owned(),
            category: action.category.clone(),
            provider: action.provider.clone(),
            // An approval and a source run nothing.
            role: role.filter(|_| !action.is_approval()).map(|role| role.display()),
            project: project.map(|project| project.display().to_owned()),
            place: action.span,
        }
    };
    let stages = pipeline.stages.iter().map(|stage| StageRow {
        name: stage.name.display().into_owned(),
        actions: stage.actions.iter().map(action_row).collect(),
    });
    PipelineRow {
        name: pipeline.display().to_owned(),
        place: pipeline.logical_id.span,
        role: pipeline.role.as_ref().map(|role| role.display()),
        stages: stages.collect(),
    }
}
