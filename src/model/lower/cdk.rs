//! Templates that the CDK wrote: where in the user's own code a resource comes from.
//!
//! Source: <https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html>

use super::{Declared, Fragment};
use crate::model::Origin;
use crate::source::Span;
use crate::syntax::Node;

/// Parts of the paths of constructs that the library adds for its own work: functions behind custom
/// resources, with roles that no property reaches.
const OWN: [&str; 10] = [
    "/AWSCDKCfnUtilsProviderCustomResourceProvider",
    "/BucketNotificationsHandler050a0587b7544547bf325f094a3db834",
    "/Custom::CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C",
    "/LogRetentionaae0aa3c5b4d4f87b02d85b201efdd8a",
    "/framework-isComplete",
    "/framework-onEvent",
    "/framework-onTimeout",
    "/waiter-state-machine",
    "@aws-cdk--aws-eks.ClusterResourceProvider",
    "@aws-cdk--aws-eks.KubectlProvider",
];

/// Notes the construct of a resource whose metadata tell of one.
pub fn note(declared: &Declared<'_, '_>, fragment: &mut Fragment) {
    let resource = declared.resource;
    let path = resource.node.get("Metadata").and_then(|metadata| metadata.get("aws:cdk:path")).and_then(Node::as_str);
    let Some(path) = path else { return };
    let is_of_tool = OWN.iter().any(|own| path.contains(own)) || has_provider(path);
    let construct = path.strip_suffix("/Resource").unwrap_or(path);
    let text = match is_of_tool {
        true => format!("CDK writes `{construct}` for itself; only another release of the library changes it"),
        false => format!("made by the construct `{construct}`"),
    };
    let span = Span { end: resource.node.span().end, ..resource.logical_id.span };
    fragment.origins.push(Origin { span, role: None, is_of_tool, text });
}

/// `/Custom::S3AutoDeleteObjectsCustomResourceProvider/` and its like.
fn has_provider(path: &str) -> bool {
    path.split('/').any(|part| part.starts_with("Custom::") && part.ends_with("CustomResourceProvider"))
}
