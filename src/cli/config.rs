//! `iamlint config`: what is in force, a file to start with, and the schema.

use super::args::{ConfigArgs, InputArgs};
use super::settings::{NAMES, Settings};
use super::{CLEAN, Failure, print};
use crate::config::{self, TEMPLATE};

pub fn run(args: &ConfigArgs) -> Result<u8, Failure> {
    if args.schema {
        print(&config::schema());
        return Ok(CLEAN);
    }
    if args.init {
        return init();
    }
    let input = InputArgs { config: args.config.clone(), ..InputArgs::default() };
    let mut settings = Settings::load(&input)?;
    settings.rules(&input)?;
    let from = settings.file.map_or("no iamlint.toml: these are the defaults", |file| settings.sources.path(file));
    print(&format!("# {from}\n{}", settings.config.shown()));
    Ok(CLEAN)
}

fn init() -> Result<u8, Failure> {
    let here = Settings::none()?.here;
    if let Some(name) = NAMES.iter().find(|name| here.join(name).exists()) {
        return Err(Failure::new(format!("there is a {name} already")));
    }
    std::fs::write(here.join(NAMES[0]), TEMPLATE)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", NAMES[0])))?;
    print(&format!("wrote {}\n", NAMES[0]));
    Ok(CLEAN)
}
