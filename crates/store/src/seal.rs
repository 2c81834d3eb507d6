//! Encrypts secrets before they are stored.
