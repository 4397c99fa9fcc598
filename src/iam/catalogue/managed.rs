//! AWS's managed policies. Their documents are stored deflated, in chunks; one is inflated when it is asked for.

use std::fmt;
use std::sync::{LazyLock, OnceLock};

use super::layout::{chunk, policy};
use super::tables::{Table, list, string};

static POLICIES: Table<{ policy::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/policies.bin")));
static CHUNKS: Table<{ chunk::WIDTH }> = Table(include_bytes!(concat!(env!("OUT_DIR"), "/chunks.bin")));
static DOCUMENTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/documents.bin"));

/// A managed policy of AWS, in its default version.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManagedPolicy(u32);

/// The policy of a name (`ReadOnlyAccess`), of a path and a name (`job-function/Billing`), or of an ARN in any
/// partition. Letter case counts, and so does the path where one is given.
pub fn managed_policy(name_or_arn: &str) -> Option<ManagedPolicy> {
    let arn = name_or_arn.strip_prefix("arn:");
    let path = match arn {
        Some(rest) => rest.split_once(":iam::aws:policy/")?.1,
        None => name_or_arn,
    };
    let name = path.rsplit('/').next().unwrap_or(path);
    let count = POLICIES.len() as u32;
    let row = partition_point(count, |row| ManagedPolicy(row).name() < name);
    let found = (row < count).then_some(ManagedPolicy(row))?;
    let named = if arn.is_some() || path.contains('/') { found.path() == path } else { found.name() == name };
    named.then_some(found)
}

/// The policy that AWS offers in place of one it has withdrawn, by the name of that: `AWSLambda_FullAccess` for
/// `AWSLambdaFullAccess`. Known for a few only.
pub fn managed_policy_replacing(name: &str) -> Option<ManagedPolicy> {
    managed_policies().find(|policy| policy.replaces().any(|old| old == name))
}

/// Every managed policy, by name.
pub fn managed_policies() -> impl ExactSizeIterator<Item = ManagedPolicy> {
    (0..POLICIES.len() as u32).map(ManagedPolicy)
}

impl ManagedPolicy {
    /// Its position among all of them, counted from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    pub fn name(self) -> &'static str {
        let path = self.path();
        path.rsplit('/').next().unwrap_or(path)
    }

    /// The name behind its path: `service-role/AWSLambdaRole`.
    pub fn path(self) -> &'static str {
        string(POLICIES.cell(self.0, policy::PATH))
    }

    /// The ARN in the partition `aws`.
    pub fn arn(self) -> String {
        format!("arn:aws:iam::aws:policy/{}", self.path())
    }

    /// The version of the document, such as `v3`.
    pub fn version(self) -> &'static str {
        string(POLICIES.cell(self.0, policy::VERSION))
    }

    /// The day the version was made, `YYYY-MM-DD`.
    pub fn date(self) -> &'static str {
        string(POLICIES.cell(self.0, policy::DATE))
    }

    /// The names of withdrawn policies it stands in for.
    pub fn replaces(self) -> impl ExactSizeIterator<Item = &'static str> {
        list(POLICIES.cell(self.0, policy::REPLACES)).map(string)
    }

    /// The policy document as JSON.
    pub fn document(self) -> String {
        let of = |column| POLICIES.cell(self.0, column);
        let document = &inflated(of(policy::CHUNK))[of(policy::START) as usize..][..of(policy::LENGTH) as usize];
        String::from_utf8(document.to_vec()).expect("build.rs writes UTF-8 documents")
    }
}

/// The text of a chunk of documents; it is inflated once.
fn inflated(index: u32) -> &'static [u8] {
    static INFLATED: LazyLock<Vec<OnceLock<Vec<u8>>>> =
        LazyLock::new(|| std::iter::repeat_with(OnceLock::new).take(CHUNKS.len()).collect());
    INFLATED[index as usize].get_or_init(|| {
        let of = |column| CHUNKS.cell(index, column) as usize;
        let deflated = &DOCUMENTS[of(chunk::START)..][..of(chunk::LENGTH)];
        let mut text = vec![0; of(chunk::INFLATED)];
        miniz_oxide::inflate::decompress_slice_iter_to_slice(&mut text, [deflated].into_iter(), false, true)
            .expect("build.rs deflates every chunk");
        text
    })
}

impl fmt::Debug for ManagedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ManagedPolicy({})", self.path())
    }
}

fn partition_point(count: u32, before: impl Fn(u32) -> bool) -> u32 {
    let (mut start, mut end) = (0, count);
    while start < end {
        let middle = start + (end - start) / 2;
        if before(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}
