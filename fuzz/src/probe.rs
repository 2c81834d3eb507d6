//! What a stranger's web server answers to a validation.

use validation::fuzzing;

/// The bytes are a whole answer, and then a `Location`.
pub(crate) fn web_server(bytes: &[u8]) {
    if let Err(failure) = fuzzing::read_answer(bytes) {
        let (detail, explanation) = (failure.detail(), failure.explanation());
        assert!(detail.len() < 4096 && explanation.len() < 4096);
        assert!(
            !detail.contains(|letter: char| letter.is_control()),
            "{detail:?}"
        );
    }
    // No redirect leads anywhere but to the two ports of a name.
    if let Ok((host, port)) = fuzzing::follow(bytes) {
        assert!(host.as_str().contains('.') && !host.is_wildcard());
        assert!(port == 80 || port == 443, "{port}");
    }
}
