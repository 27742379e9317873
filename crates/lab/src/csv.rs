//! Fields of comma-separated files.

/// Quoted where it must be (RFC 4180).
pub(crate) fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(field("gelu"), "gelu");
        assert_eq!(field("rational(5/4, form=b)"), "\"rational(5/4, form=b)\"");
        assert_eq!(field("a \"b\""), "\"a \"\"b\"\"\"");
    }
}
