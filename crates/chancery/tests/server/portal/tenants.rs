//! Tenants above and below: support that acts as one, customers, and what a tenant may buy.

mod acting;
mod customers;
mod entitled;
