//! One-time codes against another program that makes them (RFC 6238).

use base::{Random, Timestamp};
use tenancy::totp::TotpSecret;
use tokio::process::Command;

use crate::program;

struct Counted(u8);

impl Random for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = self
                .0
                .wrapping_mul(31)
                .wrapping_add(u8::try_from(place).unwrap_or(0));
        }
    }
}

#[tokio::test]
async fn f017_codes_are_those_that_oathtool_makes() -> anyhow::Result<()> {
    let Some(oathtool) = program::find("CHANCERY_TEST_OATHTOOL", Some("oathtool"))? else {
        return Ok(());
    };
    for (number, seconds) in [
        (1, 59),
        (2, 1_111_111_109),
        (3, 1_795_435_200),
        (4, 4_102_444_799),
    ] {
        let secret = TotpSecret::generate(&Counted(number));
        let now = Timestamp::from_seconds(seconds);
        let mut command = Command::new(&oathtool);
        let at = now.as_jiff().strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        command.args(["--totp", "--base32", "--now", &at, &secret.reveal()]);
        let made = program::run("oathtool", &mut command).await?;
        let code = made.trim();
        assert_eq!(code, secret.code(now), "at {at}");
        let step = seconds.div_euclid(30);
        assert_eq!(secret.verify(code, Some(step - 1), now), Ok(step));
    }
    Ok(())
}
