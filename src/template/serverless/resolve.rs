//! Variables to what they stand for, as far as the files of the repository say. What only the
//! deployment knows becomes a hole; a program is never run.

use super::variable::{Piece, Source, Syntax};
use crate::source::{FileId, OffsetMap, Span};
use crate::syntax::{Entry, Kind, Node, Scalar};
use crate::template::repository::{NotTaken, Repository};
use crate::value::{Hole, HoleKind, Text, has_marker, marker};
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Variables that lead to variables are followed this far.
const MAX_DEPTH: usize = 32;

/// Levels of the tree that variables make of a service.
const MAX_LEVELS: usize = 256;

/// Nodes that variables of one service may put in, all together.
const MAX_NODES: u32 = 250_000;

/// Fills in the variables of one service.
pub struct Resolver<'r> {
    repository: &'r Repository<'r>,
    file: FileId,
    root: &'r Node,
    syntax: Syntax,
    state: RefCell<State>,
}

/// What resolving met.
#[derive(Debug, Default)]
pub struct State {
    /// What the markers in resolved texts stand for.
    pub holes: Vec<Hole>,
    pub not_read: BTreeSet<(Span, String)>,
    /// The files that variables took something from.
    pub taken_in: BTreeSet<FileId>,
    /// Addresses that are being resolved.
    open: Vec<String>,
    nodes: u32,
    is_too_much: bool,
    /// The level of the tree that is being resolved.
    level: usize,
}

/// What a variable, or one of its sources, stands for.
enum Found {
    /// Resolved; a scalar may have markers in it.
    Node(Node),
    /// Only the deployment knows; and why it could not be read here, where that is worth a word.
    Hole(Hole, Option<String>),
    /// The source has nothing there.
    Missing,
}

impl<'r> Resolver<'r> {
    pub fn new(repository: &'r Repository<'r>, file: FileId, root: &'r Node, syntax: Syntax) -> Resolver<'r> {
        Resolver { repository, file, root, syntax, state: RefCell::default() }
    }

    pub fn into_state(self) -> State {
        self.state.into_inner()
    }

    pub fn not_read(&self, span: Span, reason: impl Into<String>) {
        self.state.borrow_mut().not_read.insert((span, reason.into()));
    }

    /// Stops, and says so once.
    fn too_much(&self, span: Span) -> Hole {
        let is_told = self.state.borrow().is_too_much;
        if !is_told {
            self.not_read(span, "variables of the service go too deep, or put in too much");
            self.state.borrow_mut().is_too_much = true;
        }
        self.hole("what lies too deep", HoleKind::Computed, span)
    }

    /// Whether something is said of this place already.
    pub fn is_told(&self, span: Span) -> bool {
        self.state.borrow().not_read.iter().any(|(told, _)| *told == span)
    }

    /// The node with its variables resolved. Texts that have a hole in them hold a marker.
    pub fn node(&self, node: &Node) -> Node {
        self.rewritten(node).unwrap_or_else(|| node.clone())
    }

    /// What an address of the service stands for, `custom.stage`.
    pub fn at(&self, address: &str) -> Option<Node> {
        match self.own(address, self.root.span()) {
            Found::Node(node) => Some(node),
            Found::Hole(..) | Found::Missing => None,
        }
    }

    /// `None` when there is nothing to resolve in it.
    fn rewritten(&self, node: &Node) -> Option<Node> {
        if self.state.borrow().level >= MAX_LEVELS {
            return Some(self.mark(self.too_much(node.span()), node.span()));
        }
        self.state.borrow_mut().level += 1;
        let rewritten = match node.kind() {
            Kind::Null | Kind::Unreadable(_) => None,
            Kind::Scalar(scalar) => self.scalar(node, scalar),
            Kind::Sequence(items) => self.children(items.iter()).map(|items| Self::remade(node, Kind::Sequence(items))),
            Kind::Mapping(entries) => self.children(entries.iter().map(|entry| &entry.value)).map(|values| {
                let entries = entries.iter().zip(values).map(|(entry, value)| Entry { value, ..entry.clone() });
                Self::remade(node, Kind::Mapping(entries.collect()))
            }),
        };
        self.state.borrow_mut().level -= 1;
        rewritten
    }

    /// The nodes with their variables resolved; `None` when there are none in any.
    fn children<'n>(&self, nodes: impl Iterator<Item = &'n Node> + Clone) -> Option<Vec<Node>> {
        let rewritten: Vec<Option<Node>> = nodes.clone().map(|node| self.rewritten(node)).collect();
        let is_any = rewritten.iter().any(Option::is_some);
        is_any.then(|| nodes.zip(rewritten).map(|(old, new)| new.unwrap_or_else(|| old.clone())).collect())
    }

