//! Certificates with their evidence, and the orders of the last months.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use acme::challenge::{Token, Types};
use base::{Actor, AuthorizationId, Identifier, OrderId, Timestamp, ValidationId};

use super::plan::{Issuance, Lineage, Plan, purpose};
use super::rows::{Authorization, Revocation};
use super::world::Common;
use crate::issuance::certificate::{NewCertificate, Validations};
use crate::issuance::evidence::Validation;
use crate::issuance::lineage::{self, LineageName};
use crate::issuance::names::joined;
use crate::issuance::order::{self, Order};
use crate::{Error, WriteTx};

/// What a certificate weighs.
const DER: usize = 914;
/// How long a proof may be used.
const REUSE: Duration = Duration::from_secs(30 * 86_400);
const PROBLEM: &str =
    "{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"Timeout after connect\"}";

/// Some turns of a round.
#[derive(Clone)]
pub(super) struct Piece {
    pub(super) plan: Arc<Plan>,
    pub(super) common: Common,
    pub(super) round: u32,
    pub(super) turns: Range<u64>,
}

/// Issues to all of them that have not been given up.
pub(super) async fn issue(tx: &mut WriteTx, piece: &Piece) -> Result<(), Error> {
    for turn in piece.turns.clone() {
        let lineage = piece.plan.lineage(turn);
        if piece.round > lineage.last {
            continue;
        }
        let one = One {
            piece,
            issuance: piece.plan.issuance(&lineage, piece.round),
            lineage,
        };
        one.insert(tx).await?;
    }
    Ok(())
}

/// One certificate with all that it came with.
struct One<'p> {
    piece: &'p Piece,
    lineage: Lineage,
    issuance: Issuance,
}

