//! The whole server from its doors to its database, in one process, on SQLite and on PostgreSQL.

#[cfg(test)]
mod acme;
#[cfg(test)]
mod enrollment;
#[cfg(test)]
mod own_tls;
#[cfg(test)]
mod portal;
#[cfg(test)]
mod request_id;
