use base::Part;
use proptest::prelude::*;

use super::*;
use crate::enrolled_domain::Companions;
use crate::subscription::Term;

const NAMES: [&str; 6] = ["000", "001", "002", "003", "004", "house"];

/// The table of features 1.0: a key, then its value for each of [`NAMES`]. Where a preset does not use a key, it has
/// the value of 000.
const TABLE: &str = "
billing_mode instalments upfront none per_certificate upfront instalments
term_choices_years 1,2,3 1 1,2,3 1,2,3 1,2,3 1,2,3
term_unit days_365n calendar_years days_365n days_365n days_365n days_365n
start_trigger first_domain on_create on_create first_issuance first_domain first_domain
add_proration none full_days none none full_days none
refund_window_days 30 30 0 0 30 30
refund_clock added activated added added added added
refund_to wallet wallet wallet wallet wallet wallet
revoke_on_removal never in_refund_window never never in_refund_window in_refund_window
early_removal_billing stop stop stop stop stop stop
on_subscription_end keep_certs revoke_at_end keep_certs keep_certs keep_certs cap_not_after
auto_renew opt_in:30 opt_in:30 off off opt_in:30 opt_in:30
extension_window_days 100,30 30,0 100,30 100,30 100,30 100,30
companion_mode auto off off off on_request auto
eab_reveal always once until_bound always always always
organization_at_creation no required_ov_up required no no no
instalment_owed if_active if_active if_active if_active if_active from_period_start
refunds_per_name unlimited unlimited unlimited unlimited unlimited 1
eab_max_bindings unlimited unlimited 1 unlimited unlimited unlimited
max_subscriptions unlimited unlimited unlimited unlimited unlimited unlimited
eab_on_loss rotate recreate recreate rotate rotate rotate
name_admission subscribed_names subscribed_names validated_delegated hook subscribed_names subscribed_names
insufficient_funds allow_on_account deny allow_on_account downgrade:free90 deny allow_on_account
max_cert_days 90 90 profile 365 profile 90
ov_validation default_anchor_ok anchor_required default_anchor_ok default_anchor_ok anchor_required default_anchor_ok
portal_revoke role no role no role role
renewals_on_hold until_exhausted until_exhausted until_exhausted until_exhausted until_exhausted until_exhausted
zone UTC UTC UTC UTC UTC UTC
";

/// The keys of the table with a column of it.
fn column(number: usize) -> Vec<(&'static str, String)> {
    let row = |line: &'static str| {
        let (key, values) = line.split_once(' ').unwrap();
        let values: Vec<_> = values.split(' ').collect();
        assert_eq!(values.len(), NAMES.len(), "{line}");
        (key, values[number].to_owned())
    };
    TABLE.trim().lines().map(row).collect()
}

#[test]
fn the_presets_are_those_of_the_table() {
    let names: Vec<_> = Preset::all().iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, NAMES);
    for (number, name) in NAMES.iter().enumerate() {
        let preset = Preset::named(name).unwrap();
        assert_eq!(preset.policy.describe(), column(number), "{name}");
    }
    assert_eq!(Preset::named("000").unwrap().policy, Policy::default());
    assert_eq!(Preset::named("005"), None);
}

#[test]
fn the_presets_have_no_keys_but_those_of_policies() {
    assert!(preset::read(preset::PRESETS).is_ok());
    let read: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(preset::PRESETS).unwrap();
    for (name, members) in read {
        for (key, value) in members {
            assert!(Policy::KEYS.contains(&key.as_str()), "{name}: {key}");
            let text = setting::entered(&value);
            let changed = Policy::default().with(&key, &text).unwrap();
            assert_ne!(changed, Policy::default(), "{name}: {key} is as in 000");
        }
    }
}

#[test]
fn the_first_stored_policy_stays_readable() {
    let stored = r#"{"companion_mode":"auto","eab_max_bindings":null,"eab_reveal":"always",
        "name_admission":"subscribed_names","terms":["P1Y","P2Y","P3Y"],"zone":"UTC"}"#;
    assert_eq!(Policy::from_stored(stored).unwrap(), Policy::default());
}

