//! Settings as the built binary reads them.

#[cfg(test)]
mod doctor;
#[cfg(test)]
mod output;
#[cfg(test)]
mod scope;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod verbs;
