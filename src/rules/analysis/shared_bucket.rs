//! Services of the Serverless Framework whose stages are all deployed by one bucket.
//!
//! Source: <https://www.serverless.com/framework/docs/guides/deployment-bucket>

use crate::model::service::ServerlessService;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::value::Text;

pub const ANALYSIS: Analysis = Analysis {
    name: "shared-bucket",
    summary: "all stages of a service are deployed by one bucket",
    params: &[],
    facts: &["service", "bucket"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.services.iter().filter_map(of_service).collect())
}

fn of_service(service: &ServerlessService) -> Option<Finding> {
    let bucket = service.bucket.as_ref()?;
    let name = bucket.literal()?;
    let has_stages = service.stack.as_ref().is_some_and(names_stage);
    if !has_stages {
        return None;
    }
    let found = Finding::new(bucket.span, service.display())
        .fact("service", service.display())
        .fact("bucket", name)
        .related(service.span, "all stages of this service");
    Some(found)
}

/// The stage is a choice at deployment: `${opt:stage, 'dev'}`. A service that says nothing of that may have one alone.
fn names_stage(text: &Text) -> bool {
    text.holes().any(|hole| hole.name.starts_with("opt:stage"))
}
