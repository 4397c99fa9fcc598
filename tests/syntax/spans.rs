//! Texts as people write them, and what is underlined in them.
