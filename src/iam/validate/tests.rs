//! Each check by its code, on documents as they are written.