    /// The node with another content.
    fn remade(node: &Node, kind: Kind) -> Node {
        let made = Node::new(kind, node.span(), node.tag().cloned());
        if node.site() == node.span() { made } else { made.aliased(node.site()) }
    }

    fn scalar(&self, node: &Node, scalar: &Scalar) -> Option<Node> {
        let text = scalar.text.as_str();
        let pieces = self.syntax.split(text);
        if pieces.is_empty() || pieces == [Piece::Text(0..text.len())] {
            return None;
        }
        let is_blank = |piece: &Piece| matches!(piece, Piece::Text(range) if text[range.clone()].trim().is_empty());
        let mut spoken = pieces.iter().filter(|piece| !is_blank(piece));
        if let (Some(Piece::Variable { whole, inside }), None) = (spoken.next(), spoken.next()) {
            return Some(self.whole(node, &text[inside.clone()], scalar.map.span(whole.clone())));
        }
        Some(self.joined(node, scalar, &pieces))
    }

    /// A scalar that is one variable becomes what the variable stands for, whatever that is.
    fn whole(&self, node: &Node, inside: &str, span: Span) -> Node {
        let found = match self.variable(inside, span) {
            Found::Node(found) => found,
            Found::Hole(hole, _) => self.mark(hole, span),
            Found::Missing => self.mark(self.missing(inside, span), span),
        };
        match node.tag() {
            // `!Sub ${self:custom.arn}`
            Some(tag) => Node::new(found.kind().clone(), found.span(), Some(tag.clone())),
            None => found,
        }
    }

    /// A text with variables in it.
    fn joined(&self, node: &Node, scalar: &Scalar, pieces: &[Piece]) -> Node {
        let mut text = String::new();
        let mut maps: Vec<(OffsetMap, usize)> = Vec::new();
        for piece in pieces {
            let (part, map) = match piece {
                Piece::Text(range) => (scalar.text[range.clone()].to_owned(), scalar.map.slice(range.clone())),
                Piece::Variable { whole, inside } => {
                    let span = scalar.map.span(whole.clone());
                    let inside = &scalar.text[inside.clone()];
                    let part = match self.variable(inside, span) {
                        Found::Node(node) if node.is_null() => String::new(),
                        Found::Node(node) => match node.as_str() {
                            Some(known) => known.to_owned(),
                            None => self.add_hole(self.hole(inside, HoleKind::Computed, span)),
                        },
                        Found::Hole(hole, _) => self.add_hole(hole),
                        Found::Missing => self.add_hole(self.missing(inside, span)),
                    };
                    (part, OffsetMap::whole(span))
                }
            };
            maps.push((map, part.len()));
            text.push_str(&part);
        }
        let map = OffsetMap::concat(scalar.map.file(), &maps);
        Node::new(
            Kind::Scalar(Scalar { text: text.into(), quoted: scalar.quoted, map }),
            node.span(),
            node.tag().cloned(),
        )
    }

    /// The first of the sources that has a value. One that only the deployment knows may have one:
    /// then what stands behind it is its default.
    fn variable(&self, inside: &str, span: Span) -> Found {
        let depth = {
            let mut state = self.state.borrow_mut();
            state.nodes += 1;
            state.open.push(inside.to_owned());
            state.open.len()
        };
        let found = if depth > MAX_DEPTH || self.state.borrow().nodes > MAX_NODES {
            Found::Hole(self.too_much(span), None)
        } else if self.state.borrow().open[..depth - 1].iter().any(|open| open == inside) {
            self.not_read(span, format!("the variable `{inside}` leads back to itself"));
            Found::Hole(self.hole(inside, HoleKind::Computed, span), None)
        } else {
            self.first_of(inside, span)
        };
        let mut state = self.state.borrow_mut();
        state.open.pop();
        if let Found::Node(node) = &found {
            state.nodes = state.nodes.saturating_add(node.weight());
        }
        found
    }

    fn first_of(&self, inside: &str, span: Span) -> Found {
        let mut maybe: Option<(Hole, Option<String>)> = None;
        for source in self.syntax.sources(inside) {
            match (self.source(source, span), &mut maybe) {
                (Found::Node(node), None) => return Found::Node(node),
                (Found::Node(node), Some((hole, _))) => {
                    hole.name = inside.to_owned();
                    return self.by_default(hole.clone(), node);
                }
                (Found::Hole(hole, why), None) => maybe = Some((hole, why)),
                (Found::Hole(later, _), Some((hole, _))) => {
                    hole.name = inside.to_owned();
                    hole.default = hole.default.take().or(later.default);
                }
                (Found::Missing, _) => {}
            }
        }
        match maybe {
            Some((hole, why)) => {
                if let Some(why) = &why {
                    self.not_read(span, why.clone());
                }
                Found::Hole(hole, why)
            }
            None => Found::Missing,
        }
    }

