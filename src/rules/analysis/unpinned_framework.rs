//! Serverless services that do not say which version of the framework, or of a plug-in, deploys them.

use crate::diagnostic::Doubt;
use crate::model::service::ServerlessService;
use crate::rules::{Analysis, Check, Context, Finding, Params};

pub const ANALYSIS: Analysis = Analysis {
    name: "unpinned-framework",
    summary: "a Serverless service is deployed by whatever version there is",
    params: &[],
    facts: &["service", "tool"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.services.iter().flat_map(of_service).collect())
}

fn of_service(service: &ServerlessService) -> Vec<Finding> {
    let told = |span, tool: String| {
        Finding::new(span, format!("{} {tool}", service.display()))
            .fact("service", service.display())
            .fact("tool", tool)
    };
    let framework = service.versions().next().is_none().then(|| {
        let found = told(service.span, "the framework".into());
        let text = "no `package.json` is among the files".to_owned();
        if service.has_package { found } else { found.doubted([Doubt { text, span: None }]) }
    });
    let plugins = service.unnamed_plugins.iter().map(|name| told(name.span, format!("the plug-in `{}`", name.value)));
    framework.into_iter().chain(plugins).collect()
}
