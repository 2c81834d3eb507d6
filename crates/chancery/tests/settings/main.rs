//! Settings as the built binary reads them.

#[cfg(test)]
mod sources;
