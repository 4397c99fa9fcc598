//! Patterns of ARNs, as `Resource` holds them. Matching is case-sensitive.
//!
//! Whether a `*` in the middle of an ARN goes beyond a `:` is not settled: the documentation says
//! that wildcards stay within their segment, and that one at the end of a segment may not. An answer
//! is given where both readings agree.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>

use super::answer::Truth;
use super::glob::{Glob, Letter, Reach, Search, Token, outside};
use super::variable::{Piece, pieces};
use crate::source::Span;
use crate::value::{Condition, HoleKind, Part, Text};

/// One entry of `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub struct ArnPattern {
    text: Text,
    /// The conditions of the template under which the entry is there.
    pub when: Vec<Condition>,
    /// Wildcards beyond colons, holes as rigid letters.
    pub(super) spanning: Glob,
    /// Wildcards within the first five segments, holes as rigid letters: all of it matches under
    /// either reading. `None` where nothing is sure to match.
    pub(super) segmented: Option<Glob>,
    /// Every text that may match: both readings, holes standing for anything.
    pub(super) wide: Glob,
    /// As `wide`, but by segments; `None` where the segments cannot be told.
    pub(super) wide_segmented: Option<Glob>,
    has_variables: bool,
    /// The service, where it is one whose names hold no colon.
    plain: Option<&'static str>,
}

impl ArnPattern {
    /// `variables`: whether `${aws:username}` is a policy variable in this document.
    pub fn new(text: &Text, variables: bool, when: Vec<Condition>) -> ArnPattern {
        let pieces = pieces(text, variables);
        let readings = pieces.as_deref().map_or_else(Readings::unknown, Readings::new);
        ArnPattern {
            text: text.clone(),
            when,
            spanning: readings.spanning,
            segmented: readings.segmented,
            wide: readings.wide,
            wide_segmented: readings.wide_segmented,
            has_variables: readings.has_variables,
            plain: service_of(text).and_then(with_plain_names),
        }
    }

    pub fn text(&self) -> &Text {
        &self.text
    }

    /// For another place of the same text.
    pub(super) fn text_mut(&mut self) -> &mut Text {
        &mut self.text
    }

    pub fn span(&self) -> Span {
        self.text.span
    }

    /// `*`: every resource, and the requests that have none.
    pub fn is_everything(&self) -> bool {
        self.segmented.as_ref().is_some_and(Glob::is_everything)
    }

    /// Whether nothing is known of it, so that it may turn out to be any ARN, or `*`.
    pub fn is_opaque(&self) -> bool {
        self.wide.is_everything() && !self.is_everything()
    }

    /// Whether it holds policy variables, which a request may lack.
    pub fn has_variables(&self) -> bool {
        self.has_variables
    }

    pub fn has_wildcards(&self) -> bool {
        self.spanning.has_wildcards()
    }

    /// Whether it matches an ARN.
    pub fn matches(&self, arn: &str) -> Truth {
        if !self.wide.matches(arn) {
            Truth::No
        } else if self.segmented.as_ref().is_some_and(|glob| glob.matches(arn)) {
            Truth::Yes
        } else {
            Truth::Unknown
        }
    }

    /// Whether it matches every ARN that `other` matches.
    pub fn covers(&self, other: &ArnPattern) -> Truth {
        if self.surely_covers(other) {
            return Truth::Yes;
        }
        let missed = !other.spanning.has_holes()
            && other.segmented.as_ref().is_some_and(|its| matches!(outside(&[its], &[&self.wide]), Search::Found(_)));
        if missed || self.overlaps(other).is_no() { Truth::No } else { Truth::Unknown }
    }

