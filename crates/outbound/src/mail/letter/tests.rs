use super::*;

fn brand() -> Brand {
    Brand {
        name: "Chancery".to_owned(),
        contact: "help@ca.example".to_owned(),
    }
}

/// Every kind, as text and as a page: what people will see.
#[test]
fn previews() {
    for kind in MailKind::ALL {
        let letter = Letter::sample(*kind);
        assert_eq!(letter.kind(), *kind);
        let body = letter.write(&brand());
        insta::assert_snapshot!(
            format!("{kind}.txt"),
            format!("Subject: {}\n\n{}", body.subject, body.text)
        );
        insta::assert_snapshot!(format!("{kind}.html"), body.html);
    }
}

/// A mail that waits is stored as what it is about.
#[test]
fn every_letter_comes_back_as_it_was_stored() {
    for kind in MailKind::ALL {
        let letter = Letter::sample(*kind);
        let stored = serde_json::to_string(&letter).unwrap();
        assert!(stored.starts_with(&format!("{{\"{kind}\":")), "{stored}");
        assert_eq!(serde_json::from_str::<Letter>(&stored).unwrap(), letter);
    }
}

#[test]
fn f036_a_brand_without_a_contact_names_nobody() {
    let brand = Brand {
        contact: String::new(),
        ..brand()
    };
    let body = Letter::sample(MailKind::PasswordChanged).write(&brand);
    assert!(!body.text.contains("Help") && !body.html.contains("Help"));
}

#[test]
fn a_page_fetches_nothing_and_runs_nothing() {
    for kind in MailKind::ALL {
        let html = Letter::sample(*kind).write(&brand()).html;
        for part in ["<img", "src=", "url(", "<script", "<link", "@import"] {
            assert!(!html.contains(part), "{kind}: {part}");
        }
    }
}

#[test]
fn s53_what_comes_from_outside_is_text() {
    let letter = Letter::NewSignIn {
        from: Origin {
            address: "192.0.2.7".to_owned(),
            browser: "<script>alert(1)</script>\r\n\r\nYour account is closed".to_owned(),
            at: Timestamp::from_seconds(0),
        },
    };
    let body = letter.write(&brand());
    assert!(!body.html.contains("<script>"), "{}", body.html);
    let line = "Browser: <script>alert(1)</script>Your account is closed\n";
    assert!(body.text.contains(line), "{}", body.text);
}
