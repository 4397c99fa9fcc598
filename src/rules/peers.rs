//! Checks of other tools that no rule finds, compiled in for `explain`.

/// The tool, the id of the check, what it asks, `in` or `out` of scope, and why no rule finds it.
type Check = [String; 5];

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/peers.bin"));

/// What there is to say of the checks with an id, in any case; empty where rules find it, or nobody knows it.
pub fn why_not_found(id: &str) -> String {
    let checks: Vec<Check> = super::unpacked(PACKED);
    let named = checks.into_iter().filter(|[_, its, ..]| its.eq_ignore_ascii_case(id));
    let told = named.map(|[tool, id, asks, scope, reason]| {
        let answer = if scope == "in" { "not found" } else { "out of scope" };
        format!("{id} of {tool}: {asks}\n  {answer}: {reason}\n")
    });
    told.collect()
}
