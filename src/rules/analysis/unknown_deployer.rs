//! Pipelines of which nothing is seen to deploy, so that others cannot be told from who does.

use crate::model::PrincipalKind;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unknown-deployer",
    summary: "there are pipelines and roles, and none of the roles is seen to deploy",
    params: &[],
    facts: &["pipeline", "known"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let model = context.model;
        let roles = model.principals.iter().filter(|one| one.kind == PrincipalKind::Role && !one.is_ci_role());
        let mut known = roles.map(|role| model.deployers.are_known_to(model, role)).peekable();
        let is_open = known.peek().is_some() && !known.any(|is_known| is_known);
        let pipeline = model.pipelines.first().filter(|_| is_open);
        let found = pipeline.map(|pipeline| {
            let known = match model.deployers.elsewhere.first() {
                Some(role) => format!("`{role}` deploys, and is in none of the files"),
                None => "nothing is seen to deploy".to_owned(),
            };
            Finding::new(pipeline.logical_id.span, pipeline.display())
                .fact("pipeline", pipeline.display())
                .fact("known", known)
        });
        found.into_iter().collect()
    })
}
