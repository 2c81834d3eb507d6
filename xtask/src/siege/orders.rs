//! 300 orders of 100 names: what they leave is bounded, and who is refused is told when to come again (H7).

use std::path::Path;

use anyhow::ensure;

use super::stage::Stage;
use super::{Options, Promise};
use crate::server::chancery::DOMAIN;

const ORDERS: usize = 300;
const NAMES: usize = 100;

pub(super) async fn attack(options: &Options, binary: &Path) -> anyhow::Result<Vec<Promise>> {
    let stage = Stage::start(options, binary, None).await?;
    let mut client = stage.good.client().await?;
    let orders = if options.short { ORDERS / 10 } else { ORDERS };
    let (mut placed, mut refused) = (0, 0);
    for order in 0..orders {
        let names: Vec<String> = (0..NAMES)
            .map(|name| format!("n{name}-{order}.{DOMAIN}"))
            .collect();
        match client.new_order_of(&names).await {
            Ok(_) => placed += 1,
            Err(error) => {
                let text = format!("{error:#}");
                ensure!(
                    text.contains("429") && text.contains(":rateLimited"),
                    "another refusal: {text}"
                );
                refused += 1;
            }
        }
    }
    println!("orders: {placed} were placed, {refused} refused");
    let pending = f64::from(u32::try_from(placed * NAMES)?);
    Ok(vec![Promise {
        what: "authorizations that wait",
        found: pending,
        most: 1_000.0,
        unit: "of them",
    }])
}
