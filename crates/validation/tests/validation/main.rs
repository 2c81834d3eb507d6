//! Validations against small servers on loopback; nothing here leaves the host.

#[cfg(test)]
mod dns;
#[cfg(test)]
mod http_01;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod name_server;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod web_server;
