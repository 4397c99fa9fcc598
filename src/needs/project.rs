//! What the builds of a CodeBuild project need by its properties. What their commands need is not
//! among it.

use super::arn::{Place, hole, is_arn, split_once};
use super::draft::{Draft, all, says, text, texts};
use super::names::Names;
use super::storage::{self, artifact_key};
use super::{Needs, fleet, variables};
use crate::model::project::BuildspecRef;
use crate::model::{BuildProject, Model};
use crate::source::Span;
use crate::value::{HoleKind, Part, Text, Value};

pub const SERVICE_ROLE: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/setting-up-service-role.html";
const VPC: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/auth-and-access-control-iam-identity-based-access-control.html";
const REPORTS: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/test-permissions.html";
const REGISTRY: &str =
    "https://docs.aws.amazon.com/codebuild/latest/userguide/private-registry-sample-create-project.html";
const CONNECTIONS: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/connections-github-app.html";
const TOKENS: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/multiple-access-tokens.html";
const FULL_CLONE: &str = "https://docs.aws.amazon.com/codepipeline/latest/userguide/tutorials-github-gitclone.html";
const EFS: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/sample-efs.html";
const SESSIONS: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/session-manager.html";
const BATCH: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/batch-build.html";
const PUBLIC: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/public-builds.html";

/// What builds need of the service role.
pub fn of_project(model: &Model, names: &Names<'_>, project: &BuildProject) -> Needs {
    let mut draft = Draft::new(model, names, place(project));
    logs(&mut draft, project);
    sources(&mut draft, project);
    storage::artifacts(&mut draft, project);
    storage::pipeline_artifacts(&mut draft, project);
    storage::cache(&mut draft, project);
    storage::encryption(&mut draft, project);
    environment(&mut draft, project);
    variables::of_project(&mut draft, project);
    network(&mut draft, project);
    reports(&mut draft, project);
    debugging(&mut draft, project);
    draft.found
}

/// What a batch needs of its own role, which starts the builds of it.
pub fn of_batch(model: &Model, names: &Names<'_>, project: &BuildProject) -> Needs {
    let mut draft = Draft::new(model, names, place(project));
    for role in texts(&project.properties, "BuildBatchConfig.ServiceRole") {
        let own = project_arn(&draft.place, project);
        let actions = "codebuild:StartBuild codebuild:StopBuild codebuild:RetryBuild";
        draft.need(actions, vec![own], role.span, "starts the builds of a batch", BATCH);
    }
    draft.found
}

/// What those who look at builds that are public need of the role for it.
pub fn of_public_builds(model: &Model, names: &Names<'_>, project: &BuildProject) -> Needs {
    let mut draft = Draft::new(model, names, place(project));
    for role in texts(&project.properties, "ResourceAccessRole") {
        if writes_logs(&project.properties) {
            let streams = vec![log_group(&draft.place, project, ":*")];
            draft.need("logs:GetLogEvents", streams, role.span, "shows the log of public builds", PUBLIC);
        }
        for artifact in storage::artifacts_in_s3(project) {
            let keys = artifact_key(&draft, project, artifact);
            storage::reading(&mut draft, keys, role.span, "shows the artifacts of public builds", PUBLIC);
        }
    }
    draft.found
}

pub fn place(project: &BuildProject) -> Place {
    Place::of(&project.properties, Span { file: project.file, ..project.logical_id.span })
}

/// The name, or the reference that gives the name that CloudFormation makes up.
pub fn name(project: &BuildProject) -> Text {
    let id = &project.logical_id;
    let unnamed = || Text::from_hole(hole(&id.value, HoleKind::Resource, id.span, project.file));
    project.name.clone().unwrap_or_else(unnamed)
}

pub fn project_arn(place: &Place, project: &BuildProject) -> Text {
    place.arn("codebuild", &[&place.text("project/"), &name(project)])
}

fn writes_logs(properties: &Value) -> bool {
    !says(properties, "LogsConfig.CloudWatchLogs.Status", "DISABLED")
}

fn log_group(place: &Place, project: &BuildProject, behind: &str) -> Text {
    let group = text(&project.properties, "LogsConfig.CloudWatchLogs.GroupName");
    let (front, group) = match &group {
        Some(group) => ("log-group:", group.clone()),
        None => ("log-group:/aws/codebuild/", name(project)),
    };
    place.arn("logs", &[&place.text(front), &group, &place.text(behind)])
}