    /// Whether some ARN matches both.
    pub fn overlaps(&self, other: &ArnPattern) -> Truth {
        // Where no name holds a colon the segments of an ARN are those of the pattern.
        if let (Some(own), Some(its)) = (&self.wide_segmented, &other.wide_segmented)
            && let (Some(one), Some(two)) = (self.plain, other.plain)
            && (one != two || !own.intersects(its))
        {
            return Truth::No;
        }
        if !self.wide.intersects(&other.wide) {
            return Truth::No;
        }
        let sure = match (&self.segmented, &other.segmented) {
            (Some(own), Some(its)) => !self.has_variables && !other.has_variables && own.intersects(its),
            _ => false,
        };
        if sure { Truth::Yes } else { Truth::Unknown }
    }

    /// The six parts of the ARN, split at its first five colons; `None` when it has fewer.
    pub fn parts(&self) -> Option<[Text; 6]> {
        split(&self.text)
    }

    /// The service, when it is written out: `s3` of `arn:aws:s3:::bucket`.
    pub fn service(&self) -> Option<&str> {
        service_of(&self.text)
    }

    /// The account part, which may be empty, a wildcard or a hole.
    pub fn account(&self) -> Option<Text> {
        let [_, _, _, _, account, _] = self.parts()?;
        Some(account)
    }

    /// What comes after the account: `role/deploy`, `bucket/key`.
    pub fn resource_part(&self) -> Option<Text> {
        let [.., resource] = self.parts()?;
        Some(resource)
    }

    /// Whether a wildcard stands in the account, or for the whole name of the resource:
    /// `arn:aws:s3:::*`, `…:parameter/*`. One behind the start of a name is how families of names are
    /// written.
    pub fn names_nothing(&self) -> bool {
        let shown = |text: Option<Text>| text.map(|text| text.display().into_owned()).unwrap_or_default();
        let resource = shown(self.resource_part());
        // Of objects the bucket is named first.
        let is_of_s3 = || self.service().is_some_and(|service| service == "s3");
        let of_kind = || resource.split_once(['/', ':']).is_some_and(|(_, name)| name == "*") && !is_of_s3();
        shown(self.account()).contains('*') || resource.starts_with('*') || of_kind()
    }

    /// As [`Self::wide`], in any partition and any account: which of them a principal can reach is
    /// not known.
    pub(super) fn wide_anywhere(&self) -> Option<Glob> {
        let mut glob = Glob::default();
        let mut segment = 0;
        for piece in pieces(&self.text, true)? {
            if piece == Piece::Char(':') {
                segment += 1;
                glob.push_literal(":");
                if [PARTITION, ACCOUNT].contains(&segment) {
                    glob.push(Token::Run(Reach::All));
                }
                continue;
            }
            glob.push(match piece {
                _ if [PARTITION, ACCOUNT].contains(&segment) => continue,
                Piece::Char('*') | Piece::Hole(_) | Piece::Variable(_) => Token::Run(Reach::All),
                Piece::Char('?') => Token::One(Reach::All),
                Piece::Char(c) | Piece::Literal(c) => Token::Letter(Letter::Char(c)),
            });
        }
        if segment < COLONS_OF_AN_ARN {
            glob.push(Token::Run(Reach::All));
        }
        Some(glob)
    }

    /// Whether it is sure to match every ARN that `other` matches.
    pub fn surely_covers(&self, other: &ArnPattern) -> bool {
        if self.text == other.text {
            return true;
        }
        let Some(own) = &self.segmented else { return false };
        match &other.segmented {
            Some(its) => its.within(own).is_yes() && other.spanning.within(&self.spanning).is_yes(),
            None => other.wide.within(own).is_yes(),
        }
    }
}

/// What stands between the second colon and the third of an ARN, when no hole is in it.
fn service_of(text: &Text) -> Option<&str> {
    let (mut colons, mut service) = (0, None);
    for part in &text.parts {
        match part {
            Part::Hole(_) if colons == SERVICE => return None,
            Part::Hole(_) => {}
            Part::Known(known, _) => {
                let mut start = 0;
                for (end, _) in known.match_indices(':') {
                    if colons == SERVICE {
                        service = Some(&known[start..end]);
                    }
                    colons += 1;
                    start = end + 1;
                }
            }
        }
    }
    service.filter(|service| colons >= COLONS_OF_AN_ARN && !service.is_empty() && !service.contains(['*', '?']))
}

