//! Makes a product: a kind of certificate that directories issue and offers sell.

use base::{Class, Refusal, Refuse};
use enrollment::subscription::{ProductCode, ProductCodeError};
use pki::Level;
use store::WriteTx;
use store::audit::Entry;
use store::catalog::product::{self, Product};

use super::changed;
use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why there is no new product.
#[derive(Debug, thiserror::Error)]
pub enum CreateProductError {
    /// Its code.
    #[error(transparent)]
    Code(#[from] ProductCodeError),
    /// There is one of this code.
    #[error("there is a product \"{0}\" already")]
    Exists(String),
    /// None of the levels.
    #[error("there is no level \"{0}\"; it is one of domain, organization, extended and qualified")]
    Level(String),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for CreateProductError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Code(_) => Class::Invalid.because("product_code", self),
            Self::Exists(_) => Class::Conflict.because("product_exists", self),
            Self::Level(_) => Class::Invalid.because("product_level_unknown", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Makes a product of this code, name and level.
pub async fn create_product(
    app: &App,
    caller: &Caller,
    (code, name, level): (&str, &str, &str),
) -> Result<Product, CreateProductError> {
    let code = ProductCode::parse(code)?;
    let level = Level::parse(level).ok_or_else(|| CreateProductError::Level(level.to_owned()))?;
    let product = Product {
        code: code.as_str().to_owned(),
        name: name.to_owned(),
        level: level.to_string(),
        config: "{}".to_owned(),
        created_at: app.now(),
        retired_at: None,
    };
    let event = Event::ProductCreated {
        code: Text::new(code.as_str()),
        name: Text::new(name),
    };
    let entry = changed::entry(app, caller, &event).await?;
    let is_new = app
        .store(caller)
        .write((product.clone(), entry), save)
        .await?;
    if is_new {
        Ok(product)
    } else {
        Err(CreateProductError::Exists(product.code))
    }
}

async fn save(
    tx: &mut WriteTx,
    (product, entry): &(Product, Option<Entry>),
) -> Result<bool, store::Error> {
    if !product::insert(tx, product).await? {
        return Ok(false);
    }
    changed::record(tx, entry.as_ref()).await?;
    Ok(true)
}
