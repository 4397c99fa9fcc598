//! The catalogue as the engine asks it: names, resources and keys of known actions.

use super::*;

fn types(full: &str) -> Vec<(&'static str, bool)> {
    action(full).unwrap().resource_types().map(|(resource, required)| (resource.name(), required)).collect()
}

fn needs(client: &str, operation: &str) -> Option<Vec<(String, bool)>> {
    let actions = operation_actions(client, operation)?;
    Some(actions.into_iter().map(|(action, always)| (action.full_name(), always)).collect())
}

fn needed(client: &str, operation: &str) -> Vec<String> {
    needs(client, operation).unwrap().into_iter().map(|(name, _)| name).collect()
}

#[test]
fn services_and_actions_are_found_in_any_case() {
    let s3 = service("S3").unwrap();
    assert_eq!((s3.prefix(), s3.name()), ("s3", "Amazon S3"));
    assert_eq!(action("IAM:createROLE").unwrap().full_name(), "iam:CreateRole");
    assert_eq!(s3.action("getobject"), action("s3:GetObject"));
    assert_eq!(s3.resource_type("BUCKET").unwrap().name(), "bucket");
}

#[test]
fn what_is_not_an_action_is_not_found() {
    for name in ["", ":", "s3", "s3:", ":GetObject", "s3:GetObjec", "s3:GetObject*", "s3:GetObject:x", "s4:GetObject"] {
        assert_eq!(action(name), None, "{name}");
    }
    assert_eq!(service(""), None);
    assert_eq!(service("s3 "), None);
    assert_eq!(Action::at(action_count()), None);
}

#[test]
fn getting_an_object_is_a_read_of_an_object() {
    let get = action("s3:GetObject").unwrap();
    assert_eq!(get.level(), AccessLevel::Read);
    assert_eq!(types("s3:GetObject"), [("accesspointobject", false), ("object", false)]);
    let object = get.service().resource_type("object").unwrap();
    assert_eq!(object.arns().collect::<Vec<_>>(), ["arn:${Partition}:s3:::${BucketName}/${ObjectName}"]);
}

#[test]
fn passing_a_role_always_names_a_role() {
    assert_eq!(types("iam:PassRole"), [("role", true)]);
    let keys: Vec<_> = action("iam:PassRole").unwrap().own_condition_keys().map(Key::name).collect();
    assert_eq!(keys, ["iam:AssociatedResourceArn", "iam:PassedToService"]);
    let role = service("iam").unwrap().resource_type("role").unwrap();
    assert_eq!(role.arns().collect::<Vec<_>>(), ["arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}"]);
}

#[test]
fn some_actions_are_granted_on_the_star_only() {
    for name in ["ecr:GetAuthorizationToken", "s3:ListAllMyBuckets", "ec2:DescribeInstances", "sts:GetCallerIdentity"] {
        assert!(!action(name).unwrap().supports_resource_level(), "{name}");
    }
    for name in ["ecr:PutImage", "s3:ListBucket", "sts:AssumeRole", "codebuild:StartBuild"] {
        assert!(action(name).unwrap().supports_resource_level(), "{name}");
    }
}

#[test]
fn assuming_a_role_is_a_write_on_a_role() {
    let assume = action("sts:AssumeRole").unwrap();
    assert_eq!(assume.level(), AccessLevel::Write);
    assert_eq!(types("sts:AssumeRole"), [("role", true)]);
    assert!(assume.condition_keys().any(|key| key == "sts:ExternalId"));
}

#[test]
fn a_level_of_two_words_is_the_narrower_one() {
    let level = |name| action(name).unwrap().level();
    assert_eq!(level("s3:PutBucketPolicy"), AccessLevel::PermissionsManagement);
    assert_eq!(level("iam:TagRole"), AccessLevel::Tagging);
    assert_eq!(level("s3:ListBucket"), AccessLevel::List);
}

#[test]
fn the_reviewed_level_leaves_the_level_of_aws_alone() {
    let create = action("iam:CreateAccessKey").unwrap();
    assert_eq!(create.level(), AccessLevel::Write);
    assert_eq!(create.reviewed_level(), AccessLevel::PermissionsManagement);
    assert!(create.is_sensitive());

    let put = action("s3:PutObject").unwrap();
    assert_eq!(put.level(), put.reviewed_level());
    assert!(!put.is_sensitive());
}

