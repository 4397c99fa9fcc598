//! Roles that come with an account: those that AWS makes for its services, those of an organisation, those of the
//! bootstrap of the CDK. Told by path, name and trust policy.

use super::principal::{Principal, PrincipalKind};

/// Names of roles that Organizations, Control Tower and stack sets work with. They are administrators, and let the account
/// in that the organisation is managed from.
pub const OF_ORGANISATION: [&str; 3] =
    ["AWSCloudFormationStackSetExecutionRole", "AWSControlTowerExecution", "OrganizationAccountAccessRole"];

/// Roles by which an organisation reaches into an account: those that people take through IAM Identity Center, at a
/// path where AWS alone changes roles, and those that Organizations, Control Tower and stack sets work with.
///
/// Source: <https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>
/// Source: <https://repost.aws/knowledge-center/identity-center-aws-reserved-sso>
/// Source: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html>
/// Source: <https://docs.aws.amazon.com/controltower/latest/userguide/roles-how.html>
/// Source: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-prereqs-self-managed.html>
pub fn is_of_organisation(principal: &Principal) -> bool {
    let is_of_people = || principal.path.as_deref().is_some_and(|path| path.starts_with("/aws-reserved/sso."));
    let is_named =
        || name(principal).is_some_and(|name| OF_ORGANISATION.contains(&name) || name.starts_with("stacksets-exec-"));
    principal.kind == PrincipalKind::Role && (is_of_people() || is_named())
}

/// A role that a service makes for itself. Who calls another role so makes it no such role: services alone take these.
///
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html>
pub fn is_service_linked(principal: &Principal) -> bool {
    name(principal).is_some_and(|name| name.starts_with("AWSServiceRoleFor")) && principal.trusted_services().is_some()
}

/// The role that `cdk deploy` takes to deploy with: `cdk-QUALIFIER-deploy-role-ACCOUNT-REGION`.
///
/// Source: <https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html>
pub fn is_of_bootstrap(principal: &Principal) -> bool {
    let is_so_named = |name: &str| name.starts_with("cdk-") && name.contains("-deploy-role-");
    principal.kind == PrincipalKind::Role && principal.name.as_ref().is_some_and(|name| is_so_named(&name.display()))
}

fn name(principal: &Principal) -> Option<&str> {
    principal.name.as_ref()?.literal()
}