#[test]
fn stored_policies_have_one_form() {
    let house = &Preset::named("house").unwrap().policy;
    let json = house.to_json();
    assert_eq!(
        json,
        concat!(
            r#"{"add_proration":"none","auto_renew":"opt_in:30","billing_mode":"instalments","#,
            r#""companion_mode":"auto","eab_max_bindings":null,"eab_on_loss":"rotate","#,
            r#""eab_reveal":"always","early_removal_billing":"stop","extension_window_days":[100,30],"#,
            r#""instalment_owed":"from_period_start","insufficient_funds":"allow_on_account","#,
            r#""max_cert_days":90,"max_subscriptions":null,"name_admission":"subscribed_names","on_subscription_end":"cap_not_after","#,
            r#""organization_at_creation":"no","ov_validation":"default_anchor_ok","portal_revoke":"role","#,
            r#""refund_clock":"added","refund_to":"wallet","refund_window_days":30,"refunds_per_name":1,"#,
            r#""renewals_on_hold":"until_exhausted","revoke_on_removal":"in_refund_window","#,
            r#""start_trigger":"first_domain","term_choices_years":[1,2,3],"term_unit":"days_365n","zone":"UTC"}"#,
        )
    );
}

#[test]
fn what_a_later_release_stored_is_refused_instead_of_guessed() {
    #[track_caller]
    fn check(stored: &str, expected: &str) {
        let error = Policy::from_stored(stored).unwrap_err();
        assert_eq!(base::chain(&error), expected);
        assert_eq!(error.refusal().class, Class::Internal);
    }
    let unknown = "the stored policy has a value that this release does not know";
    check(
        r#"{"eab_reveal":"twice"}"#,
        &format!("{unknown}: eab_reveal cannot be \"twice\"; choose always, until_bound or once"),
    );
    check(
        r#"{"refund_window_days":true}"#,
        &format!(
            "{unknown}: refund_window_days cannot be \"true\"; \
             choose a whole number of days, 0 for none"
        ),
    );
    assert!(Policy::from_stored("[]").is_err());
    assert!(Policy::from_stored("").is_err());
    assert_eq!(Policy::from_stored("{}").unwrap(), Policy::default());
}

/// Entered values that are no presets', and how they are shown.
const ENTERED: [(&str, &str, &str); 15] = [
    ("billing_mode", "postpaid_monthly", "postpaid_monthly"),
    ("term_choices_years", "3, 1,3", "1,3"),
    ("refund_window_days", "14", "14"),
    ("refund_to", "original_method", "original_method"),
    ("early_removal_billing", "bill_remaining", "bill_remaining"),
    ("auto_renew", "on", "on:30"),
    ("auto_renew", "opt_in:7", "opt_in:7"),
    ("extension_window_days", "60, 0", "60,0"),
    ("eab_max_bindings", " 5 ", "5"),
    ("eab_max_bindings", "unlimited", "unlimited"),
    ("insufficient_funds", "downgrade:dv-1_2", "downgrade:dv-1_2"),
    ("max_cert_days", "47", "47"),
    ("max_cert_days", "profile", "profile"),
    ("max_subscriptions", "3", "3"),
    ("renewals_on_hold", "deny", "deny"),
];

#[test]
fn values_are_entered_as_text() {
    for (key, entered, shown) in ENTERED {
        let changed = Policy::default().with(key, entered).unwrap();
        for (other, value) in changed.describe() {
            let before = column(0).into_iter().find(|(key, _)| *key == other);
            let expected = if other == key {
                shown
            } else {
                &before.unwrap().1
            };
            assert_eq!(value, expected, "{other} after {key} = {entered}");
        }
    }
}