#[test]
fn starting_an_instance_may_need_passing_a_role() {
    let dependents: Vec<String> = action("ec2:RunInstances").unwrap().dependents().collect();
    assert_eq!(dependents, ["ec2:CreateTags", "iam:PassRole", "ssm:GetParameters"]);
}

#[test]
fn the_keys_of_an_action_include_those_of_its_resource_types() {
    let get = action("s3:GetObject").unwrap();
    let own: Vec<&str> = get.own_condition_keys().map(Key::name).collect();
    let all: Vec<&str> = get.condition_keys().collect();
    assert!(own.contains(&"s3:ExistingObjectTag/<key>"));
    assert!(own.iter().all(|key| all.contains(key)));
    assert!(!own.contains(&"s3:DataAccessPointArn"));
    assert!(all.contains(&"s3:DataAccessPointArn"), "of the type accesspointobject");
}

#[test]
fn a_key_may_be_documented_for_one_resource_type_of_an_action() {
    let run = action("ec2:RunInstances").unwrap();
    let on = |name| run.condition_keys_on(service("ec2").unwrap().resource_type(name).unwrap()).map(Key::name);
    assert!(on("instance").any(|key| key == "ec2:InstanceType"));
    assert!(!on("subnet").any(|key| key == "ec2:InstanceType"));
    assert!(run.condition_keys().any(|key| key == "ec2:InstanceType"));
}

#[test]
fn keys_are_typed() {
    let kind = |prefix, key| key_type(service(prefix).unwrap(), key);
    assert_eq!(kind("iam", "iam:PassedToService"), Some(KeyType::String));
    assert_eq!(kind("iam", "IAM:permissionsboundary"), Some(KeyType::Arn));
    assert_eq!(kind("s3", "aws:SourceIp"), Some(KeyType::IpAddress));
    assert_eq!(kind("s3", "aws:TagKeys"), Some(KeyType::ArrayOfString));
    assert_eq!(kind("sts", "cognito-identity.amazonaws.com:amr"), Some(KeyType::ArrayOfString));
    assert_eq!(kind("s3", "s3:nonsense"), None);
    assert_eq!(kind("s3", "iam:PassedToService"), None);
    assert!(KeyType::ArrayOfArn.is_array() && KeyType::ArrayOfArn.element() == KeyType::Arn);
}

#[test]
fn a_placeholder_stands_for_some_text() {
    let key = |prefix, name| condition_key(service(prefix).unwrap(), name).map(Key::name);
    assert_eq!(key("s3", "s3:existingobjecttag/Team"), Some("s3:ExistingObjectTag/<key>"));
    assert_eq!(key("ec2", "aws:ResourceTag/team"), Some("aws:ResourceTag/${TagKey}"));
    assert_eq!(key("sqs", "aws:PrincipalTag/a/b"), Some("aws:PrincipalTag/${TagKey}"));
    assert_eq!(key("ec2", "aws:ResourceTag/"), None);
    let project = "codebuild:secondarySources/app.location";
    assert_eq!(key("codebuild", project), Some("codebuild:secondarySources/${sourceIdentifier}.location"));
    assert_eq!(key("codebuild", "codebuild:secondarySources/ä"), None);
}

#[test]
fn global_keys_say_when_they_are_there_and_what_they_repeat() {
    let arn = global_key("AWS:principalarn").unwrap();
    assert_eq!(arn.presence(), Presence::Signed);
    assert_eq!(arn.category(), Some(Category::Principal));
    assert_eq!(arn.projection(), Some(Projection::PrincipalArn));
    assert_eq!(global_key("aws:SecureTransport").unwrap().presence(), Presence::Always);
    assert_eq!(global_key("aws:MultiFactorAuthPresent").unwrap().presence(), Presence::Session);
    assert_eq!(global_key("aws:SourceVpce").unwrap().presence(), Presence::Sometimes);
    assert_eq!(global_key("aws:SourceVpce").unwrap().projection(), None);
    assert_eq!(global_key("iam:PassedToService"), None);

    let own = condition_key(service("iam").unwrap(), "iam:PassedToService").unwrap();
    assert_eq!((own.category(), own.presence(), own.projection()), (None, Presence::Sometimes, None));
}

