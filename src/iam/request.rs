//! One request, as IAM sees it: who does what to which resource, and what comes with it.

use super::catalogue::{self, KeyType};
use std::collections::BTreeMap;
use std::fmt;

/// A concrete request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `s3:GetObject`
    pub action: String,
    /// An ARN, or `*` where the action knows no resources.
    pub resource: String,
    /// Who asks; `None` where it is the principal that the policy is attached to.
    pub principal: Option<Caller>,
    /// Values by the lower-case name of their key. A key without values is not in the request.
    pub context: BTreeMap<String, Vec<String>>,
    /// Whether a key that `context` does not name may be in the request all the same.
    pub open: bool,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// Somebody without credentials.
    Anonymous,
    /// A user, a role, a session or the root of an account, by its ARN.
    Aws(String),
    /// `lambda.amazonaws.com`
    Service(String),
    /// An identity provider.
    Federated(String),
    CanonicalUser(String),
}

impl Request {
    pub fn new(action: impl Into<String>, resource: impl Into<String>) -> Request {
        Request {
            action: action.into(),
            resource: resource.into(),
            principal: None,
            context: BTreeMap::new(),
            open: false,
        }
    }

    pub fn with(mut self, key: &str, values: &[&str]) -> Request {
        self.context.insert(key.to_ascii_lowercase(), values.iter().map(|value| (*value).to_owned()).collect());
        self
    }

    /// Adds the keys that repeat what the request says of its caller, where they are not given.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>
    pub fn derive_keys(&mut self) {
        let mut set = |key: &str, value: String| {
            self.context.entry(key.to_owned()).or_insert_with(|| vec![value]);
        };
        match &self.principal {
            Some(Caller::Aws(arn)) => {
                let parts: Vec<&str> = arn.splitn(6, ':').collect();
                let &[_, partition, service, _, account, name] = parts.as_slice() else { return };
                set("aws:principalaccount", account.to_owned());
                set("aws:principalisawsservice", "false".to_owned());
                // The ARN of the key is that of the role, not that of its session.
                let (kind, key) = match (service, name.split('/').collect::<Vec<_>>().as_slice()) {
                    ("sts", ["assumed-role", role, ..]) => {
                        ("AssumedRole", format!("arn:{partition}:iam::{account}:role/{role}"))
                    }
                    ("sts", ["federated-user", ..]) => ("FederatedUser", arn.clone()),
                    ("iam", ["root"]) => ("Account", arn.clone()),
                    ("iam", ["user", ..]) => ("User", arn.clone()),
                    _ => ("AssumedRole", arn.clone()),
                };
                set("aws:principaltype", kind.to_owned());
                set("aws:principalarn", key);
            }
            Some(Caller::Service(name)) => {
                set("aws:principalisawsservice", "true".to_owned());
                set("aws:principalservicename", name.clone());
            }
            Some(Caller::Anonymous) => {
                set("aws:principalaccount", "anonymous".to_owned());
                set("aws:principaltype", "Anonymous".to_owned());
                set("aws:principalisawsservice", "false".to_owned());
            }
            Some(Caller::Federated(_) | Caller::CanonicalUser(_)) | None => {}
        }
    }
}

impl Caller {
    /// As it is written on a command line: `*`, an ARN, the number of an account, the name of a
    /// service, the host of a provider.
    pub fn parse(text: &str) -> Option<Caller> {
        let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if matches!(text, "*" | "anonymous") {
            Some(Caller::Anonymous)
        } else if is_account {
            Some(Caller::Aws(format!("arn:aws:iam::{text}:root")))
        } else if text.contains(":oidc-provider/") || text.contains(":saml-provider/") {
            Some(Caller::Federated(text.to_owned()))
        } else if text.starts_with("arn:") {
            let parts: Vec<&str> = text.splitn(6, ':').collect();
            (parts.len() == 6 && matches!(parts[2], "iam" | "sts")).then(|| Caller::Aws(text.to_owned()))
        } else if [".amazonaws.com", ".amazonaws.com.cn", ".aws.internal"].iter().any(|end| text.ends_with(end)) {
            Some(Caller::Service(text.to_owned()))
        } else if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Some(Caller::CanonicalUser(text.to_owned()))
        } else if text.contains('.') {
            Some(Caller::Federated(text.to_owned()))
        } else {
            None
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Caller::Anonymous => f.write_str("anybody"),
            Caller::Aws(name) | Caller::Service(name) | Caller::Federated(name) | Caller::CanonicalUser(name) => {
                f.write_str(name)
            }
        }
    }
}

/// The type of a key by its name, `None` where it is not documented.
pub fn key_type(key: &str) -> Option<KeyType> {
    let (prefix, _) = key.split_once(':')?;
    let of_service = || catalogue::service(prefix).and_then(|service| catalogue::key_type(service, key));
    let global = || catalogue::global_key(key).or_else(|| catalogue::provider_key(key)).map(catalogue::Key::kind);
    if prefix.eq_ignore_ascii_case("aws") { global() } else { of_service().or_else(global) }
}

/// Whether several values of a key may come in one request; `None` where the key is not documented.
pub fn is_multivalued(key: &str) -> Option<bool> {
    key_type(key).map(KeyType::is_array)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_told_by_its_name() {
        let table = [
            ("*", Some(Caller::Anonymous)),
            ("111122223333", Some(Caller::Aws("arn:aws:iam::111122223333:root".into()))),
            ("arn:aws:iam::111122223333:user/a", Some(Caller::Aws("arn:aws:iam::111122223333:user/a".into()))),
            ("lambda.amazonaws.com", Some(Caller::Service("lambda.amazonaws.com".into()))),
            ("gitlab.com", Some(Caller::Federated("gitlab.com".into()))),
            ("arn:aws:s3:::bucket", None),
            ("somebody", None),
        ];
        for (text, caller) in table {
            assert_eq!(Caller::parse(text), caller, "{text}");
        }
    }

    #[test]
    fn keys_repeat_what_is_known_of_the_caller() {
        let mut request = Request::new("s3:GetObject", "*");
        request.principal = Caller::parse("arn:aws:sts::111122223333:assumed-role/deploy/me");
        request.derive_keys();
        assert_eq!(request.context["aws:principalarn"], ["arn:aws:iam::111122223333:role/deploy"]);
        assert_eq!(request.context["aws:principalaccount"], ["111122223333"]);
        assert_eq!(request.context["aws:principaltype"], ["AssumedRole"]);
    }

    #[test]
    fn keys_with_several_values_are_known() {
        assert_eq!(is_multivalued("aws:TagKeys"), Some(true));
        assert_eq!(is_multivalued("aws:SourceIp"), Some(false));
        assert_eq!(is_multivalued("dynamodb:LeadingKeys"), Some(true));
        assert_eq!(is_multivalued("nosuch:Key"), None);
    }
}
