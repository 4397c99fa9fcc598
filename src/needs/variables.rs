//! Parameters and secrets that builds take as environment variables.

use super::arn::{is_arn, split_once};
use super::draft::{Draft, all, says, text, texts};
use crate::model::BuildProject;
use crate::template::buildspec::VariableOrigin;
use crate::value::{Text, Value};

const VARIABLES: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html";

/// Those of the project, of its buildspec, and of the pipeline actions that run it.
pub fn of_project(draft: &mut Draft<'_>, project: &BuildProject) {
    for variable in all(&project.properties, "Environment.EnvironmentVariables") {
        named(draft, variable, ["Type", "Value"]);
    }
    let model = draft.model;
    for at in &project.run_by {
        let (_, action) = model.pipelines[at.pipeline].action(*at);
        for (_, variable) in action.json_setting("EnvironmentVariables").iter().flat_map(Value::items) {
            named(draft, variable, ["type", "value"]);
        }
    }
    let Some(source) = model.buildspec_of(project) else { return };
    for variable in &source.buildspec.variables {
        let Some(value) = variable.value.as_text() else { continue };
        match variable.origin {
            VariableOrigin::PlainText => {}
            VariableOrigin::ParameterStore => parameter(draft, value),
            VariableOrigin::SecretsManager => secret(draft, value),
        }
    }
}

fn named(draft: &mut Draft<'_>, variable: &Value, [kind, value]: [&str; 2]) {
    for value in texts(variable, value) {
        if says(variable, kind, "PARAMETER_STORE") {
            parameter(draft, &value);
        } else if says(variable, kind, "SECRETS_MANAGER") {
            secret(draft, &value);
        } else if text(variable, kind).is_some_and(|kind| kind.has_holes()) {
            draft.unknown("where the value of the variable comes from is not known", value.span);
        }
    }
}

/// By their name alone; `aws/ssm`, the key of AWS, needs no permission.
fn parameter(draft: &mut Draft<'_>, name: &Text) {
    let place = draft.place.clone();
    let arn =
        if is_arn(name) { name.clone() } else { place.arn("ssm", &[&place.text("parameter/"), &name.trim_slashes()]) };
    let reason = format!("reads the parameter `{}`", name.display());
    draft.need("ssm:GetParameters", vec![arn], name.span, reason, VARIABLES);
}

fn secret(draft: &mut Draft<'_>, id: &Text) {
    let reason = format!("reads the secret `{}`", id.display());
    let arn = secret_arn(draft, id);
    draft.need("secretsmanager:GetSecretValue", vec![arn], id.span, reason, VARIABLES);
}

/// The ARN of a secret by `id:key:stage:version`, where the id is a name or an ARN. Secrets have six
/// random characters behind their names.
pub fn secret_arn(draft: &Draft<'_>, id: &Text) -> Text {
    let place = &draft.place;
    if let Some((front, rest)) = split_once(id, ":secret:") {
        let name = split_once(&rest, ":").map_or(rest, |(name, _)| name);
        return super::arn::joined([&front, &place.text(":secret:"), &name], id.span);
    }
    let name = split_once(id, ":").map_or_else(|| id.clone(), |(name, _)| name);
    if name.as_hole().is_some_and(|hole| hole.kind == crate::value::HoleKind::Resource) {
        // `Ref` of a secret is its ARN.
        return name;
    }
    place.arn("secretsmanager", &[&place.text("secret:"), &name, &place.text("-??????")])
}
