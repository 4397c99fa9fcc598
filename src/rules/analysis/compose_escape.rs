//! Services that have the machine they run on in reach.

use super::chain::list;
use crate::diagnostic::Severity;
use crate::model::image::ComposeFile;
use crate::rules::{Analysis, Check, Context, Finding, Params};
use crate::source::Span;
use crate::template::compose::Service;

pub const ANALYSIS: Analysis = Analysis {
    name: "compose-escape",
    summary: "a service of a compose file can leave its container",
    params: &[],
    facts: &["service", "ways"],
    bind,
};

fn bind(_: &Params) -> Check {
    Box::new(|context: &Context<'_>| {
        let files = context.model.compose.iter();
        files
            .flat_map(|file| file.compose.services.iter().filter_map(|service| finding(context, file, service)))
            .collect()
    })
}

fn finding(context: &Context<'_>, file: &ComposeFile, service: &Service) -> Option<Finding> {
    let ways = ways(service);
    let (_, first) = *ways.first()?;
    let names: Vec<String> = ways.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mut found = Finding::new(first, &service.name).fact("service", &service.name).fact("ways", list(&names, 3));
    for (_, span) in &ways[1..] {
        found = found.related(*span, "and this");
    }
    match file.used_by.first() {
        Some(used) => {
            let project = context.model.project(used.project);
            found = found.related(used.span, format!("`{}` starts it here", project.display()));
        }
        // A file that no build is seen to start is one for the desks of developers.
        None => found = found.severity(Severity::Low),
    }
    Some(found)
}

fn ways(service: &Service) -> Vec<(&'static str, Span)> {
    let mut found = Vec::new();
    found.extend(service.privileged.map(|span| ("privileged mode", span)));
    let socket = service.mounts.iter().find(|mount| mount.display().trim_end_matches('/').ends_with("/docker.sock"));
    found.extend(socket.map(|mount| ("the socket of the container engine", mount.span)));
    let is_host = |text: &&crate::value::Text| text.literal() == Some("host");
    found.extend(service.network_mode.as_ref().filter(is_host).map(|text| ("the network of the host", text.span)));
    found.extend(service.pid.as_ref().filter(is_host).map(|text| ("the processes of the host", text.span)));
    let all = service.added_capabilities.iter().find(|name| {
        matches!(
            name.literal().unwrap_or_default().to_ascii_uppercase().as_str(),
            "ALL" | "SYS_ADMIN" | "CAP_SYS_ADMIN"
        )
    });
    found.extend(all.map(|name| ("the rights of an administrator", name.span)));
    found
}
