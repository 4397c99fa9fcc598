//! What other tools' suppressions say: cfn_nag, checkov, cdk-nag and cfn-lint. Their ids are looked up
//! among those that our rules replace; what no rule replaces is none of ours.

use super::Spelling;
use crate::config::Peer;
use crate::syntax::Node;

/// One suppression of another tool.
pub struct Said {
    pub id: String,
    pub reason: Option<String>,
    pub actions: Vec<String>,
}

pub fn spelling(peer: Peer) -> Spelling {
    Spelling::Peer(peer.name())
}

/// What metadata under the key of a tool says.
pub fn in_metadata(peer: Peer, node: &Node) -> Vec<Said> {
    match peer {
        Peer::CfnNag | Peer::CdkNag => entries(node.get("rules_to_suppress"), "reason"),
        Peer::Checkov => entries(node.get("skip"), "comment"),
        Peer::CfnLint => {
            let ids = node.get("config").and_then(|config| config.get("ignore_checks")).and_then(Node::items);
            let ids = ids.unwrap_or_default().iter().filter_map(Node::as_str);
            ids.map(|id| Said { id: id.to_owned(), reason: None, actions: Vec::new() }).collect()
        }
    }
}

fn entries(list: Option<&Node>, reason: &str) -> Vec<Said> {
    let items = list.and_then(Node::items).unwrap_or_default().iter();
    let one = |item: &Node| {
        let text = |key: &str| item.get(key).and_then(Node::as_str).map(str::to_owned);
        let applies = item.get("applies_to").or_else(|| item.get("appliesTo")).and_then(Node::items);
        let actions: Option<Vec<String>> = applies.map(|applies| {
            let parts = applies.iter().filter_map(Node::as_str);
            parts.filter_map(|part| part.strip_prefix("Action::")).map(str::to_owned).collect()
        });
        // What is said of resources alone hides no action here.
        if actions.as_ref().is_some_and(Vec::is_empty) {
            return None;
        }
        let is_encoded = text("is_reason_encoded").is_some();
        let reason = text(reason).filter(|_| !is_encoded);
        Some(Said { id: text("id")?, reason, actions: actions.unwrap_or_default() })
    };
    items.filter_map(one).collect()
}

/// `# checkov:skip=CKV_AWS_111:reason`.
pub fn in_comment(text: &str) -> Option<Said> {
    let said = text.split_once("checkov:skip=")?.1.trim();
    let (id, reason) = said.split_once(':').unwrap_or((said, ""));
    let id = id.split_whitespace().next()?;
    let reason = Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty());
    Some(Said { id: id.to_owned(), reason, actions: Vec::new() })
}
