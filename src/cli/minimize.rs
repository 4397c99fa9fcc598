//! `iamlint policy minimize`: a policy as short as it can be.

use super::documents::Documents;
use super::policy::{MinimizeArgs, PolicyFormat};
use super::{CLEAN, FAILED, Failure, print};
use crate::iam::minimize::{Minimized, minimize};
use crate::report::minimized::{self as report, Shortened};

pub fn run(args: &MinimizeArgs) -> Result<u8, Failure> {
    let mut documents = Documents::default();
    documents.add(std::slice::from_ref(&args.policy))?;
    let read = documents.read(args.read_as.policy_type, 1)?;
    let document = &read[0];
    let found = minimize(document);
    let (verdict, status) = if found.is_ok() { ("pass", CLEAN) } else { ("unknown", FAILED) };
    let (shorter, changes, unproven) = match found {
        Ok(Minimized { document, changes, kept }) => (document, changes, kept),
        Err(reason) => (document.clone(), Vec::new(), vec![reason]),
    };
    let shortened = Shortened { verdict, before: document, after: &shorter, changes: &changes, unproven: &unproven };
    match args.format {
        PolicyFormat::Text => {
            eprint!("{}", report::notes(&shortened, &documents.sources));
            print(&report::policy(&shortened));
        }
        PolicyFormat::Json => print(&report::json(&shortened, &documents.sources)),
    }
    Ok(status)
}
