//! The registry of analyses: one constant table, one file each.

mod access_key;
mod account_trust;
mod action_resource_mismatch;
mod administrator;
mod approver;
mod assumed_role;
mod base_image;
mod branch_filter;
mod broader_resource;
mod broader_version;
mod build_image;
mod build_password;
mod build_without_log;
mod buildspec_filter;
mod chain;
mod command_line_password;
mod compose_escape;
mod control_policy;
mod credential_in_url;
mod cross_account_key;
mod deploy_permission;
mod dummy_credentials;
mod environment_variable;
mod escalation_path;
mod evaluated_variable;
mod every_action;
mod existing_role;
mod failed_build_artifact;
mod fed_build;
mod fixed_partition;
mod foreign_writer;
mod grants_action;
mod ignored_syntax;
mod image_secret;
mod install_without_lockfile;
mod legacy_policy;
mod missing_approval;
mod missing_permission;
mod named_image;
mod negated_element;
mod oidc_subject;
mod oidc_trust;
mod old_version;
mod opaque_commands;
mod output_without_files;
mod overruled_allow;
mod own_build_image;
mod own_function;
mod own_source;
mod pass_role;
mod pipe_to_shell;
mod pipeline_control;
mod pipeline_role;
mod pipeline_services;
mod pipeline_variable;
mod placeholder_value;
mod policy_validation;
mod privileged_mode;
mod property_value;
mod public_resource;
mod public_trust;
mod pull_request_deploy;
mod reach;
mod region_without_store;
mod release_source;
mod remote_add;
mod root_user;
mod secret_in_logs;
mod secret_literal;
mod service_role_missing;
mod service_trust;
mod service_wildcard;
mod shared_bucket;
mod shared_build_state;
mod shared_environment;
mod shared_role;
mod shared_trust;
mod source_without_versions;
mod source_writer;
mod stake;
mod stale_role;
mod start_deploy_project;
mod statement_grammar;
mod static_credentials;
mod syntax_problem;
mod template_drift;
mod tls_verification;
mod unavailable_policy;
mod unbounded_role;
mod uneven_filters;
mod unknown_action;
mod unknown_buildspec_key;
mod unknown_deployer;
mod unknown_filter;
mod unknown_property;
mod unknown_type;
mod unpinned_framework;
mod unpinned_install;
mod unresolved_variable;
mod unseen_trigger;
mod unsigned_package;
mod untrusted_build;
mod untrusted_buildspec;
mod untrusted_writer;
mod unused_permission;
mod unwritten_source;
mod validation_words;
mod webhook_pattern;
mod webhook_scope;
mod whole_context;
mod world_writable;
mod write_anywhere;

pub use chain::list;
pub use deploy_permission::exempt_because;
pub use existing_role::resource_types;

use super::{Analysis, Context, Finding};
use crate::model::Policy;
use rayon::prelude::*;
use std::collections::HashSet;

