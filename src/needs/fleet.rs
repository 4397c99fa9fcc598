//! Machines that are kept for builds: what their own role needs, and what a project needs that works on
//! others when they are all at work.

use super::Needs;
use super::arn::Place;
use super::draft::{Draft, all, says, text};
use super::names::Names;
use super::project::in_vpc;
use crate::model::{BuildProject, DeclaredResource, Model};
use crate::value::{Text, Value};

const FLEET: &str = "AWS::CodeBuild::Fleet";
const PAGE: &str = "https://docs.aws.amazon.com/codebuild/latest/userguide/fleets.html";

/// What fleets need of their service role.
pub fn of_fleets(model: &Model, names: &Names<'_>, is_role: impl Fn(&Text) -> bool) -> Needs {
    let mut found = Needs::default();
    for fleet in model.resources.iter().filter(|resource| resource.kind == FLEET) {
        let Some(value) = fleet.value() else { continue };
        if !text(value, "FleetServiceRole").is_some_and(|role| is_role(&role)) {
            continue;
        }
        let mut draft = Draft::new(model, names, Place::of_template(fleet.logical_id.span));
        if let Some(vpc) = vpc_of(value) {
            in_vpc(&mut draft, vpc);
        }
        if let Some(image) = text(value, "ImageId") {
            let any = vec![draft.place.text("*")];
            draft.need("ec2:DescribeImages", any, image.span, "looks for its image", PAGE).likely();
        }
        found.extend(draft.found);
    }
    found
}

/// Builds that find no machine of a fleet in a VPC free are started in that VPC with the role of the project.
pub fn of_overflow(draft: &mut Draft<'_>, project: &BuildProject) {
    let fleet = text(&project.properties, "Environment.Fleet.FleetArn");
    let declared = fleet.as_ref().and_then(|fleet| draft.names.resource(fleet));
    let value = declared.filter(|one| one.kind == FLEET).and_then(DeclaredResource::value);
    let Some(vpc) = value.filter(|value| says(value, "OverflowBehavior", "ON_DEMAND")).and_then(vpc_of) else { return };
    let before = draft.found.needs.len();
    in_vpc(draft, vpc);
    draft.found.needs[before..].iter_mut().for_each(|need| need.certainty = super::Certainty::Likely);
}

fn vpc_of(fleet: &Value) -> Option<&Value> {
    all(fleet, "FleetVpcConfig").first().copied()
}
