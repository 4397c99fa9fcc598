//! How long it takes to hold AWS's managed policies against each other.

use iamlint::iam::{Finding, PolicyDocument, PolicyKind, Prepared, catalogue, managed_document, new_access};
use iamlint::source::{Sources, Span};

fn main() {
    divan::main();
}

/// Each so many-th policy: 40,000 pairs are enough for a figure.
const STEP: usize = 8;

#[divan::bench(sample_count = 5)]
fn all_pairs_of_managed_policies(bencher: divan::Bencher<'_, '_>) {
    let documents = documents(STEP);
    let prepared: Vec<Prepared<'_>> = documents.iter().map(Prepared::new).collect();
    let pairs = prepared.len() * prepared.len();
    bencher.counter(divan::counter::ItemsCount::new(pairs)).bench(|| {
        let contained = |mut new: Prepared<'_>| {
            prepared.iter().filter(|existing| matches!(new.new_access(existing), Finding::None)).count()
        };
        prepared.iter().cloned().map(contained).sum::<usize>()
    });
}

#[divan::bench(sample_count = 5)]
fn pairs_that_are_not_made_ready(bencher: divan::Bencher<'_, '_>) {
    let documents = documents(STEP * 8);
    let pairs = documents.len() * documents.len();
    bencher.counter(divan::counter::ItemsCount::new(pairs)).bench(|| {
        let contained = |new: &PolicyDocument| {
            documents.iter().filter(|existing| matches!(new_access(&[existing], &[new]), Finding::None)).count()
        };
        documents.iter().map(contained).sum::<usize>()
    });
}

#[divan::bench(sample_count = 5)]
fn making_policies_ready(bencher: divan::Bencher<'_, '_>) {
    let documents = documents(STEP);
    bencher
        .counter(divan::counter::ItemsCount::new(documents.len()))
        .bench(|| documents.iter().map(Prepared::new).count());
}

fn documents(step: usize) -> Vec<PolicyDocument> {
    let mut sources = Sources::new();
    let span = Span::start_of(sources.add("managed", ""));
    let policies = catalogue::managed_policies().step_by(step);
    policies.filter_map(|policy| managed_document(&policy.arn(), span, PolicyKind::Identity)).collect()
}
