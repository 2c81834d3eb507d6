//! What is known of a route besides its handler: its method, its path, and who may call it.

use tenancy::role::Permission;

/// What a route asks of those who call it.
pub(crate) trait Grant: Send + Sync + 'static {
    /// Who may call it.
    const MAY_CALL: MayCall;
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayCall {
    /// Anybody, before or without signing in.
    Everybody,
    /// Whoever has signed in and holds this.
    Holder(Permission),
    /// Whoever has signed in, however little else they may do.
    Leaving,
    /// Whoever has signed in, even without the second factor that they must have.
    SettingUp,
    /// Whoever has signed in, for themselves.
    SignedIn,
}

/// A route of the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortalRoute {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Its path; a segment in braces names an object.
    pub path: &'static str,
    /// Who may call it.
    pub may_call: MayCall,
}

impl PortalRoute {
    /// Whether a path, without its query, is one of this route.
    pub(super) fn fits(&self, path: &str) -> bool {
        let (mut own, mut given) = (self.path.split('/'), path.split('/'));
        loop {
            match (own.next(), given.next()) {
                (None, None) => return true,
                (Some(own), Some(given)) if own == given => {}
                (Some(own), Some(given)) if own.starts_with('{') && !given.is_empty() => {}
                _ => return false,
            }
        }
    }
}

/// All routes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Routes(Vec<PortalRoute>);

impl Routes {
    /// These.
    pub(super) fn new(all: Vec<PortalRoute>) -> Self {
        Self(all)
    }

    /// The paths, some of them twice.
    pub(super) fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|route| route.path)
    }

    /// Who may open a page.
    pub(crate) fn may_open(&self, path: &str) -> Option<MayCall> {
        let mut pages = self.0.iter().filter(|route| route.method == "GET");
        pages
            .find(|route| route.path == path)
            .map(|route| route.may_call)
    }

    /// Whether some page or form asks for a permission.
    pub(crate) fn ask_for(&self, permission: Permission) -> bool {
        let asked = MayCall::Holder(permission);
        self.0.iter().any(|route| route.may_call == asked)
    }

    /// A path of this portal that a form or an address named, if there is a page behind it that somebody who has signed in
    /// may come back to; otherwise the dashboard (security S-28).
    pub(crate) fn local_path<'t>(&self, text: &'t str) -> &'t str {
        let is_plain = text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let is_page = |route: &PortalRoute| {
            route.method == "GET" && route.may_call != MayCall::Everybody && route.fits(path)
        };
        if is_plain && self.0.iter().any(is_page) {
            text
        } else {
            "/"
        }
    }
}
