//! What a new password must satisfy here: the policy that the operator chose, with the names that would make
//! it easy to guess (features F-012 to F-014, security S-02).

use base::TenantPath;
use tenancy::password::{self, Context, Password, Requirement, Unmet};
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};

use super::SignedIn;
use crate::App;

/// The name of the product, which is no password; nor is that of a brand.
const BRAND: &str = "Chancery";

/// Whom a password is for.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    /// Their tenant's name.
    pub tenant: &'a TenantName,
    /// Where their tenant stands, if it stands already.
    pub path: Option<&'a TenantPath>,
    /// Their address.
    pub email: &'a Email,
    /// Their name.
    pub display_name: &'a DisplayName,
}

impl<'a> Owner<'a> {
    /// A signed-in user.
    pub fn of(signed_in: &'a SignedIn) -> Self {
        Self {
            tenant: &signed_in.tenant.name,
            path: Some(&signed_in.tenant.path),
            email: &signed_in.user.email,
            display_name: &signed_in.user.display_name,
        }
    }

    fn context(self, app: &App) -> Context {
        let brand = self.path.and_then(|path| app.memory.brands().of(path));
        self.context_of(brand.as_ref().map_or("", |brand| brand.name.as_str()))
    }

    fn context_of(self, brand: &str) -> Context {
        Context::new([
            BRAND,
            brand,
            self.tenant.as_str(),
            self.email.as_str(),
            self.display_name.as_str(),
        ])
    }
}

/// Every requirement and whether it is met, for the list beside the field.
pub async fn requirements(
    app: &App,
    owner: Owner<'_>,
    password: &Password,
) -> Vec<(Requirement, bool)> {
    let context = owner
        .context(app)
        .breached(is_breached(app, password).await);
    password::requirements(app.settings().password_policy, password, &context)
}

/// Decides about a new password.
pub async fn check(app: &App, owner: Owner<'_>, password: &Password) -> Result<(), Unmet> {
    let context = owner
        .context(app)
        .breached(is_breached(app, password).await);
    password::check(app.settings().password_policy, password, &context)
}

/// `None` where there is no list, or none that can be read: then nothing is said about it.
async fn is_breached(app: &App, password: &Password) -> Option<bool> {
    let list = app.settings().breached.clone()?;
    let password = password.clone();
    match tokio::task::spawn_blocking(move || list.holds(&password)).await {
        Ok(Ok(is_in_it)) => Some(is_in_it),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "the list of breached passwords cannot be read");
            None
        }
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use tenancy::password::Mode;

    use super::*;

    #[track_caller]
    fn check_unmet(text: &str, expected: &[Requirement]) {
        let owner = Owner {
            tenant: &TenantName::parse("Northwind Hosting").unwrap(),
            path: None,
            email: &Email::parse("mirabel@example.com").unwrap(),
            display_name: &DisplayName::parse("Theodora Quist").unwrap(),
        };
        let context = owner.context_of("Lakeside CA");
        let unmet = password::check(Mode::Composition, &Password::new(text), &context).err();
        assert_eq!(unmet.map(|unmet| unmet.0).unwrap_or_default(), expected);
    }

    #[test]
    fn s02_names_of_person_organisation_and_product_are_refused() {
        check_unmet("vB7!kq-Lw2#z", &[]);
        for personal in [
            "Chancery1!",
            "Lakeside1!",
            "Northwind1!",
            "Mirabel12!",
            "Theodora1!",
        ] {
            check_unmet(personal, &[Requirement::NotPersonal]);
        }
    }

    #[test]
    fn f013_four_kinds_of_character_are_asked_for() {
        check_unmet(
            "vb7kqlw2zxxu",
            &[Requirement::Uppercase, Requirement::Special],
        );
    }
}