impl One<'_> {
    async fn insert(&self, tx: &mut WriteTx) -> Result<(), Error> {
        if self.issuance.is_recent {
            self.insert_order(tx).await?;
        }
        let validations: Vec<_> = (0..self.lineage.names.len())
            .map(|position| self.validation(position))
            .collect();
        for (name, id) in self.lineage.names.iter().zip(&validations) {
            tx.insert(&self.proof(name, *id)).await?;
        }
        tx.insert(&self.certificate(validations)).await?;
        if let Some(revoked_at) = self.issuance.revoked_at {
            tx.insert(&self.revocation(revoked_at)).await?;
        }
        Ok(())
    }

    /// Bytes for the name at this position of this certificate.
    fn chance(&self, purpose: u64, position: usize) -> super::chance::Chance {
        let position = u64::try_from(position).unwrap_or_default();
        let number = u64::from(self.piece.round) * 1000 + position;
        self.piece.plan.chance(purpose, self.lineage.slot, number)
    }

    fn validation(&self, position: usize) -> ValidationId {
        let at = self.issuance.at.minus(Duration::from_secs(3));
        ValidationId::generate(at, &self.chance(purpose::VALIDATION, position))
    }

    fn authorization(&self, position: usize, at: Timestamp) -> AuthorizationId {
        AuthorizationId::generate(at, &self.chance(purpose::AUTHORIZATION, position))
    }

    fn evidence(&self) -> String {
        let all = &self.piece.common.evidence;
        let number = usize::try_from(self.lineage.turn).unwrap_or_default();
        all.get(number % all.len()).cloned().unwrap_or_default()
    }

    fn proof(&self, name: &Identifier, id: ValidationId) -> Validation {
        Validation {
            id,
            validated_at: self.issuance.at.minus(Duration::from_secs(3)),
            valid_until: self.issuance.at.plus(REUSE),
            tenant: self.lineage.owner.tenant,
            account: Some(self.lineage.owner.account),
            name: name.to_string(),
            method: "http-01".to_owned(),
            rules: "BR 2.1".to_owned(),
            evidence: self.evidence(),
        }
    }

    fn certificate(&self, validations: Vec<ValidationId>) -> NewCertificate {
        let (owner, issuance) = (self.lineage.owner, &self.issuance);
        NewCertificate {
            id: issuance.certificate,
            not_before: issuance.not_before,
            not_after: issuance.not_after,
            crl_shard: Some(0),
            lineage: self.lineage.id,
            tenant: owner.tenant,
            subscription: Some(owner.subscription),
            account: Some(owner.account),
            order: Some(issuance.order),
            ca: Some(self.piece.common.ca),
            profile: Some(self.piece.common.profile),
            serial: Some(issuance.serial),
            validations: Validations(validations),
            source: "acme".to_owned(),
            der: Some(self.chance(purpose::DER, 0).bytes(DER)),
        }
    }

    fn revocation(&self, revoked_at: Timestamp) -> Revocation {
        Revocation {
            certificate: self.issuance.certificate,
            revoked_at,
            reason: 4,
            not_after: self.issuance.not_after,
            crl_shard: 0,
            ca: self.piece.common.ca,
            tenant: self.lineage.owner.tenant,
            serial: self.issuance.serial,
            requested_by: Actor::System,
        }
    }

    /// The order and, for one of thirty, another one that failed an hour before.
    async fn insert_order(&self, tx: &mut WriteTx) -> Result<(), Error> {
        let at = self.issuance.order.made_at();
        let failed = self.chance(purpose::FAILED, 0);
        if failed.below(30) == 0 {
            let before = at.minus(Duration::from_secs(3600));
            let id = OrderId::generate(before, &failed);
            self.insert_ended(tx, id, before, true).await?;
        }
        self.insert_ended(tx, self.issuance.order, at, false).await
    }

    async fn insert_ended(
        &self,
        tx: &mut WriteTx,
        id: OrderId,
        at: Timestamp,
        has_failed: bool,
    ) -> Result<(), Error> {
        let (owner, names) = (self.lineage.owner, &self.lineage.names);
        let authorizations: Vec<_> = (0..names.len())
            .map(|position| self.authorization(position, at))
            .collect();
        let order = Order {
            id,
            account: owner.account,
            tenant: owner.tenant,
            subscription: owner.subscription,
            lineage: self.lineage.id,
            names: names.clone(),
            authorizations: authorizations.clone(),
            not_before: None,
            not_after: None,
            expires_at: at.plus(Duration::from_secs(7 * 86_400)),
            finalized_at: (!has_failed).then_some(self.issuance.at),
            ended_at: Some(at.plus(Duration::from_secs(5))),
            certificate: (!has_failed).then_some(self.issuance.certificate),
            error: has_failed.then(|| PROBLEM.to_owned()),
            client_address: "192.0.2.7".to_owned(),
            client_agent: "certbot/5.8.0".to_owned(),
        };
        order::insert(tx, &order).await?;
        let each = authorizations.into_iter().zip(names).enumerate();
        for (position, (authorization, name)) in each {
            let row = self.ended(authorization, position, name, &order);
            tx.insert(&row).await?;
        }
        Ok(())
    }

    fn ended(
        &self,
        id: AuthorizationId,
        position: usize,
        name: &Identifier,
        order: &Order,
    ) -> Authorization {
        let at = order.created_at();
        let has_failed = order.error.is_some();
        Authorization {
            id,
            challenge_types: Types::for_identifier(name).as_bits(),
            expires_at: at.plus(REUSE),
            begun_at: at.plus(Duration::from_secs(1)),
            validated_at: (!has_failed).then(|| at.plus(Duration::from_secs(2))),
            ended_at: has_failed.then(|| at.plus(Duration::from_secs(2))),
            is_wildcard: false,
            account: order.account,
            tenant: order.tenant,
            order: order.id,
            token: Token::generate(&self.chance(purpose::AUTHORIZATION, position))
                .as_str()
                .to_owned(),
            validation: (!has_failed).then(|| self.validation(position)),
            kind: name.kind(),
            value: name.clone(),
            chosen_type: "http-01".to_owned(),
            outcome: has_failed.then(|| "invalid".to_owned()),
            error: has_failed.then(|| PROBLEM.to_owned()),
            evidence: has_failed.then(|| self.evidence()),
        }
    }
}

/// Inserts the lineages of some turns: the current certificate is the last one that was not revoked.
pub(super) async fn lineages(
    tx: &mut WriteTx,
    (plan, turns): &(Arc<Plan>, Range<u64>),
) -> Result<(), Error> {
    for turn in turns.clone() {
        let lineage = plan.lineage(turn);
        let current = (0..=lineage.last)
            .rev()
            .map(|round| plan.issuance(&lineage, round))
            .find(|issuance| issuance.revoked_at.is_none());
        let newest = current.unwrap_or_else(|| plan.issuance(&lineage, lineage.last));
        let tenant = lineage.owner.tenant;
        for Identifier::Dns(name) in &lineage.names {
            let row = LineageName {
                rname: name.reversed(),
                lineage: lineage.id,
                tenant,
            };
            tx.insert(&row).await?;
        }
        let row = lineage::Lineage {
            id: lineage.id,
            not_before: newest.not_before,
            not_after: newest.not_after,
            issued_at: newest.at,
            issued_count: i64::from(lineage.last) + 1,
            certificate: current.map(|issuance| issuance.certificate),
            tenant,
            subscription: lineage.owner.subscription,
            name_count: i64::try_from(lineage.names.len()).unwrap_or_default(),
            names: joined(&lineage.names),
        };
        tx.insert(&row).await?;
    }
    Ok(())
}
