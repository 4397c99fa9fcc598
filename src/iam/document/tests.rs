//! Reading documents from JSON and from values with choices.
