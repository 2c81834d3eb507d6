// A real browser with an authenticator of its own (a virtual one, by its debugging protocol): adds a passkey in the settings,
// signs in with it alone, and after the password.
//
// node passkey.mjs DEMO_JSON PLAYWRIGHT_MODULE CHROMIUM SCREENSHOT_DIRECTORY
import { strict as assert } from "node:assert";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [demoFile, playwright, chromium, screenshots] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(demoFile, "utf8"));
const { chromium: launcher } = createRequire(import.meta.url)(playwright);
mkdirSync(screenshots, { recursive: true });

// Browsers have no passkeys at an address without a name.
const portal = new URL(demo.portal_url);
portal.hostname = "localhost";
const origin = portal.origin;

const browser = await launcher.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { height: 900, width: 1280 } });
const page = await context.newPage();
const errors = [];
page.on("pageerror", (error) => errors.push(String(error)));
page.on("console", (message) => message.type() === "error" && errors.push(message.text()));

const debug = await context.newCDPSession(page);
await debug.send("WebAuthn.enable");
const { authenticatorId } = await debug.send("WebAuthn.addVirtualAuthenticator", {
  options: {
    protocol: "ctap2",
    transport: "internal",
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  },
});
const look = (name) => page.screenshot({ fullPage: true, path: `${screenshots}/passkey-${name}.png` });
const press = (name) => page.getByRole("button", { name, exact: true }).click();

const typePassword = async () => {
  await page.goto(`${origin}/sign-in`);
  await page.fill("input[name=email]", demo.email);
  await page.fill("input[name=password]", demo.password);
  await press("Sign in");
};
const signOut = async () => {
  await context.clearCookies();
  await page.goto(`${origin}/`);
  assert.ok(page.url().startsWith(`${origin}/sign-in`), page.url());
};

await typePassword();
await page.waitForURL(`${origin}/`);
await page.goto(`${origin}/settings/second-factor`);
await page.getByRole("link", { name: "Add a passkey" }).click();
await page.fill("input[name=name]", "Virtual key");
await look("add");
await press("Add the passkey");
await page.getByText("The second factor is on.").waitFor();
await look("codes");
const { credentials } = await debug.send("WebAuthn.getCredentials", { authenticatorId });
assert.equal(credentials.length, 1);
assert.ok(credentials[0].isResidentCredential);
const handle = Buffer.from(credentials[0].userHandle, "base64");
assert.equal(handle.length, 32);
assert.ok(!handle.includes(demo.email));
await page.goto(`${origin}/settings/second-factor`);
assert.ok((await page.locator("main").innerText()).includes("Virtual key"));
await look("list");
console.log("added");

await signOut();
await look("sign-in");
await press("Sign in with a passkey");
await page.waitForURL(`${origin}/`);
console.log("signed in alone");

await signOut();
await typePassword();
await page.waitForURL(`${origin}/sign-in/code`);
await look("step");
await press("Use a passkey");
await page.waitForURL(`${origin}/`);
console.log("signed in after the password");

// One that does not check who uses it is told so, and nobody is signed in.
await signOut();
await debug.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
await press("Sign in with a passkey");
await page.getByText("No passkey was used").waitFor();
await debug.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });

// The same device has one passkey for one person.
await press("Sign in with a passkey");
await page.waitForURL(`${origin}/`);
await page.goto(`${origin}/settings/second-factor/passkeys/new`);
await page.fill("input[name=name]", "Once more");
await press("Add the passkey");
await page.getByText("has a passkey for you here already").waitFor();

// Without scripts there is a sentence in place of the button.
const bare = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
const still = await bare.newPage();
await still.goto(`${origin}/sign-in`);
assert.equal(await still.getByRole("button", { name: "Sign in with a passkey" }).count(), 0);
await still.fill("input[name=email]", demo.email);
await still.fill("input[name=password]", demo.password);
await still.getByRole("button", { name: "Sign in", exact: true }).click();
await still.getByText("a recovery code").first().waitFor();
await still.getByText("Your passkeys work in a browser with scripts").waitFor();
assert.deepEqual(errors, [], "errors on pages");
console.log("refused what it should");
await browser.close();
