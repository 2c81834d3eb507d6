//! What can be had, as data: directories beside each other, the test directory, and changes while orders are under way.

mod directories;
mod identities;
mod policies;
mod products;
mod test_directory;
