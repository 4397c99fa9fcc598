//! Which services the actions of pipelines deploy to with the role of their pipeline.

use crate::model::{Model, Pipeline, PipelineAction, Principal};

/// What a role needs to deploy with an action of each provider.
///
/// Source: <https://docs.aws.amazon.com/codepipeline/latest/userguide/how-to-custom-role.html>
const PROVIDERS: [(&str, &[&str]); 13] = [
    ("appconfig", &["appconfig"]),
    ("cloudformation", &["cloudformation"]),
    ("cloudformationstackinstances", &["cloudformation"]),
    ("cloudformationstackset", &["cloudformation"]),
    ("codedeploy", &["codedeploy"]),
    ("codedeploytoecs", &["codedeploy", "ecs"]),
    ("ec2", &[]),
    ("ecs", &["ecs"]),
    ("elasticbeanstalk", &["cloudformation", "ecs", "elasticbeanstalk"]),
    ("lambda", &["lambda"]),
    ("s3", &[]),
    ("servicecatalog", &["cloudformation", "servicecatalog"]),
    ("stepfunctions", &["states"]),
];

/// The services that the actions of its pipelines use this role to deploy with. `None` where they may use any: a
/// command or a provider whose needs are not known.
pub fn services(model: &Model, role: &Principal) -> Option<Vec<&'static str>> {
    let is_its = |pipeline: &Pipeline, action: &PipelineAction| {
        let used = model.role(action.role_in(pipeline));
        used.is_some_and(|used| std::ptr::eq(used, role))
    };
    let mut found = Vec::new();
    for pipeline in &model.pipelines {
        for (_, _, _, action) in pipeline.actions().filter(|(_, _, _, action)| is_its(pipeline, action)) {
            let works = ["Deploy", "Invoke"].iter().any(|category| action.category.eq_ignore_ascii_case(category));
            let provider = action.provider.to_ascii_lowercase();
            match PROVIDERS.iter().find(|(name, _)| *name == provider) {
                Some((_, services)) if works => found.extend_from_slice(services),
                _ if works || action.is_commands() => return None,
                _ => {}
            }
        }
    }
    Some(found)
}