fn logs(draft: &mut Draft<'_>, project: &BuildProject) {
    let properties = &project.properties;
    if writes_logs(properties) {
        let config = all(properties, "LogsConfig.CloudWatchLogs");
        let span = config.first().map_or(project.logical_id.span, |config| config.span());
        let group = text(properties, "LogsConfig.CloudWatchLogs.GroupName");
        let stream = text(properties, "LogsConfig.CloudWatchLogs.StreamName");
        let place = draft.place.clone();
        let streams = match &stream {
            Some(stream) => {
                let front = log_group(&place, project, ":log-stream:");
                super::arn::joined([&front, stream, &place.text("/*")], span)
            }
            None => log_group(&place, project, ":*"),
        };
        let reason = "writes its log to CloudWatch Logs";
        draft.need("logs:CreateLogStream logs:PutLogEvents", vec![streams], span, reason, SERVICE_ROLE);
        if !group.is_some_and(|group| is_declared_group(draft, &group)) {
            let groups = vec![log_group(&place, project, ""), log_group(&place, project, ":*")];
            let reason = "makes its log group where there is none yet";
            draft.need("logs:CreateLogGroup", groups, span, reason, SERVICE_ROLE).likely();
        }
    }
    for config in all(properties, "LogsConfig.S3Logs") {
        if !says(config, "Status", "ENABLED") {
            continue;
        }
        for location in texts(config, "Location") {
            let keys = storage::below(&draft.place, &location);
            let need = "s3:PutObject";
            draft.need(need, vec![keys], location.span, "writes its log to S3", SERVICE_ROLE);
            storage::bucket_identity(draft, &location);
            if text(config, "BucketOwnerAccess").is_some() {
                let keys = storage::below(&draft.place, &location);
                let reason = "gives the owner of the bucket access to its log";
                draft.need("s3:PutObjectAcl", vec![keys], location.span, reason, SERVICE_ROLE);
            }
        }
    }
}

/// Whether the template makes the log group, so that builds need not.
fn is_declared_group(draft: &Draft<'_>, group: &Text) -> bool {
    let resolved = draft.names.resolved(group);
    draft.names.resource(group).is_some_and(|resource| resource.kind == "AWS::Logs::LogGroup")
        || draft.model.resources.iter().filter(|resource| resource.kind == "AWS::Logs::LogGroup").any(|resource| {
            let own = resource.value().and_then(|value| text(value, "LogGroupName"));
            own.is_some_and(|own| draft.names.resolved(&own) == resolved)
        })
}

fn sources(draft: &mut Draft<'_>, project: &BuildProject) {
    let properties = &project.properties;
    let all_sources = [all(properties, "Source"), all(properties, "SecondarySources")].concat();
    for source in all_sources {
        for location in texts(source, "Location") {
            if says(source, "Type", "S3") {
                storage::source(draft, &location);
            } else if says(source, "Type", "CODECOMMIT") {
                code_commit(draft, &location);
            }
        }
        for auth in all(source, "Auth") {
            for resource in texts(auth, "Resource") {
                if says(auth, "Type", "CODECONNECTIONS") {
                    connection(draft, &resource);
                } else if says(auth, "Type", "SECRETS_MANAGER") {
                    let secret = variables::secret_arn(draft, &resource);
                    let reason = "reads the token for its source";
                    let action = "secretsmanager:GetSecretValue";
                    draft.need(action, vec![secret], resource.span, reason, TOKENS);
                }
            }
        }
    }
    if let BuildspecRef::Elsewhere { span, .. } = &project.source.buildspec
        && let Some(object) = text(properties, "Source.BuildSpec").filter(is_arn)
    {
        storage::reading(draft, vec![object], *span, "reads its buildspec from S3", SERVICE_ROLE);
    }
    full_clone(draft, project);
}

/// `https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/shop`
fn code_commit(draft: &mut Draft<'_>, location: &Text) {
    let reason = "fetches its source from CodeCommit";
    let Some((before, repository)) = split_once(location, "/v1/repos/") else {
        draft.unknown("which CodeCommit repository the source is in is not known", location.span);
        return;
    };
    let region = split_once(&before, "git-codecommit.").and_then(|(_, rest)| split_once(&rest, ".amazonaws"));
    let region = region.map_or_else(|| draft.place.region.clone(), |(region, _)| region);
    let arn = draft.place.at("codecommit", &region, &draft.place.account, &[&repository]);
    draft.need("codecommit:GitPull", vec![arn], location.span, reason, SERVICE_ROLE);
}

