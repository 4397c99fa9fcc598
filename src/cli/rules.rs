//! `iamlint rules`.

use super::args::{RulesArgs, RulesFormat};
use super::{CLEAN, Failure, packs, print};
use crate::report::rules as pages;

pub fn run(args: &RulesArgs) -> Result<u8, Failure> {
    let rules = packs::load(&args.rules)?;
    print(&match args.format {
        RulesFormat::Text => pages::text(&rules),
        RulesFormat::Json => pages::json(&rules),
        RulesFormat::Markdown => pages::markdown(&rules),
    });
    Ok(CLEAN)
}
