//! Whom the portal shows where, from memory.

use std::sync::Arc;

use tenancy::tenant::brand::Brand;

use crate::App;
use crate::caller::place::Place;

/// The place at a host name as a request says it, in small letters and without a port; `None` when nobody has it.
pub fn find_place(app: &App, host: &str) -> Option<Arc<Place>> {
    app.memory.brands().at(host)
}

/// What is shown at the URL of the settings, if the operator has said so.
pub fn brand_of_operator(app: &App) -> Option<Arc<Brand>> {
    app.memory.brands().of_operator()
}
