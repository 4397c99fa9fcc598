//! Input that is broken, odd or made to hurt.
