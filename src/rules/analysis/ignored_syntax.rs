//! Variables of a Serverless service that the framework no longer reads.

use crate::diagnostic::Doubt;
use crate::model::service::ServerlessService;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use nodejs_semver::Range;

pub const ANALYSIS: Analysis = Analysis {
    name: "ignored-syntax",
    summary: "a Serverless service asks for braces that its framework does not know",
    params: &[],
    facts: &["service"],
    bind,
};

/// From this version on a new resolver reads the variables, and knows no `variableSyntax`.
/// Source: <https://www.serverless.com/framework/docs/deprecations>
const IGNORED_FROM: &str = ">=2.46.0";

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| context.model.services.iter().filter_map(of_service).collect())
}

fn of_service(service: &ServerlessService) -> Option<Finding> {
    let span = service.own_syntax?;
    let ignoring = Range::parse(IGNORED_FROM).ok()?;
    let asked: Vec<&str> = service.versions().map(|version| version.value.as_str()).collect();
    let mut ranges = Vec::new();
    for version in &asked {
        match Range::parse(version) {
            Ok(range) => ranges.push(range),
            // A tag, such as `latest`; of an address of a package nothing is known.
            Err(_) if matches!(*version, "latest" | "next") => {}
            Err(_) => return None,
        }
    }
    // All of them have to hold at once.
    let left = ranges.iter().try_fold(ignoring.clone(), |left, range| left.intersect(range));
    left?;
    let mut found = Finding::new(span, "variableSyntax").fact("service", service.display());
    for version in service.versions() {
        found = found.related(version.span, "admits such a version");
    }
    if ranges.is_empty() {
        found = found.doubted([Doubt { text: "which version is installed is not said".into(), span: None }]);
    } else if !ranges.iter().any(|range| ignoring.allows_all(range)) {
        found = found.doubted([Doubt { text: "an older version is admitted too".into(), span: None }]);
    }
    Some(found)
}
