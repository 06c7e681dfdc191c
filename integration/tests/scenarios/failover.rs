//! What happens when a provider fails before its first content.