#[test]
fn what_is_no_value_is_refused_with_what_is_one() {
    #[track_caller]
    fn check(key: &'static str, value: &str, allowed: &str) {
        let refusal = Policy::default().with(key, value).unwrap_err().refusal();
        assert_eq!(refusal.code, "policy_value_unknown");
        assert_eq!(refusal.class, Class::Invalid);
        assert_eq!(refusal.about[0].part, Part::Field(key));
        let expected = format!("{key} cannot be \"{value}\"; choose {allowed}");
        assert_eq!(refusal.sentence, expected);
    }
    check("eab_reveal", "never", "always, until_bound or once");
    check("eab_reveal", "", "always, until_bound or once");
    check("portal_revoke", "Role", "no or role");
    check("zone", "Europe/Helsinki", "UTC");
    let admissions = "subscribed_names, validated_delegated or hook";
    check("name_admission", "open", admissions);
    for limit in ["0", "-1", "many", "4294967296"] {
        let allowed = "unlimited or a whole number from 1";
        check("eab_max_bindings", limit, allowed);
        check("refunds_per_name", limit, allowed);
    }
    for days in ["-1", "65536", "1.5", "off"] {
        let allowed = "a whole number of days, 0 for none";
        check("refund_window_days", days, allowed);
    }
    for days in ["0", "1 year", "profile:1"] {
        check(
            "max_cert_days",
            days,
            "profile or a whole number of days from 1",
        );
    }
    for years in ["", "0", "1,", "4", "1;2", "P1Y"] {
        let allowed = "one or more of 1, 2 and 3, with commas between them";
        check("term_choices_years", years, allowed);
    }
    for window in ["100", "100,", "1,2,3", "-1,0"] {
        let allowed = "two numbers of days, before the end and after it, such as 100,30";
        check("extension_window_days", window, allowed);
    }
    for renewal in ["off:30", "on:", "opt_in:x", "yes"] {
        let allowed = "off, opt_in:30 or on:30, with the days before the end after the colon";
        check("auto_renew", renewal, allowed);
    }
    for funds in ["downgrade", "downgrade:", "downgrade:a b", "allow"] {
        let allowed = "deny, downgrade:PROFILE or allow_on_account";
        check("insufficient_funds", funds, allowed);
    }
}

#[test]
fn s47_an_unknown_key_is_refused_with_all_keys() {
    let refusal = Policy::default().with("eab", "1").unwrap_err().refusal();
    assert_eq!(refusal.code, "policy_key_unknown");
    for key in Policy::KEYS {
        assert!(refusal.sentence.contains(key), "{}", refusal.sentence);
    }
}

