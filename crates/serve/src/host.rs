//! Under which names requests may come: a page elsewhere whose name was pointed here must not reach a server of this machine.

use std::net::IpAddr;

/// Addresses cannot be rebound, names can: only `localhost` and the name that was asked for are ours.
pub(crate) fn is_own_name(host: &str, own: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name
        .strip_prefix('[')
        .and_then(|name| name.strip_suffix(']'))
        .unwrap_or(name);
    bare.parse::<IpAddr>().is_ok()
        || bare.eq_ignore_ascii_case("localhost")
        || bare.eq_ignore_ascii_case(own)
}

#[cfg(test)]
mod tests {
    use super::is_own_name;

    #[test]
    fn only_addresses_localhost_and_the_given_name_are_own() {
        for host in [
            "127.0.0.1:7777",
            "[::1]:7777",
            "localhost:7777",
            "LOCALHOST",
            "192.168.1.4:80",
            "box:7777",
        ] {
            assert!(is_own_name(host, "box"), "{host}");
        }
        for host in [
            "evil.example:7777",
            "localhost.evil.example",
            "127.0.0.1.evil.example:7777",
            "",
            "other:7777",
        ] {
            assert!(!is_own_name(host, "box"), "{host}");
        }
    }
}
