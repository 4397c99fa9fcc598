//! Judges one entry of the `Resource` of an allow: whether any of it is left.

use super::Authority;
use super::taker::{Asked, Extent, Taker, boundary_choice, boundary_reason, possible_extent, sure_extent, takers};
use crate::iam::answer::Reason;
use crate::iam::arn::ArnPattern;
use crate::iam::document::{Resources, Statement};
use crate::iam::glob::{Glob, Search, spell};
use crate::iam::residue::{Choice, Reading, Region, find, is_concrete, least, most};
use crate::iam::universe::Universe;
use crate::source::Span;
use crate::value::{Condition, can_hold_together, implies};

/// What an allow names as its resources.
#[derive(Clone, Copy)]
pub enum Element<'a> {
    Pattern(&'a ArnPattern),
    /// All but the entries of `NotResource`.
    Rest(&'a Resources),
    /// There is no `Resource`.
    Everything,
    /// Entries that could not be evaluated.
    Unknown(&'a [Reason]),
}

pub enum Verdict {
    /// Nothing is left.
    Gone,
    /// Something is left; a resource of it where one can be named.
    Sure(Option<String>),
    Doubtful {
        reasons: Vec<Reason>,
        /// Whether the entry fits no documented resource of the action.
        unlikely: bool,
    },
}

/// The question an entry is judged by.
pub struct Judge<'q> {
    pub authority: &'q Authority,
    pub asked: Asked<'q>,
    pub universe: &'q Universe,
    /// Whether a resource that is left is to be named.
    pub wants_witness: bool,
    /// Only resources that this pattern matches count.
    pub target: Option<&'q ArnPattern>,
}

impl<'a> Element<'a> {
    pub fn of(statement: &'a Statement) -> Vec<Element<'a>> {
        match &statement.resources {
            None => vec![Element::Everything],
            Some(resources) if resources.negated => vec![Element::Rest(resources)],
            Some(resources) => {
                let unknown = (!resources.unknown.is_empty()).then_some(Element::Unknown(&resources.unknown));
                resources.patterns.iter().map(Element::Pattern).chain(unknown).collect()
            }
        }
    }

    pub fn pattern(self) -> Option<&'a ArnPattern> {
        match self {
            Element::Pattern(pattern) => Some(pattern),
            _ => None,
        }
    }

    fn span(self) -> Option<Span> {
        match self {
            Element::Pattern(pattern) => Some(pattern.span()),
            Element::Rest(resources) => Some(resources.key_span),
            Element::Everything | Element::Unknown(_) => None,
        }
    }

    fn has_holes(self) -> bool {
        self.pattern().is_some_and(|pattern| pattern.spanning.has_holes())
    }

    /// All it may name: holes stand for anything.
    fn widest(self, when: &[Condition]) -> Region {
        match self {
            Element::Pattern(pattern) => Region::inside(pattern.wide.clone()),
            Element::Rest(_) => self.most(Reading::Segmented, when),
            Element::Everything | Element::Unknown(_) => Region::everything(),
        }
    }

    /// All it may name under a reading, holes as rigid letters.
    fn most(self, reading: Reading, when: &[Condition]) -> Region {
        match self {
            Element::Pattern(pattern) => Region::inside(most(pattern, reading)),
            Element::Rest(resources) => {
                let sure = resources.patterns.iter().filter(|pattern| implies(when, &pattern.when));
                Region { within: Vec::new(), without: sure.filter_map(|pattern| least(pattern, reading)).collect() }
            }
            Element::Everything | Element::Unknown(_) => Region::everything(),
        }
    }

    /// What it is sure to name, under both readings and whatever the holes are.
    fn surest(self, when: &[Condition]) -> Option<Region> {
        match self {
            Element::Pattern(pattern) if pattern.spanning.has_holes() => None,
            Element::Pattern(pattern) => least(pattern, Reading::Segmented).map(Region::inside),
            Element::Rest(resources) => {
                let possible = resources.patterns.iter().filter(|pattern| can_hold_together(when, &pattern.when));
                let without =
                    possible.flat_map(|pattern| std::iter::once(pattern.wide.clone()).chain(pattern.wide_anywhere()));
                let without = without.collect();
                resources.unknown.is_empty().then_some(Region { within: Vec::new(), without })
            }
            Element::Everything => Some(Region::everything()),
            Element::Unknown(_) => None,
        }
    }
}

impl Judge<'_> {
    pub fn verdict(&self, element: Element<'_>) -> Verdict {
        if let Some(verdict) = self.untouched(element) {
            return verdict;
        }
        if let (Some(target), Element::Pattern(pattern)) = (self.target, element)
            && pattern.overlaps(target).is_no()
        {
            return Verdict::Gone;
        }
        let target = self.target.map_or_else(Region::everything, |target| Region::inside(target.wide.clone()));
        let widest = element.widest(self.asked.when).and(&target);
        let meets = |region: &Region| {
            self.universe
                .requests()
                .any(|request| !is_empty(&region.and(&target).and(&Region::inside(request.into_owned())), &[]))
        };
        // One glob against one: no search is needed.
        let glob_meets = |glob: &Glob| match self.target {
            None => !self.universe.meets(glob).is_no(),
            Some(_) => meets(&Region::inside(glob.clone())),
        };
        let by_segments = element.pattern().and_then(|pattern| pattern.wide_segmented.as_ref());
        let may_fit = element.pattern().map_or_else(|| meets(&widest), |pattern| glob_meets(&pattern.wide));
        // An ARN that a wildcard reaches beyond a colon only is possible, but unlikely.
        let fits = may_fit && by_segments.is_none_or(glob_meets);
        if !may_fit && !self.may_fit_undocumented(element) {
            return Verdict::Gone;
        }
        let everything = Universe::everything();
        let universe = if may_fit { self.universe } else { &everything };
        let takers = takers(self.authority, self.asked);
        if self.is_gone(element, &takers, universe, &target) {
            return Verdict::Gone;
        }
        if fits && let Some(verdict) = self.surely_left(element, &takers) {
            return verdict;
        }
        let mut reasons = self.reasons(&widest, &takers, universe);
        if let Element::Unknown(unknown) = element {
            reasons.extend_from_slice(unknown);
        }
        if reasons.is_empty()
            && fits
            && let Some(verdict) = self.left_as_it_is(element)
        {
            return verdict;
        }
        if !fits && let Element::Pattern(pattern) = element {
            let text =
                format!("`{}` is no ARN that `{}` is documented to take", pattern.text().display(), self.asked.action);
            reasons.push(Reason::at(text, pattern.span()));
        } else if reasons.is_empty() {
            reasons.extend(element.span().map(|span| Reason::at("which resources are left is not known", span)));
        }
        Verdict::Doubtful { reasons, unlikely: !fits }
    }

    /// For an entry that nothing takes of, and whose holes keep its resources from being named.
    fn left_as_it_is(&self, element: Element<'_>) -> Option<Verdict> {
        let Some(target) = self.target else { return element.has_holes().then_some(Verdict::Sure(None)) };
        let shown = || target.text().display().into_owned();
        match element {
            Element::Everything => Some(Verdict::Sure(Some(shown()))),
            Element::Pattern(own) if own.covers(target).is_yes() => Some(Verdict::Sure(Some(shown()))),
            Element::Pattern(own) if own.overlaps(target).is_yes() => {
                let both = [least(own, Reading::Segmented)?, least(target, Reading::Segmented)?];
                match (Region { within: both.into(), without: Vec::new() }).word() {
                    Search::Found(word) => Some(Verdict::Sure(Some(spell(&word)))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// The verdict of most questions: nothing takes anything away, so that a pattern is left where
    /// it fits the action at all.
    fn untouched(&self, element: Element<'_>) -> Option<Verdict> {
        let Element::Pattern(pattern) = element else { return None };
        if self.wants_witness || self.target.is_some() || self.authority.boundary.is_some() {
            return None;
        }
        let fits = if element.has_holes() {
            let by_segments = pattern.wide_segmented.as_ref();
            self.universe.meets(&pattern.wide).is_yes()
                && by_segments.is_none_or(|glob| self.universe.meets(glob).is_yes())
        } else {
            let sure = pattern.segmented.as_ref();
            // `*` is left whatever the action: it has resources, or takes none.
            sure.is_some_and(|glob| glob.is_everything() || self.universe.surely_meets(glob))
        };
        (fits && takers(self.authority, self.asked).is_empty()).then_some(Verdict::Sure(None))
    }

    /// Whether the action's service takes ARNs of formats it does not document, and this is one of
    /// the service.
    fn may_fit_undocumented(&self, element: Element<'_>) -> bool {
        let service = self.asked.action.split_once(':').map_or("", |(service, _)| service);
        self.universe.open
            && self.universe.has_arns()
            && element.pattern().is_some_and(|pattern| pattern.service().is_none_or(|own| own == service))
    }

    /// Whether sure denies and the boundary leave nothing, under either reading.
    fn is_gone(&self, element: Element<'_>, takers: &[Taker<'_>], universe: &Universe, target: &Region) -> bool {
        let when = self.asked.when;
        let under = |reading: Reading| {
            // With holes as rigid letters nothing can be said of ARN formats and of what is left
            // by `NotResource`; what a deny covers so it covers for every value of the hole.
            let rigid = element.has_holes() && {
                let mut region = element.most(reading, when);
                subtract(takers, &mut region, None, when, reading) || is_empty(&region, &[])
            };
            rigid || {
                let base = if element.has_holes() { element.widest(when) } else { element.most(reading, when) };
                let mut region = base.and(target);
                let mut choices: Vec<Choice> = boundary_choice(self.authority, self.asked, false).into_iter().collect();
                let all = subtract(takers, &mut region, Some(&mut choices), when, reading);
                all || universe
                    .requests()
                    .all(|request| is_empty(&region.and(&Region::inside(request.into_owned())), &choices))
            }
        };
        under(Reading::Spanning) && under(Reading::Segmented)
    }

    /// Something that is allowed and that no deny can take, if there is such a thing.
    fn surely_left(&self, element: Element<'_>, takers: &[Taker<'_>]) -> Option<Verdict> {
        let when = self.asked.when;
        let mut region = element.surest(when)?;
        if let Some(target) = self.target {
            if target.spanning.has_holes() {
                return None;
            }
            region = region.and(&Region::inside(least(target, Reading::Segmented)?));
        }
        let mut choices: Vec<Choice> = boundary_choice(self.authority, self.asked, true).into_iter().collect();
        for taker in takers {
            match possible_extent(taker.statement, when) {
                Extent::Everything => return None,
                Extent::In(globs) => region.without.extend(globs),
                Extent::NotIn(globs) => choices.push(globs.into_iter().map(Region::inside).collect()),
            }
        }
        let found = self.universe.witnesses().iter().find_map(|request| {
            match find(&region.and(&Region::inside(request.clone())), &choices) {
                Search::Found(word) if is_concrete(&word) => Some(spell(&word)),
                _ => None,
            }
        });
        found.map(|word| Verdict::Sure(Some(word)))
    }

    /// Why it is not sure that something is left.
    fn reasons(&self, widest: &Region, takers: &[Taker<'_>], universe: &Universe) -> Vec<Reason> {
        let mut reasons = Vec::new();
        for taker in takers {
            let touched = match possible_extent(taker.statement, self.asked.when) {
                Extent::Everything => true,
                Extent::In(globs) => globs.into_iter().any(|glob| self.meets(widest, glob, universe)),
                Extent::NotIn(globs) => !is_empty(&Region { without: globs, ..widest.clone() }, &[]),
            };
            if touched {
                let name = taker.statement.sid_text().map(|sid| format!("`{sid}` ")).unwrap_or_default();
                reasons.push(Reason::at(format!("the deny {name}may take it away"), taker.statement.span));
            }
        }
        if let Some(reason) = boundary_reason(self.authority) {
            reasons.push(reason);
        } else if let Some(choice) = boundary_choice(self.authority, self.asked, true)
            && !choice.iter().any(|region| region.within.iter().all(Glob::is_everything) && region.without.is_empty())
        {
            reasons.push(Reason::new("the permissions boundary may not let it pass"));
        }
        reasons
    }

    fn meets(&self, widest: &Region, glob: Glob, universe: &Universe) -> bool {
        let region = widest.and(&Region::inside(glob));
        universe.requests().any(|request| !is_empty(&region.and(&Region::inside(request.into_owned())), &[]))
    }
}

/// Takes from a region what sure denies take. `true`: everything. Without `choices` denies with
/// `NotResource` are left out.
fn subtract(
    takers: &[Taker<'_>],
    region: &mut Region,
    mut choices: Option<&mut Vec<Choice>>,
    when: &[Condition],
    reading: Reading,
) -> bool {
    for taker in takers.iter().filter(|taker| taker.sure) {
        match (sure_extent(taker.statement, when, reading), &mut choices) {
            (Some(Extent::Everything), _) => return true,
            (Some(Extent::In(globs)), _) => region.without.extend(globs),
            (Some(Extent::NotIn(globs)), Some(choices)) => {
                choices.push(globs.into_iter().map(Region::inside).collect())
            }
            (Some(Extent::NotIn(_)) | None, _) => {}
        }
    }
    false
}

fn is_empty(region: &Region, choices: &[Choice]) -> bool {
    find(region, choices) == Search::Empty
}