/// Actions of the two names of the service, as the ARN of the connection has it.
pub fn connection_actions(connection: &Text, actions: &[&str]) -> String {
    let is_new = connection.display().contains(":codeconnections:");
    let prefix = if is_new { "codeconnections" } else { "codestar-connections" };
    actions.iter().map(|action| format!("{prefix}:{action} ")).collect()
}

fn connection(draft: &mut Draft<'_>, connection: &Text) {
    let certain = connection_actions(connection, &["GetConnectionToken", "GetConnection"]);
    let reason = "fetches its source through a connection";
    let arn = vec![connection.clone()];
    draft.need(&certain, arn.clone(), connection.span, reason, CONNECTIONS);
    draft.need(&connection_actions(connection, &["UseConnection"]), arn, connection.span, reason, CONNECTIONS).likely();
}

/// A pipeline that hands on a reference to the repository leaves it to the build to clone it.
fn full_clone(draft: &mut Draft<'_>, project: &BuildProject) {
    for at in &project.run_by {
        let pipeline = &draft.model.pipelines[at.pipeline];
        let clones = pipeline.actions().filter(|(_, _, _, action)| {
            let format = action.setting("OutputArtifactFormat").and_then(Text::literal);
            action.is_source() && format == Some("CODEBUILD_CLONE_REF")
        });
        for (_, _, _, action) in clones {
            let reason = "clones the repository that its pipeline names";
            if let Some(connection) = action.setting("ConnectionArn") {
                let needed = connection_actions(connection, &["UseConnection"]);
                let arn = vec![connection.clone()];
                draft.need(&needed, arn, project.source.span, reason, FULL_CLONE);
            } else if let Some(repository) = action.setting("RepositoryName") {
                let arn = draft.place.arn("codecommit", &[repository]);
                draft.need("codecommit:GitPull", vec![arn], project.source.span, reason, FULL_CLONE);
            }
        }
    }
}

fn environment(draft: &mut Draft<'_>, project: &BuildProject) {
    let properties = &project.properties;
    let with_own_role = says(properties, "Environment.ImagePullCredentialsType", "SERVICE_ROLE");
    for image in texts(properties, "Environment.Image").into_iter().filter(|_| with_own_role) {
        if let Some(repository) = image_repository(draft, &image) {
            let reason = "pulls its image from ECR";
            let pull = "ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage";
            draft.need(pull, vec![repository], image.span, reason, SERVICE_ROLE);
            let any = vec![draft.place.text("*")];
            draft.need("ecr:GetAuthorizationToken", any, image.span, reason, SERVICE_ROLE);
        }
    }
    for credential in texts(properties, "Environment.RegistryCredential.Credential") {
        let secret = variables::secret_arn(draft, &credential);
        let reason = "reads the login to the registry of its image";
        draft.need("secretsmanager:GetSecretValue", vec![secret], credential.span, reason, REGISTRY);
    }
    for certificate in texts(properties, "Environment.Certificate") {
        let object = storage::object(&draft.place, &certificate);
        draft.need("s3:GetObject", vec![object], certificate.span, "reads its certificate from S3", SERVICE_ROLE);
        storage::bucket_identity(draft, &certificate);
    }
}

/// `111122223333.dkr.ecr.eu-west-1.amazonaws.com/tools/build:1`, and the same with the URI that the
/// repository has as an attribute.
fn image_repository(draft: &Draft<'_>, image: &Text) -> Option<Text> {
    let untagged = |text: Text| {
        let cut = split_once(&text, "@").map_or(text, |(name, _)| name);
        split_once(&cut, ":").map_or(cut, |(name, _)| name)
    };
    if let Some(Part::Hole(first)) = image.parts.first()
        && let Some(id) = first.name.strip_suffix(".RepositoryUri")
    {
        let name = Text::from_hole(hole(id, HoleKind::Resource, first.span, first.template));
        return Some(draft.place.arn("ecr", &[&draft.place.text("repository/"), &name]));
    }
    let (account, rest) = split_once(image, ".dkr.ecr.")?;
    let (region, rest) = split_once(&rest, ".amazonaws.com")?;
    let (_, name) = split_once(&rest, "/")?;
    Some(draft.place.at("ecr", &region, &account, &[&draft.place.text("repository/"), &untagged(name)]))
}

