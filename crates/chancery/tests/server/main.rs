//! The whole server from its doors to its database, in one process, on SQLite and on PostgreSQL.

#[cfg(test)]
/// Compares a problem document; twice, since every test runs on both engines.
macro_rules! assert_problem {
    ($answer:expr, @$snapshot:literal) => {{
        let problem = $answer.problem();
        insta::allow_duplicates! { insta::assert_snapshot!(problem, @$snapshot) }
    }};
}

#[cfg(test)]
mod acme;
#[cfg(test)]
mod api;
#[cfg(test)]
mod browsers;
#[cfg(test)]
mod catalog;
#[cfg(test)]
mod enrollment;
#[cfg(test)]
mod names;
#[cfg(test)]
mod operations;
#[cfg(test)]
mod own_tls;
#[cfg(test)]
mod portal;
#[cfg(test)]
mod request_id;
