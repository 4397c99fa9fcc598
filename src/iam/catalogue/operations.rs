//! From a call of the SDK or the CLI to the actions it needs. By rule that is the action named like the operation;
//! `data/iam/sdk-exceptions.tsv` says where it is not.

use super::layout::client;
use super::tables::{Table, find, list, string};
use super::{Action, Service, service};

static CLIENTS: Table<{ client::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/clients.bin")));

/// The actions a call needs, and whether every such call needs the action or some arguments only. Empty for a call
/// anyone may make, such as `sts get-caller-identity`; `None` where nothing is known of the operation.
///
/// The client is named as by the CLI (`s3api`) or by the SDK (`s3`), the operation in any style: `list-objects-v2`,
/// `list_objects_v2`, `ListObjectsV2`. What the service does on the caller's behalf is not counted; see
/// `Action::dependents`.
pub fn operation_actions(client: &str, operation: &str) -> Option<Vec<(Action, bool)>> {
    let operation: String =
        operation.chars().filter(|c| !matches!(c, '-' | '_')).map(|c| c.to_ascii_lowercase()).collect();
    let exceptional = row(client).and_then(|row| {
        let operations = list(CLIENTS.cell(row, client::OPERATIONS));
        let mut pairs = operations.clone().step_by(2).zip(operations.skip(1).step_by(2));
        pairs.find(|(name, _)| string(*name) == operation)
    });
    match exceptional {
        Some((_, actions)) => Some(list(actions).map(needed).collect()),
        None => Some(vec![(client_service(client)?.action(&operation)?, true)]),
    }
}

/// The service whose actions the calls of a client need: `states` for `stepfunctions`.
pub fn client_service(client: &str) -> Option<Service> {
    match row(client) {
        Some(row) => Some(Service(CLIENTS.cell(row, client::SERVICE))),
        None => service(client),
    }
}

fn row(client: &str) -> Option<u32> {
    find(&CLIENTS, 0..CLIENTS.len() as u32, client::NAME, client)
}

fn needed(item: u32) -> (Action, bool) {
    (Action(item & !client::DEPENDS), item & client::DEPENDS == 0)
}
