//! `iamlint uses`: what roles are granted, and what is needed of them.

use super::args::{UsesArgs, UsesFormat};
use super::discover;
use super::settings::Settings;
use super::{CLEAN, FAILED, Failure, print};
use crate::linter::understand;
use crate::model::PrincipalId;
use crate::needs::compare::{self, Depth};
use crate::needs::policy;
use crate::report::Secrets;
use crate::report::least::{self, Notation};
use crate::report::uses::{self as report, RoleUse};
use crate::rules::{self, Context};

pub fn run(args: &UsesArgs) -> Result<u8, Failure> {
    let settings = Settings::load(&args.input)?;
    let input = discover::input(&args.paths, &args.input, settings)?;
    let understood = understand(&input.sources, &input.options);
    let model = &understood.model;
    let wanted = |id: PrincipalId| {
        let role = model.principal(id);
        let is_named = args.role.iter().any(|name| {
            *name == role.logical_id.value
                || role.name.as_ref().and_then(|text| text.literal()).is_some_and(|own| own == name)
        });
        understood.options.reports(role.file) && (args.role.is_empty() || is_named)
    };
    let mut found = compare::all(model, wanted, Depth::EveryAction);
    found.sort_by_key(|(id, ..)| {
        let role = model.principal(*id);
        (input.sources.path(role.file), role.logical_id.span)
    });
    if found.is_empty() && !args.role.is_empty() {
        let text = format!("no build or pipeline works with a role `{}` here", args.role.join("`, `"));
        return Err(Failure::with_help(text, "give its logical id or its name; `iamlint uses` lists all"));
    }
    let roles: Vec<RoleUse<'_>> = found
        .iter()
        .map(|(id, needs, compared)| {
            let role = model.principal(*id);
            RoleUse { name: role.display(), worker: role.worker(model), span: role.logical_id.span, needs, compared }
        })
        .collect();
    // Commands are quoted, and what stands in them.
    let (_, places) = rules::run(&Context::new(model, &input.sources, &understood.formats, &understood.trees), &[]);
    let secrets = Secrets::new(places.iter().map(|span| input.sources.slice(*span)));
    match args.format {
        UsesFormat::Text => print(&secrets.mask(&report::text(&roles, &input.sources))),
        UsesFormat::Json => print(&secrets.mask(&report::json(&roles, &input.sources))),
        UsesFormat::Policy => {
            let [(id, needs, compared)] = found.as_slice() else {
                let text = "a policy is written for one role";
                let all: Vec<&str> = roles.iter().map(|role| role.name).collect();
                return Err(Failure::with_help(text, format!("name it with `--role`: `{}`", all.join("`, `"))));
            };
            let role = model.principal(*id);
            let found = policy::least(&needs.needs, role.logical_id.span);
            for reason in found.unknown.iter().chain(&compared.unknown) {
                eprintln!("not known: {}", secrets.mask(&reason.text));
            }
            let notation = Notation::of(&input.sources.get(role.file).text);
            match &found.document {
                Some(document) => {
                    print(&secrets.mask(&least::policy(document, &needs.needs, notation, &input.sources)))
                }
                None => eprintln!("nothing is known to be needed: there is no policy to write"),
            }
        }
    }
    Ok(if input.unread_named { FAILED } else { CLEAN })
}