fn with_plain_names(service: &str) -> Option<&'static str> {
    SERVICES_WITH_PLAIN_NAMES.iter().copied().find(|plain| *plain == service)
}

/// Services whose ARNs have a `:` in the resource part only between its fields, never in a name, so
/// that no `*` can reach beyond one into a look-alike of the pattern. From the ARN formats in the
/// Service Authorization Reference and the naming rules of the services.
const SERVICES_WITH_PLAIN_NAMES: &[&str] = &[
    "cloudformation",
    "codebuild",
    "codecommit",
    "codepipeline",
    "dynamodb",
    "ecr",
    "ecs",
    "kms",
    "lambda",
    "logs",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "states",
];

const COLONS_OF_AN_ARN: usize = 5;
const PARTITION: usize = 1;
const SERVICE: usize = 2;
const ACCOUNT: usize = 4;

struct Readings {
    spanning: Glob,
    segmented: Option<Glob>,
    wide: Glob,
    wide_segmented: Option<Glob>,
    has_variables: bool,
}

impl Readings {
    fn unknown() -> Readings {
        let everything = Glob::parse("*");
        Readings {
            spanning: everything.clone(),
            segmented: None,
            wide: everything,
            wide_segmented: None,
            has_variables: false,
        }
    }

    fn new(pieces: &[Piece]) -> Readings {
        let colons = pieces.iter().filter(|piece| matches!(piece, Piece::Char(':') | Piece::Literal(':'))).count();
        let whole = colons >= COLONS_OF_AN_ARN;
        let room = || Vec::with_capacity(pieces.len() + 1);
        let (mut spanning, mut segmented): (Vec<Token>, Vec<Token>) = (room(), room());
        let (mut wide, mut wide_segmented): (Vec<Token>, Vec<Token>) = (Vec::new(), Vec::new());
        // A hole in a text with too few colons holds the missing ones (`${Bucket.Arn}/*`): what
        // follows it belongs to the resource part. In a text with enough of them a hole among the
        // first five segments is part of its segment.
        let mut segment = 0;
        // Without holes what a pattern may match is what it matches: one glob serves for both.
        let is_open = pieces.iter().any(|piece| matches!(piece, Piece::Hole(_) | Piece::Variable(_)));
        for piece in pieces {
            let reach = if segment < COLONS_OF_AN_ARN { Reach::Segment } else { Reach::All };
            match piece {
                Piece::Char(c @ ('*' | '?')) => {
                    let token = if *c == '*' { Token::Run } else { Token::One };
                    spanning.push(token(Reach::All));
                    segmented.push(token(reach));
                    if is_open {
                        wide.push(token(Reach::All));
                        wide_segmented.push(token(reach));
                    }
                }
                Piece::Char(c) | Piece::Literal(c) => {
                    let token = Token::Letter(Letter::Char(*c));
                    if is_open {
                        wide.push(token);
                        wide_segmented.push(token);
                    }
                    spanning.push(token);
                    segmented.push(token);
                    segment += usize::from(*c == ':');
                }
                Piece::Hole(hole) | Piece::Variable(hole) => {
                    let tame = hole.is_tame() || (whole && reach == Reach::Segment);
                    let letter = Letter::Hole(hole.tamed(tame));
                    spanning.push(Token::Letter(letter));
                    segmented.push(Token::Letter(letter));
                    // A parameter may turn out to be `*`, and then be read either way.
                    wide.push(Token::Run(if hole.is_tame() { Reach::Name } else { Reach::All }));
                    wide_segmented.push(Token::Run(if tame { Reach::Segment } else { Reach::All }));
                    if !whole && !hole.is_tame() {
                        segment = COLONS_OF_AN_ARN;
                    }
                }
            }
        }
        // Without a wildcard among the first five segments both readings are one, and are kept once.
        let is_one = spanning == segmented;
        let spanning = Glob::new(spanning);
        let segmented = if is_one { spanning.clone() } else { Glob::new(segmented) };
        let (wide, wide_segmented) = match is_open {
            true => (Glob::new(wide), Glob::new(wide_segmented)),
            false => (spanning.clone(), segmented.clone()),
        };
        let readings = Readings {
            spanning,
            segmented: None,
            wide,
            wide_segmented: None,
            has_variables: pieces.iter().any(|piece| matches!(piece, Piece::Variable(_))),
        };
        readings.finish(segmented, wide_segmented, segment)
    }