#[test]
fn an_open_house_is_stored_but_never_entered() {
    let open = Policy::open_house();
    assert!(open.to_json().contains(r#""name_admission":"open""#));
    assert_eq!(Policy::from_stored(&open.to_json()).unwrap(), open);
    assert_eq!(open.unbuilt(), []);
    let changed = open.with("eab_reveal", "once").unwrap();
    assert_eq!(changed.name_admission, NameAdmission::Open);
}

#[test]
fn what_is_not_built_is_told_for_the_whole_policy() {
    #[track_caller]
    fn check(name: &str, expected: &[&str]) {
        let unbuilt = Preset::named(name).unwrap().policy.unbuilt();
        let keys: Vec<_> = unbuilt.iter().map(|it| it.key).collect();
        assert_eq!(keys, expected, "{name}");
        for Unbuilt {
            key,
            value,
            sentence,
        } in unbuilt
        {
            assert!(
                sentence.starts_with(&format!("{key} = {value} needs ")),
                "{sentence}"
            );
        }
    }
    check("000", &[]);
    check("001", &[]);
    check("002", &[]);
    check(
        "003",
        &["start_trigger", "name_admission", "insufficient_funds"],
    );
    check("004", &[]);
    check("house", &[]);
}

#[test]
fn what_is_not_built_is_told_for_each_value() {
    let unbuilt = [
        ("start_trigger", "first_issuance"),
        ("auto_renew", "on:30"),
        ("name_admission", "hook"),
        ("insufficient_funds", "downgrade:free90"),
        ("insufficient_funds", "downgrade:dv-1_2"),
    ];
    let presets = (0..NAMES.len()).flat_map(column);
    let entered = ENTERED.map(|(key, _, shown)| (key, shown.to_owned()));
    for (key, value) in presets.chain(entered) {
        let policy = Policy::default().with(key, &value).unwrap();
        let told = policy.unbuilt().len();
        let expected = unbuilt.contains(&(key, &value));
        assert_eq!(told, usize::from(expected), "{key} = {value}");
    }
}

#[test]
fn c7_f093_certificates_of_a_removed_name_are_revoked_while_it_is_paid_back() {
    let policy = |word: &str| Policy::default().with("revoke_on_removal", word).unwrap();
    let added = Timestamp::from_seconds(1_800_000_000);
    let within = added.plus(Duration::from_secs(30 * 86_400 - 1));
    let after = added.plus(Duration::from_secs(30 * 86_400));
    for (word, expected) in [
        ("never", [false, false]),
        ("in_refund_window", [true, false]),
        ("always", [true, true]),
    ] {
        let revokes = [within, after].map(|at| policy(word).revokes_on_removal(added, at));
        assert_eq!(revokes, expected, "{word}");
    }
}

#[test]
fn f031_f057_who_has_to_name_an_organization_follows_from_the_policy() {
    use OrganizationAtCreation::{No, Required, RequiredOvUp};
    use OrganizationChoiceError::{Missing, Needless};
    // Of certificates that name an organization, and of others: without one, with one.
    for (rule, naming, others) in [
        (Required, [Err(Missing), Ok(())], [Err(Missing), Ok(())]),
        (
            RequiredOvUp,
            [Err(Missing), Ok(())],
            [Ok(()), Err(Needless)],
        ),
        (No, [Ok(()), Ok(())], [Ok(()), Err(Needless)]),
    ] {
        let found = |is_named| [false, true].map(|is_given| rule.check(is_named, is_given));
        assert_eq!(found(true), naming, "{rule}");
        assert_eq!(found(false), others, "{rule}");
    }
    let field = Missing.refusal();
    assert_eq!(field.about[0].part, Part::Field("organization"));
}

#[test]
fn c21_companions_come_as_the_mode_and_the_customer_say() {
    #[track_caller]
    fn check(mode: CompanionMode, expected: [bool; 3]) {
        let answers = [None, Some(true), Some(false)].map(|wanted| mode.companions(wanted));
        assert_eq!(answers.map(|answer| answer == Companions::Auto), expected);
    }
    check(CompanionMode::Auto, [true, true, false]);
    check(CompanionMode::OnRequest, [false, true, false]);
    check(CompanionMode::Off, [false, false, false]);
}

#[test]
fn f066_f147_terms_are_chosen_from_those_on_offer() {
    let policy = Policy::default().with("term_choices_years", "3,1").unwrap();
    let years: Vec<_> = policy.term_choices_years.iter().map(Term::years).collect();
    assert_eq!(years, [1, 3]);
    let allowed = Term::CHOICES.map(|term| policy.term_choices_years.allow(term));
    assert_eq!(allowed, [true, false, true]);
}

/// Some policy; each key has a value of a preset or one of [`ENTERED`].
fn any_policy() -> impl Strategy<Value = Policy> {
    let change = (0..NAMES.len(), 0..Policy::KEYS.len(), 0..ENTERED.len());
    proptest::collection::vec(change, 0..20).prop_map(|changes| {
        let mut policy = Policy::default();
        for (name, row, entered) in changes {
            let (key, value) = &column(name)[row];
            policy = policy.with(key, value).unwrap();
            let (key, value, _) = ENTERED[entered];
            policy = policy.with(key, value).unwrap();
        }
        policy
    })
}

proptest! {
    #[test]
    fn a_policy_is_read_as_it_was_written(policy in any_policy()) {
        let json = policy.to_json();
        let read = Policy::from_stored(&json).unwrap();
        prop_assert_eq!(read.to_json(), json);
        prop_assert_eq!(&read, &policy);
        let mut entered = Policy::default();
        for (key, value) in policy.describe() {
            entered = entered.with(key, &value).unwrap();
        }
        prop_assert_eq!(entered, policy);
    }
}
