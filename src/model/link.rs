//! Joins what the files declare: policies to principals, roles to what runs with them, buildspecs to
//! projects, projects to pipelines; then works out what follows from it.

mod anonymous;
mod build;
mod policy;
mod role;
mod united;

use super::lower::Fragment;
use super::{Given, Model, authority, deployment, image, script, terraform, trust_level};
use crate::source::{FileId, Sources, Span};
use crate::template::Repository;
use crate::value::{HoleKind, Text};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// One model out of all fragments. `buildspec_files` are those that hold a buildspec.
pub fn link(sources: &Sources, repository: &Repository<'_>, mut fragments: Vec<Fragment>, given: Given) -> Model {
    united::unite(&mut fragments);
    let paths = sources.iter().map(|(_, source)| source.path.clone()).collect();
    let mut model = Model { paths, given, ..Model::default() };
    let mut attachments = Vec::new();
    let mut memberships = Vec::new();
    let mut anonymous = Vec::new();
    let mut policy_names = Vec::new();
    let mut cut_off = Vec::new();
    let mut last_pages = Vec::new();
    // Of these there are many: none is moved twice.
    let count = |of: fn(&Fragment) -> usize| fragments.iter().map(of).sum();
    model.principals.reserve_exact(count(|one| one.principals.len()));
    model.policies.reserve_exact(count(|one| one.policies.len()));
    model.resources.reserve_exact(count(|one| one.resources.len()));
    for mut fragment in fragments {
        model.given.place(&mut fragment);
        fragment.shift(model.principals.len(), model.policies.len(), model.buildspecs.len());
        attachments.append(&mut fragment.attachments);
        anonymous.append(&mut fragment.anonymous);
        policy_names.append(&mut fragment.policy_names);
        memberships.append(&mut fragment.memberships);
        model.principals.append(&mut fragment.principals);
        model.policies.append(&mut fragment.policies);
        model.other_versions.append(&mut fragment.other_versions);
        model.projects.append(&mut fragment.projects);
        model.pipelines.append(&mut fragment.pipelines);
        model.buildspecs.append(&mut fragment.buildspecs);
        model.images.append(&mut fragment.images);
        model.compose.append(&mut fragment.compose);
        model.execution_roles.append(&mut fragment.execution_roles);
        model.services.append(&mut fragment.services);
        model.terraform.append(&mut fragment.terraform);
        model.resources.append(&mut fragment.resources);
        model.shown_parameters.append(&mut fragment.shown_parameters);
        model.placeholders.append(&mut fragment.placeholders);
        model.unresolved.append(&mut fragment.unresolved);
        model.problems.append(&mut fragment.problems);
        if let Some(packages) = &mut fragment.npm_packages {
            model.npm_packages.get_or_insert_default().append(packages);
        }
        model.not_read.append(&mut fragment.not_read);
        cut_off.append(&mut fragment.cut_off);
        last_pages.append(&mut fragment.last_pages);
        model.repaired.append(&mut fragment.repaired);
        model.hidden.append(&mut fragment.hidden);
        model.origins.append(&mut fragment.origins);
    }
    tell_cut_off(&mut model, cut_off, &last_pages);
    anonymous::join(&mut model, anonymous, &policy_names);
    let index = policy::Index::new(&model);
    policy::attach(&mut model, &index, attachments);
    policy::attach_managed(&mut model, &index);
    anonymous::tell_left_out(&mut model);
    policy::join_groups(&mut model, &index, &memberships);
    build::find_buildspecs(&mut model, sources);
    build::find_projects(&mut model);
    script::find_commands(repository, &mut model);
    terraform::find_backend_files(repository, &mut model);
    image::find_uses(&mut model);
    role::resolve(&mut model);
    role::find_uses(&mut model);
    derive(&mut model);
    model
}

/// Says of an output that it stops, unless the last page of the same account lies in another file.
fn tell_cut_off(model: &mut Model, cut_off: Vec<Span>, last_pages: &[FileId]) {
    let accounts = |file: FileId| {
        let principals = model.principals.iter().filter(|one| one.file == file).map(|one| one.account.as_deref());
        let policies = model.policies.iter().filter(|one| one.file == file).map(|one| one.owner.account.as_deref());
        principals.chain(policies).flatten().collect::<BTreeSet<&str>>()
    };
    let goes_on = |span: &Span| {
        let own = accounts(span.file);
        !own.is_empty() && last_pages.iter().any(|file| own.is_subset(&accounts(*file)))
    };
    let text = "the output stops here and more was to come: leave out `--max-items`";
    let told: Vec<(Span, String)> =
        cut_off.into_iter().filter(|span| !goes_on(span)).map(|span| (span, text.to_owned())).collect();
    model.not_read.extend(told);
}

/// What follows from the links, each from what stands before it.
fn derive(model: &mut Model) {
    for id in 0..model.projects.len() {
        model.projects[id].deploys = deployment::evidence(model, &model.projects[id]);
    }
    for id in 0..model.projects.len() {
        let project = &model.projects[id];
        let own = trust_level::from_webhook(project);
        let piped = project.run_by.iter().map(|at| trust_level::from_pipeline(model, *at));
        let least = own.into_iter().chain(piped).min_by_key(|trust| trust.level);
        model.projects[id].trust =
            least.unwrap_or_else(|| trust_level::CodeTrust { is_assumed: true, ..Default::default() });
    }
    model.principals.par_iter_mut().for_each(|principal| principal.powers = authority::find_powers(principal));
    role::put_strongest_first(model);
    model.deployers = deployment::deployers(model);
}

/// The resource that a text refers to, with its file: `!Ref Id`, `!GetAtt Id.Arn`, or `${Id}` alone
/// in an `Fn::Sub`.
fn referred(text: &Text) -> Option<(FileId, String)> {
    let hole = text.as_hole().filter(|hole| hole.kind == HoleKind::Resource)?;
    let id = hole.logical_id();
    Some((hole.template, id.to_owned()))
}

/// The last part of the path of an ARN, or the whole text: the name that the ARN gives.
fn last_segment(text: &Text) -> Option<String> {
    let shown = text.display();
    let name = shown.rsplit('/').next().unwrap_or(&shown).to_owned();
    (!name.is_empty() && !name.contains("${")).then_some(name)
}