#[test]
fn identity_providers_have_keys() {
    let key = |name: &str| provider_key(name).map(Key::name);
    assert_eq!(key("token.actions.githubusercontent.com:REF"), Some("token.actions.githubusercontent.com:ref"));
    assert_eq!(key("token.actions.githubusercontent.com:sub"), Some("${Provider}:sub"));
    assert_eq!(key("token.actions.githubusercontent.com:nonsense"), None);
    assert_eq!(key("oidc.eks.eu-west-1.amazonaws.com/id/0123:aud"), Some("${Provider}:aud"));
    assert_eq!(key("SAML:aud"), Some("saml:aud"));
    assert_eq!(key("s3:sub"), None);
}

#[test]
fn a_managed_policy_is_found_by_name_path_and_arn() {
    let name = "AWSCodeBuildAdminAccess";
    let found = managed_policy(name).unwrap();
    assert_eq!((found.name(), found.arn()), (name, "arn:aws:iam::aws:policy/AWSCodeBuildAdminAccess".to_owned()));
    assert_eq!(managed_policy(&found.arn()), Some(found));
    assert_eq!(managed_policy("arn:aws-cn:iam::aws:policy/AWSCodeBuildAdminAccess"), Some(found));

    let role = managed_policy("AWSLambdaRole").unwrap();
    assert_eq!(role.path(), "service-role/AWSLambdaRole");
    assert_eq!(managed_policy("service-role/AWSLambdaRole"), Some(role));
    assert_eq!(managed_policy("arn:aws:iam::aws:policy/service-role/AWSLambdaRole"), Some(role));
}

#[test]
fn a_wrong_path_names_no_managed_policy() {
    for name in [
        "",
        "Nonsense",
        "awslambdarole",
        "job-function/AWSLambdaRole",
        "/AWSLambdaRole",
        "arn:aws:iam::aws:policy/AWSLambdaRole",
        "arn:aws:iam::aws:policy/service-role/AWSCodeBuildAdminAccess",
        "arn:aws:iam::111122223333:policy/AWSCodeBuildAdminAccess",
        "arn:aws:iam::aws:role/AWSCodeBuildAdminAccess",
    ] {
        assert_eq!(managed_policy(name).map(ManagedPolicy::arn), None, "{name}");
    }
}

#[test]
fn the_administrator_may_do_everything() {
    let administrator = managed_policy("AdministratorAccess").unwrap();
    assert_eq!((administrator.version(), administrator.date()), ("v1", "2015-02-06"));
    let document = r#"{"Statement":[{"Action":"*","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}"#;
    assert_eq!(administrator.document(), document);
}

#[test]
fn a_withdrawn_policy_has_a_successor() {
    assert_eq!(managed_policy("AWSCodePipelineFullAccess"), None);
    let successor = managed_policy_replacing("AWSCodePipelineFullAccess").unwrap();
    assert_eq!(successor.name(), "AWSCodePipeline_FullAccess");
    assert_eq!(managed_policy_replacing("AdministratorAccess"), None);
}

#[test]
fn an_operation_needs_the_action_of_its_name() {
    let always = |name: &str| Some(vec![(name.to_owned(), true)]);
    assert_eq!(needs("codebuild", "start-build"), always("codebuild:StartBuild"));
    assert_eq!(needs("cloudformation", "create_change_set"), always("cloudformation:CreateChangeSet"));
    assert_eq!(needs("stepfunctions", "StartExecution"), always("states:StartExecution"));
    assert_eq!(needs("deploy", "create-deployment"), always("codedeploy:CreateDeployment"));
    assert_eq!(needs("codebuild", "start-nonsense"), None);
    assert_eq!(needs("nonsense", "start-build"), None);
}

#[test]
fn an_operation_may_need_other_actions() {
    assert_eq!(needed("s3api", "list-objects-v2"), ["s3:ListBucket"]);
    assert_eq!(needed("s3", "HeadObject"), ["s3:GetObject"]);
    assert_eq!(needed("s3control", "get-public-access-block"), ["s3:GetAccountPublicAccessBlock"]);
    assert_eq!(needed("kms", "re-encrypt"), ["kms:ReEncryptFrom", "kms:ReEncryptTo"]);
    assert_eq!(needed("apigateway", "update-rest-api"), ["apigateway:PATCH"]);
    assert_eq!(needed("sts", "get-caller-identity"), Vec::<String>::new());
}

#[test]
fn an_action_that_depends_on_the_arguments_is_told_from_one_that_does_not() {
    let copy = needs("s3api", "copy-object").unwrap();
    assert!(copy.contains(&("s3:PutObject".to_owned(), true)));
    assert!(copy.contains(&("s3:PutObjectTagging".to_owned(), false)));
}