/// What CodeBuild needs to give a machine an interface in a VPC.
pub fn in_vpc(draft: &mut Draft<'_>, vpc: &Value) {
    let reason = "works in a VPC";
    let any = vec![draft.place.text("*")];
    let actions = "ec2:CreateNetworkInterface ec2:DescribeDhcpOptions ec2:DescribeNetworkInterfaces \
                   ec2:DeleteNetworkInterface ec2:DescribeSubnets ec2:DescribeSecurityGroups ec2:DescribeVpcs";
    draft.need(actions, any, vpc.span(), reason, VPC);
    let place = draft.place.clone();
    let subnet = |id: &Text| place.arn("ec2", &[&place.text("subnet/"), id]);
    let subnets: Vec<Text> = texts(vpc, "Subnets").iter().map(subnet).collect();
    let interfaces = vec![place.arn("ec2", &[&place.text("network-interface/*")])];
    let service = vec![place.text("codebuild.amazonaws.com")];
    let need = draft.need("ec2:CreateNetworkInterfacePermission", interfaces, vpc.span(), reason, VPC);
    need.under("StringEquals", "ec2:AuthorizedService", service);
    if !subnets.is_empty() {
        need.under("ArnEquals", "ec2:Subnet", subnets);
    }
}

fn network(draft: &mut Draft<'_>, project: &BuildProject) {
    let properties = &project.properties;
    match all(properties, "VpcConfig").first() {
        Some(vpc) => in_vpc(draft, vpc),
        None => fleet::of_overflow(draft, project),
    }
    for system in all(properties, "FileSystemLocations") {
        let reason = "mounts a file system, where the policy of the file system asks for it";
        let location = texts(system, "Location").into_iter().next();
        let id = location.as_ref().and_then(|location| split_once(location, ".efs.")).map(|(id, _)| id);
        let id = id.unwrap_or_else(|| draft.place.text("*"));
        let arn = draft.place.arn("elasticfilesystem", &[&draft.place.text("file-system/"), &id]);
        let actions = "elasticfilesystem:ClientMount elasticfilesystem:ClientWrite";
        draft.need(actions, vec![arn], system.span(), reason, EFS).likely();
    }
}

/// Formats of the coverage of code.
const COVERAGE: [&str; 5] = ["CLOVERXML", "COBERTURAXML", "JACOCOXML", "SIMPLECOV", "LCOV"];

fn reports(draft: &mut Draft<'_>, project: &BuildProject) {
    let Some(source) = draft.model.buildspec_of(project) else { return };
    for report in &source.buildspec.reports {
        let group = Text::at(report.group.value.as_str(), report.group.span);
        let is_given = is_arn(&group);
        let place = draft.place.clone();
        let arn = match is_given {
            true => group,
            false => place.arn("codebuild", &[&place.text("report-group/"), &name(project), &place.text("-"), &group]),
        };
        let span = report.group.span;
        let reason = format!("writes the report `{}`", report.group.value);
        let format = report.file_format.as_ref().and_then(Text::literal).unwrap_or_default();
        let is_coverage = COVERAGE.iter().any(|known| known.eq_ignore_ascii_case(format));
        let what = if is_coverage { "codebuild:BatchPutCodeCoverages" } else { "codebuild:BatchPutTestCases" };
        let actions = format!("codebuild:CreateReport codebuild:UpdateReport {what}");
        draft.need(&actions, vec![arn.clone()], span, reason.clone(), REPORTS);
        if !is_given {
            draft.need("codebuild:CreateReportGroup", vec![arn], span, reason, REPORTS);
        }
    }
}

/// `codebuild-breakpoint` holds a build until somebody has looked into it.
fn debugging(draft: &mut Draft<'_>, project: &BuildProject) {
    let commands = draft.model.own_commands_of(project);
    if let Some(command) = commands.iter().find(|command| command.program() == "codebuild-breakpoint") {
        let any = vec![draft.place.text("*")];
        let actions = "ssmmessages:CreateControlChannel ssmmessages:CreateDataChannel \
                       ssmmessages:OpenControlChannel ssmmessages:OpenDataChannel";
        draft.need(actions, any, command.root(), "lets somebody look into a build that is held", SESSIONS);
    }
}