/// Every analysis there is, sorted by name.
pub const ANALYSES: &[Analysis] = &[
    access_key::ANALYSIS,
    account_trust::ANALYSIS,
    action_resource_mismatch::ANALYSIS,
    administrator::ANALYSIS,
    approver::ANALYSIS,
    assumed_role::ANALYSIS,
    base_image::ANALYSIS,
    branch_filter::ANALYSIS,
    broader_resource::ANALYSIS,
    broader_version::ANALYSIS,
    build_image::ANALYSIS,
    build_password::ANALYSIS,
    build_without_log::ANALYSIS,
    buildspec_filter::ANALYSIS,
    command_line_password::ANALYSIS,
    compose_escape::ANALYSIS,
    credential_in_url::ANALYSIS,
    cross_account_key::ANALYSIS,
    deploy_permission::ANALYSIS,
    dummy_credentials::ANALYSIS,
    environment_variable::ANALYSIS,
    escalation_path::ANALYSIS,
    evaluated_variable::ANALYSIS,
    every_action::ANALYSIS,
    existing_role::ANALYSIS,
    failed_build_artifact::ANALYSIS,
    fed_build::ANALYSIS,
    fixed_partition::ANALYSIS,
    foreign_writer::ANALYSIS,
    grants_action::ANALYSIS,
    ignored_syntax::ANALYSIS,
    image_secret::ANALYSIS,
    install_without_lockfile::ANALYSIS,
    legacy_policy::ANALYSIS,
    missing_approval::ANALYSIS,
    missing_permission::ANALYSIS,
    negated_element::ANALYSIS,
    oidc_subject::ANALYSIS,
    oidc_trust::ANALYSIS,
    old_version::ANALYSIS,
    opaque_commands::ANALYSIS,
    output_without_files::ANALYSIS,
    overruled_allow::ANALYSIS,
    own_build_image::ANALYSIS,
    own_source::ANALYSIS,
    pass_role::ANALYSIS,
    pipe_to_shell::ANALYSIS,
    pipeline_control::ANALYSIS,
    pipeline_role::ANALYSIS,
    pipeline_variable::ANALYSIS,
    placeholder_value::ANALYSIS,
    policy_validation::ANALYSIS,
    privileged_mode::ANALYSIS,
    property_value::ANALYSIS,
    public_resource::ANALYSIS,
    public_trust::ANALYSIS,
    pull_request_deploy::ANALYSIS,
    region_without_store::ANALYSIS,
    remote_add::ANALYSIS,
    root_user::ANALYSIS,
    secret_in_logs::ANALYSIS,
    secret_literal::ANALYSIS,
    service_role_missing::ANALYSIS,
    service_trust::ANALYSIS,
    service_wildcard::ANALYSIS,
    shared_bucket::ANALYSIS,
    shared_build_state::ANALYSIS,
    shared_environment::ANALYSIS,
    shared_role::ANALYSIS,
    shared_trust::ANALYSIS,
    source_without_versions::ANALYSIS,
    source_writer::ANALYSIS,
    stale_role::ANALYSIS,
    start_deploy_project::ANALYSIS,
    statement_grammar::ANALYSIS,
    static_credentials::ANALYSIS,
    syntax_problem::ANALYSIS,
    template_drift::ANALYSIS,
    tls_verification::ANALYSIS,
    unavailable_policy::ANALYSIS,
    unbounded_role::ANALYSIS,
    uneven_filters::ANALYSIS,
    unknown_action::ANALYSIS,
    unknown_buildspec_key::ANALYSIS,
    unknown_deployer::ANALYSIS,
    unknown_filter::ANALYSIS,
    unknown_property::ANALYSIS,
    unknown_type::ANALYSIS,
    unpinned_framework::ANALYSIS,
    unpinned_install::ANALYSIS,
    unresolved_variable::ANALYSIS,
    unseen_trigger::ANALYSIS,
    unsigned_package::ANALYSIS,
    untrusted_build::ANALYSIS,
    untrusted_buildspec::ANALYSIS,
    untrusted_writer::ANALYSIS,
    unused_permission::ANALYSIS,
    unwritten_source::ANALYSIS,
    webhook_pattern::ANALYSIS,
    webhook_scope::ANALYSIS,
    whole_context::ANALYSIS,
    world_writable::ANALYSIS,
    write_anywhere::ANALYSIS,
];

/// What is found in each policy, in their order, asked of several at a time. One place is told once:
/// a statement under a condition is read once for each way it can turn out.
fn of_policies<'c, F>(context: &Context<'c>, of_policy: impl Fn(&'c Policy) -> F + Sync) -> Vec<Finding>
where
    F: IntoIterator<Item = Finding>,
{
    let found: Vec<Vec<Finding>> =
        context.model.policies.par_iter().map(|policy| of_policy(policy).into_iter().collect()).collect();
    let mut told = HashSet::new();
    found.into_iter().flatten().filter(|finding| told.insert(finding.span)).collect()
}