    /// An ARN cut short: in identity policies the missing parts are taken as `*`, which is sure
    /// only where the text ends in `*` itself.
    fn finish(mut self, mut segmented: Glob, wide_segmented: Glob, segments: usize) -> Readings {
        if self.spanning.is_everything() {
            self.segmented = Some(Glob::parse("*"));
            self.wide_segmented = Some(Glob::parse("*"));
        } else if segments >= COLONS_OF_AN_ARN {
            self.segmented = Some(segmented);
            self.wide_segmented = Some(wide_segmented);
        } else if self.spanning.ends_open() {
            for _ in segments..COLONS_OF_AN_ARN {
                segmented.push_pattern(":*", Reach::Segment);
            }
            segmented.push(Token::Run(Reach::All));
            self.segmented = Some(segmented);
        } else {
            self.wide.push(Token::Run(Reach::All));
        }
        self
    }
}

/// Whether the colon before the partition is missing: `arn${AWS::Partition}…`, which is no ARN whatever the partition.
pub fn lacks_first_colon(text: &Text) -> bool {
    matches!(text.parts.as_slice(), [Part::Known(start, _), Part::Hole(hole), ..]
        if start == "arn" && hole.kind == HoleKind::Pseudo && hole.name == "AWS::Partition")
}

pub(super) fn split(text: &Text) -> Option<[Text; 6]> {
    let empty = |span: Span| Text { parts: Vec::new(), span };
    let mut parts: Vec<Text> = vec![empty(Span { end: text.span.start, ..text.span })];
    for part in &text.parts {
        match part {
            Part::Hole(hole) => append(&mut parts, Part::Hole(hole.clone()), hole.span),
            Part::Known(known, map) => {
                let mut from = 0;
                while parts.len() <= COLONS_OF_AN_ARN
                    && let Some(colon) = known[from..].find(':').map(|at| at + from)
                {
                    append(
                        &mut parts,
                        Part::Known(known[from..colon].into(), map.slice(from..colon)),
                        map.span(from..colon),
                    );
                    from = colon + 1;
                    parts.push(empty(map.span(from..from)));
                }
                append(
                    &mut parts,
                    Part::Known(known[from..].into(), map.slice(from..known.len())),
                    map.span(from..known.len()),
                );
            }
        }
    }
    parts.try_into().ok()
}

