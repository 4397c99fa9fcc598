//! The shape of the compiled tables: `build.rs` writes what the catalogue reads. Every table is rows of little-endian
//! `u32`. A string is an offset into the strings and, in the lower bits, how many bytes it has. A list is an offset
//! into the lists, where the count stands before the items; offset 0 is the empty list. A set is a list whose items fit
//! half a word, among the sets, and its offset counts halves.

/// How many bits the length of a string has.
pub const LENGTH_BITS: u32 = 10;

/// Services by prefix. A last row without a name closes the ranges of the one before it.
pub mod service {
    pub const PREFIX: usize = 0;
    pub const NAME: usize = 1;
    pub const FIRST_ACTION: usize = 2;
    pub const FIRST_RESOURCE: usize = 3;
    pub const FIRST_KEY: usize = 4;
    pub const FLAGS: usize = 5;
    pub const WIDTH: usize = 6;

    /// Resource control policies apply to the service.
    pub const RCP: u32 = 1;
}

/// Actions by service, then by lower-case name. There are many, and most of what is said of one fits half a word:
/// all columns but the name count halves, the lower half of a word first.
pub mod action {
    pub const SERVICE: usize = 0;
    /// AWS's level, and eight bits higher the level of the overlay.
    pub const LEVELS: usize = 1;
    /// A whole word, and so counted in words.
    pub const NAME: usize = 1;
    /// Set of pairs: resource type with `REQUIRED` set or not, set of the keys of this pair. The others are sets too.
    pub const RESOURCES: usize = 4;
    pub const KEYS: usize = 5;
    /// Own keys, keys of the pairs and keys of the resource types.
    pub const ALL_KEYS: usize = 6;
    pub const DEPENDENTS: usize = 7;
    pub const WIDTH: usize = 4;

    pub const REQUIRED: u32 = 1 << 15;
    /// Level letters by number.
    pub const LEVEL_LETTERS: &[u8; 5] = b"LRWTP";
}

/// Where to look for an action by its full name. Each slot is half a word, and there is a power of two of them: 0, or
/// the number of an action and 1. An action stands in the slot that its name leads to, or in the next that was free.
pub mod slot {
    /// What the slot of a name is counted from: FNV-1a, in lower case.
    pub fn hash(prefix: &str, name: &str) -> u32 {
        let bytes = prefix.bytes().chain([b':']).chain(name.bytes());
        bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193))
    }
}

/// Resource types by service, then by lower-case name.
pub mod resource {
    pub const SERVICE: usize = 0;
    pub const NAME: usize = 1;
    /// List of strings.
    pub const ARNS: usize = 2;
    /// Set of keys.
    pub const KEYS: usize = 3;
    pub const WIDTH: usize = 4;
}

/// Condition keys by service, then by lower-case name. The global keys follow those of the last service, and the keys
/// of identity providers follow the global ones.
pub mod key {
    pub const NAME: usize = 0;
    pub const KIND: usize = 1;
    pub const WIDTH: usize = 2;

    /// Type names by number.
    pub const KINDS: &[&str] = &[
        "String",
        "ArrayOfString",
        "ARN",
        "ArrayOfARN",
        "Bool",
        "ArrayOfBool",
        "Numeric",
        "Date",
        "IPAddress",
        "Binary",
    ];
}

/// What is known of global keys beyond the type, in the order of their rows among the keys.
pub mod global {
    pub const CATEGORY: usize = 0;
    pub const PRESENCE: usize = 1;
    pub const PROJECTION: usize = 2;
    pub const WIDTH: usize = 3;

    /// Names by number.
    pub const CATEGORIES: &[&str] = &["principal", "session", "network", "resource", "request"];
    pub const PRESENCES: &[&str] = &["always", "signed", "session", "sometimes"];
    pub const PROJECTIONS: &[&str] =
        &["-", "principal.arn", "principal.account", "principal.type", "principal.service", "resource.account"];
}

/// Clients of the SDK and the CLI for which a rule of names does not hold, by name.
pub mod client {
    pub const NAME: usize = 0;
    pub const SERVICE: usize = 1;
    /// List of pairs: operation in lower case, list of actions with `DEPENDS` set or not.
    pub const OPERATIONS: usize = 2;
    pub const WIDTH: usize = 3;

    pub const DEPENDS: u32 = 1 << 31;
}

/// Managed policies by name; the document is a slice of an inflated chunk.
pub mod policy {
    pub const PATH: usize = 0;
    pub const VERSION: usize = 1;
    pub const DATE: usize = 2;
    /// List of the names of withdrawn policies it stands in for.
    pub const REPLACES: usize = 3;
    pub const CHUNK: usize = 4;
    pub const START: usize = 5;
    pub const LENGTH: usize = 6;
    pub const WIDTH: usize = 7;
}

/// Deflated chunks of policy documents.
pub mod chunk {
    pub const START: usize = 0;
    pub const LENGTH: usize = 1;
    pub const INFLATED: usize = 2;
    pub const WIDTH: usize = 3;
}
