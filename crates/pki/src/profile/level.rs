//! What is known of a certificate's owner, from the control of names to a qualified identity.

base::words! {
    /// What was checked of a certificate's owner before it is issued.
    pub enum Level {
        /// Control of its names (BR §3.2.2.4); the subject is empty.
        Domain = "domain",
        /// The existence, address and authority of an organization too (BR §3.2.2.1).
        Organization = "organization",
        /// As the EV Guidelines ask (EVG §11).
        Extended = "extended",
        /// As eIDAS and EN 319 411-2 ask of website authentication.
        Qualified = "qualified",
    }
}

impl Level {
    /// Whether certificates of this level may have wildcard names at all. A qualified one follows the EV Guidelines in
    /// this, whatever else it follows.
    pub const fn may_have_wildcards(self) -> bool {
        match self {
            Self::Domain | Self::Organization => true,
            Self::Extended | Self::Qualified => false,
        }
    }

    /// Whether the subject names an organization.
    pub const fn names_organization(self) -> bool {
        match self {
            Self::Domain => false,
            Self::Organization | Self::Extended | Self::Qualified => true,
        }
    }
}
