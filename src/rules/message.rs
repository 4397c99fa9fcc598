//! Texts of rules with `{placeholders}`, which the facts of a finding fill in.

/// The placeholders of a text, in order: a lower-case word in braces. Other braces are text, such as
/// those of a YAML mapping.
pub fn placeholders(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let Some(close) = rest[open..].find('}').map(|at| at + open) else { break };
        let inside = &rest[open + 1..close];
        if !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-') {
            found.push(inside);
        }
        rest = &rest[close + 1..];
    }
    found
}

/// The text with its placeholders filled in. Loading a pack made sure that each has a fact.
pub fn fill(text: &str, facts: &[(&'static str, String)]) -> String {
    let mut filled = String::with_capacity(2 * text.len());
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        filled.push_str(&rest[..open]);
        rest = &rest[open..];
        let named =
            facts.iter().find_map(|(name, value)| Some((value, rest[1..].strip_prefix(name)?.strip_prefix('}')?)));
        match named {
            Some((value, behind)) => {
                filled.push_str(value);
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = &rest[1..];
            }
        }
    }
    filled + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_found_and_filled() {
        assert_eq!(placeholders("`{role}` may {action}, {"), ["role", "action"]);
        assert_eq!(placeholders("set {Key: VALUE}"), [""; 0]);
        let facts = [("role", "{action}".into()), ("action", "x:Y".into())];
        assert_eq!(fill("`{role}` may {action} {, {actions}", &facts), "`{action}` may x:Y {, {actions}");
    }
}