    /// A hole that has this value unless the deployment says otherwise. A list or a mapping is taken
    /// for what it is by default.
    fn by_default(&self, mut hole: Hole, node: Node) -> Found {
        match node.as_str() {
            Some(text) if has_marker(text) => Found::Hole(hole, None),
            Some(text) => {
                hole.default = hole.default.take().or_else(|| Some(text.to_owned()));
                Found::Hole(hole, None)
            }
            None if node.is_null() => Found::Hole(hole, None),
            None => {
                self.not_read(hole.span, format!("of `{}` only what it is by default is read", hole.name));
                Found::Node(node)
            }
        }
    }

    fn source(&self, text: &str, span: Span) -> Found {
        if let Some(inside) = self.syntax.only_variable(text) {
            return match self.variable(inside, span) {
                Found::Hole(hole, _) => Found::Hole(hole, None),
                found => found,
            };
        }
        // `self:custom.${opt:stage, 'dev'}.name`: the address is known by default only.
        let mut asked = String::new();
        let mut doubt = false;
        for piece in self.syntax.split(text) {
            match piece {
                Piece::Text(range) => asked.push_str(&text[range]),
                Piece::Variable { inside, .. } => match self.variable(&text[inside], span) {
                    Found::Node(node) if node.as_str().is_some_and(|text| !has_marker(text)) => {
                        asked.push_str(node.as_str().unwrap_or_default());
                    }
                    Found::Hole(Hole { default: Some(default), .. }, _) => {
                        asked.push_str(&default);
                        doubt = true;
                    }
                    Found::Missing => return Found::Missing,
                    _ => return Found::Hole(self.hole(text, HoleKind::Parameter, span), None),
                },
            }
        }
        let found = self.ask(&asked, span);
        if !doubt {
            return found;
        }
        let hole = self.hole(text, HoleKind::Parameter, span);
        match found {
            Found::Node(node) => self.by_default(hole, node),
            Found::Hole(Hole { default, .. }, why) => Found::Hole(Hole { default, ..hole }, why),
            Found::Missing => Found::Hole(hole, None),
        }
    }

