//! What `build.rs` puts into the program deflated: tables, and JSON made of files of YAML.

use serde::de::DeserializeOwned;

/// The text of a table.
#[expect(clippy::expect_used, reason = "build.rs deflates texts")]
pub fn text(deflated: &[u8]) -> String {
    String::from_utf8(inflated(deflated)).expect("build.rs deflates text")
}

/// What `build.rs` wrote as JSON, in its types.
#[expect(clippy::expect_used, reason = "build.rs writes it")]
pub fn json<T: DeserializeOwned>(deflated: &[u8]) -> T {
    serde_json::from_slice(&inflated(deflated)).expect("build.rs writes JSON of this shape")
}

#[expect(clippy::expect_used, reason = "build.rs deflates it")]
fn inflated(deflated: &[u8]) -> Vec<u8> {
    miniz_oxide::inflate::decompress_to_vec(deflated).expect("build.rs deflates it")
}