fn append(parts: &mut [Text], part: Part, span: Span) {
    if matches!(&part, Part::Known(text, _) if text.is_empty()) {
        return;
    }
    if let Some(last) = parts.last_mut() {
        last.span = if last.parts.is_empty() { span } else { last.span.to(span) };
        last.parts.push(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::fixture::text;

    fn pattern(notation: &str) -> ArnPattern {
        ArnPattern::new(&text(notation), true, Vec::new())
    }

    #[test]
    fn one_pattern_covers_and_overlaps_another() {
        use Truth::{No, Unknown, Yes};
        // The pattern, the other, whether it covers it, whether they overlap.
        let table = [
            ("*", "arn:aws:s3:::b/*", Yes, Yes),
            ("arn:aws:s3:::b/*", "*", No, Yes),
            ("arn:aws:s3:::b*", "arn:aws:s3:::b/*", Yes, Yes),
            ("arn:aws:s3:::a/*", "arn:aws:s3:::b/*", No, No),
            ("arn:aws:s3:::A", "arn:aws:s3:::a", No, No),
            ("arn:aws:iam::*:role/*", "arn:aws:iam::1:role/x", Yes, Yes),
            ("arn:aws:iam::1:role/??", "arn:aws:iam::1:role/x", No, No),
            ("arn:aws:iam::1:role/??", "arn:aws:iam::1:role/x*", No, Yes),
            ("arn:aws:iam::*", "arn:aws:iam::1:role/x", Yes, Yes),
            ("arn:aws:iam", "arn:aws:iam::1:role/x", Unknown, Unknown),
            ("arn:*", "arn:aws:iam::1:role/x", Yes, Yes),
            // A star in the middle may go beyond a colon: which is right is not known.
            ("arn:*:role/x", "arn:aws:iam::1:role/x", Unknown, Unknown),
            ("arn:aws:s3:*:key", "arn:aws:s3:::b:key", Unknown, Unknown),
            // Neither a stack nor a log group can have a colon in its name.
            ("arn:aws:cloudformation:*:*:stack/A/*", "arn:aws:cloudformation:*:*:stack/B/*", No, No),
            ("arn:aws:logs:*:*:log-group:a", "arn:aws:logs:*:*:log-group:b", No, No),
            ("arn:aws:iam::*:role/a/*", "arn:aws:iam::*:role/b/*", No, Unknown),
            ("arn:aws:s3:::<Bucket>/*", "arn:aws:s3:::<Bucket>/x", Yes, Yes),
            ("arn:aws:s3:::<Bucket>", "arn:aws:s3:::<Bucket>/x", Unknown, Unknown),
            ("arn:aws:s3:::<Bucket>/*", "arn:aws:s3:::b/x", Unknown, Unknown),
            ("arn:aws:s3:::b/*", "arn:aws:sqs:::<Queue>", No, No),
            (
                "arn:<AWS::Partition>:iam::<AWS::AccountId>:*",
                "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/x",
                Yes,
                Yes,
            ),
            ("arn:*:iam::*:role/*", "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/x", Yes, Yes),
            ("arn:aws:iam::*:role/*", "arn:<AWS::Partition>:iam::<AWS::AccountId>:role/x", Unknown, Unknown),
            ("<Role.Arn>", "<Role.Arn>", Yes, Yes),
            ("<Bucket.Arn>/*", "<Bucket.Arn>/a/*", Yes, Yes),
            ("<Bucket.Arn>*", "<Bucket.Arn>/a/*", Yes, Yes),
            ("<Bucket.Arn>", "<Other.Arn>", Unknown, Unknown),
            ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/${AWS:UserName}/a", Yes, Unknown),
            ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/x/a", Unknown, Unknown),
            ("arn:aws:s3:::a${*}b", "arn:aws:s3:::a*b", No, Yes),
            ("arn:aws:s3:::a${*}b", "arn:aws:s3:::axb", No, No),
        ];
        for (own, other, covers, overlaps) in table {
            let (own, other) = (pattern(own), pattern(other));
            let shown = format!("{} and {}", own.text().display(), other.text().display());
            assert_eq!(own.covers(&other), covers, "covers: {shown}");
            assert_eq!(own.overlaps(&other), overlaps, "overlaps: {shown}");
            assert_eq!(other.overlaps(&own), overlaps, "the other way round: {shown}");
        }
    }

    #[test]
    fn the_parts_of_an_arn_are_known_with_their_holes() {
        let pattern = pattern("arn:<AWS::Partition>:s3:::<Bucket>/a:b");
        assert_eq!(pattern.service(), Some("s3"));
        assert_eq!(pattern.account().map(|text| text.display().into_owned()).as_deref(), Some(""));
        assert_eq!(pattern.resource_part().map(|text| text.display().into_owned()).as_deref(), Some("${Bucket}/a:b"));
        assert!(super::tests::pattern("<Bucket.Arn>/*").parts().is_none());
        assert!(super::tests::pattern("<Arn>").is_opaque());
        assert!(!super::tests::pattern("*").is_opaque());
        assert!(super::tests::pattern("**").is_everything());
    }
}