    /// A source without variables in it.
    fn ask(&self, text: &str, span: Span) -> Found {
        let unquoted = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote));
        if let Some(literal) = unquoted {
            return Found::Node(literal_node(literal, true, span));
        }
        let Some(source) = Source::read(text) else {
            return match text {
                "" => Found::Missing,
                "null" => Found::Node(Node::new(Kind::Null, span, None)),
                literal => Found::Node(literal_node(literal, false, span)),
            };
        };
        let hole = |kind| Found::Hole(self.hole(text, kind, span), None);
        match (source.name, source.address) {
            ("self", address) => self.own(address, span),
            ("file", address) => self.file(source.argument.unwrap_or_default(), address, span),
            ("opt" | "env", _) => hole(HoleKind::Parameter),
            ("sls", "stage") => self.stage(span),
            ("param", name) => self.parameter(name, span),
            ("aws", "accountId") => Found::Hole(self.hole("AWS::AccountId", HoleKind::Pseudo, span), None),
            ("aws", "region") => Found::Hole(self.hole("AWS::Region", HoleKind::Pseudo, span), None),
            ("strToBool", _) => match source.argument.unwrap_or_default().to_ascii_lowercase().as_str() {
                "true" | "1" => Found::Node(literal_node("true", false, span)),
                "false" | "0" => Found::Node(literal_node("false", false, span)),
                _ => hole(HoleKind::Computed),
            },
            (name, _) if name.starts_with("cf") => hole(HoleKind::Import),
            // The store of parameters, objects of S3, and sources that plugins bring.
            _ => hole(HoleKind::Dynamic),
        }
    }

    /// `self:` with an address below the root of the service.
    fn own(&self, address: &str, span: Span) -> Found {
        let found = self.walk(self.root, address, span);
        match (found, address) {
            (Found::Missing, "provider.stage") => self.stage(span),
            // `service: {name: orders}` is the older form of `service: orders`.
            (Found::Missing, "service.name") => self.walk(self.root, "service", span),
            (Found::Node(service), "service") => Found::Node(service.get("name").cloned().unwrap_or(service)),
            (found, _) => found,
        }
    }

    /// The node at an address, its variables resolved.
    fn walk(&self, root: &Node, address: &str, span: Span) -> Found {
        let mut at = root.clone();
        for step in address.split('.').filter(|step| !step.is_empty()) {
            // Only what lies on the way is resolved: the whole may lead back here.
            if at.as_scalar().is_some() {
                at = self.node(&at);
            }
            if at.as_str().is_some_and(has_marker) {
                return Found::Hole(self.hole(&format!("self:{address}"), HoleKind::Parameter, span), None);
            }
            let index = || step.trim_matches(['[', ']']).parse::<usize>().ok();
            let below = at.get(step).or_else(|| at.items()?.get(index()?));
            let Some(below) = below.cloned() else { return Found::Missing };
            at = below;
        }
        let resolved = self.node(&at);
        match self.only_hole(&resolved) {
            Some(hole) => Found::Hole(Hole { span, ..hole }, None),
            None => Found::Node(resolved),
        }
    }

    /// The hole of a text that is one marker and nothing else.
    fn only_hole(&self, node: &Node) -> Option<Hole> {
        let scalar = node.as_scalar().filter(|scalar| has_marker(&scalar.text))?;
        let text = Text::from_scalar(scalar, node.span()).restore(&self.state.borrow().holes);
        text.as_hole().cloned()
    }

    fn file(&self, path: &str, address: &str, span: Span) -> Found {
        let path = path.trim_matches(['\'', '"']);
        let unread = |reason: String| {
            let name = if address.is_empty() { format!("file({path})") } else { format!("file({path}):{address}") };
            Found::Hole(self.hole(&name, HoleKind::Parameter, span), Some(reason))
        };
        let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
        if matches!(ending, "js" | "cjs" | "mjs" | "ts" | "py") {
            return unread(format!("`{path}` is a program, which is not run: what it gives is not known"));
        }
        let file = match self.repository.find(self.repository.folder(self.file), path) {
            Ok(file) => file,
            Err(NotTaken::OutsideRoot) => {
                return unread(format!("`{path}` lies outside the repository, so it is not read"));
            }
            Err(NotTaken::Missing) => return unread(format!("`{path}` is none of the files that were read")),
        };
        let Some(root) = self.repository.get(file).parsed.root() else {
            return unread(format!("`{path}` is neither YAML nor JSON"));
        };
        self.state.borrow_mut().taken_in.insert(file);
        self.walk(root, address, span)
    }

    /// `sls:stage`: what `--stage` says, else `provider.stage`, else `dev`.
    fn stage(&self, span: Span) -> Found {
        let hole = Hole { default: Some("dev".into()), ..self.hole("sls:stage", HoleKind::Parameter, span) };
        let stage = self.root.get("provider").and_then(|provider| provider.get("stage")).and_then(Node::as_str);
        if stage.is_some_and(|stage| stage.contains("sls:stage") || stage.contains("self:provider.stage")) {
            return Found::Hole(hole, None);
        }
        match self.walk(self.root, "provider.stage", span) {
            Found::Node(node) => self.by_default(Hole { default: None, ..hole }, node),
            Found::Hole(of_provider, why) => Found::Hole(of_provider, why),
            Found::Missing => Found::Hole(hole, None),
        }
    }

    /// `param:name`: those of the stage first; `--param` goes before both.
    fn parameter(&self, name: &str, span: Span) -> Found {
        let stage = match self.stage(span) {
            Found::Node(node) => node.as_str().map(str::to_owned),
            Found::Hole(hole, _) => hole.default,
            Found::Missing => None,
        };
        let hole = self.hole(&format!("param:{name}"), HoleKind::Parameter, span);
        for stage in stage.as_deref().into_iter().chain(["default"]) {
            for address in [format!("params.{stage}.{name}"), format!("stages.{stage}.params.{name}")] {
                match self.walk(self.root, &address, span) {
                    Found::Node(node) => return self.by_default(hole, node),
                    Found::Hole(Hole { default, .. }, _) => return Found::Hole(Hole { default, ..hole }, None),
                    Found::Missing => {}
                }
            }
        }
        Found::Hole(hole, None)
    }

    fn hole(&self, name: &str, kind: HoleKind, span: Span) -> Hole {
        Hole { name: name.to_owned(), kind, span, template: self.file, default: None }
    }

    /// What a variable stands for that asks for something that is not there.
    fn missing(&self, inside: &str, span: Span) -> Hole {
        self.hole(inside, HoleKind::Tool, span)
    }

    /// Keeps a hole, and gives its marker.
    fn add_hole(&self, hole: Hole) -> String {
        let holes = &mut self.state.borrow_mut().holes;
        holes.push(hole);
        marker(holes.len() - 1)
    }

    fn mark(&self, hole: Hole, span: Span) -> Node {
        let text = self.add_hole(hole);
        Node::new(Kind::Scalar(Scalar { text: text.into(), quoted: true, map: OffsetMap::whole(span) }), span, None)
    }
}

fn literal_node(text: &str, quoted: bool, span: Span) -> Node {
    Node::new(Kind::Scalar(Scalar { text: text.into(), quoted, map: OffsetMap::whole(span) }), span, None)
}
