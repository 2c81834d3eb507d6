// Walks the portal with a real browser: sign in, look at every page and at the component sheet, download the
// certificate's chain and compare it with the demo's file. Twice a width, once a theme. Any error on a page, any
// broken rule of the content security policy, any sideways scroll and anything kept in the browser is a failure.
//
// node walk.mjs DEMO_JSON PLAYWRIGHT_MODULE CHROMIUM SCREENSHOT_DIRECTORY
import { strict as assert } from "node:assert";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [demoFile, playwright, chromium, screenshots] = process.argv.slice(2);
const demo = JSON.parse(readFileSync(demoFile, "utf8"));
const { chromium: launcher } = createRequire(import.meta.url)(playwright);
mkdirSync(screenshots, { recursive: true });

const browser = await launcher.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

const walks = [["light", 1280], ["dark", 1280], ["light", 375], ["dark", 375]];
for (const [theme, width] of walks) {
  const context = await browser.newContext({
    acceptDownloads: true,
    colorScheme: theme,
    ignoreHTTPSErrors: true,
    viewport: { height: 900, width },
  });
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));

  const look = async (name) => {
    await page.screenshot({ fullPage: true, path: `${screenshots}/${name}-${theme}-${width}.png` });
    const overflow = await page.evaluate(() =>
      document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} at ${width}: scrolls sideways by ${overflow} pixels`);
    assert.equal(await page.locator("h1").count(), 1, `${name}: one first-level heading`);
    // The address that is shown is all that scripts keep, and they cannot read the session.
    const kept = await page.evaluate(async () => ({
      caches: await caches.keys(), cookie: document.cookie, databases: await indexedDB.databases(),
      local: Object.keys(localStorage), session: { ...sessionStorage },
    }));
    delete kept.session["htmx-current-path-for-history"];
    assert.deepEqual(kept, { caches: [], cookie: "", databases: [], local: [], session: {} }, name);
  };
  const open = async (path, name) => {
    const response = await page.goto(demo.portal_url + path);
    assert.equal(response.status(), 200, path);
    await look(name);
  };

  await open("/sign-in", "sign-in");
  await page.fill("input[name=email]", demo.email);
  await page.fill("input[name=password]", demo.password);
  await page.click("main form button[type=submit], form button[type=submit]");
  await page.waitForURL(demo.portal_url + "/");
  await look("dashboard");

  await open("/accounts", "accounts");
  const account = page.locator("main a[href^='/accounts/']:not([href$='/new'])").first();
  await account.click();
  await look("account");
  assert.ok((await page.content()).includes(demo.eab_kid), "the key ID is on the account's page");
  assert.ok(!(await page.content()).includes(demo.eab_hmac_key), "the MAC key is hidden");

  await open("/domains", "domains");
  await open("/domains?q=www", "domains-search");
  assert.ok((await page.locator("main").innerText()).includes(`www.${demo.domain}`));
  await open("/activity", "activity");
  await page.locator("main a[href^='/activity/']").first().click();
  await look("order");

  await open("/certificates", "certificates");
  await page.locator("main a[href^='/certificates/']").first().click();
  await look("certificate");
  await page.locator("main summary", { hasText: "Download" }).first().click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator("a[href$='/chain.pem']").first().click(),
  ]);
  const chain = readFileSync(await download.path(), "utf8");
  assert.equal(chain.trim(), readFileSync(demo.certificate_file, "utf8").trim());

  await open("/settings", "settings");
  // FA-9: the password of the finding meets all eight rules, and is told to meet them.
  const met = page.locator("#password-rules li.met");
  await page.fill("#new_password", "short");
  await met.nth(2).waitFor();
  assert.equal(await met.count(), 3);
  await page.fill("#new_password", "Zu7!kPq2-vale");
  await met.nth(7).waitFor();
  const announcer = page.locator("#announcer", { hasText: "The new password meets all rules" });
  await announcer.waitFor({ state: "attached" });
  assert.equal(await page.locator("#password-rules li").count(), await met.count());
  // S-03: what is typed can be seen, and hidden again.
  const peek = page.locator("[data-peek=new_password]");
  await peek.click();
  assert.equal(await page.getAttribute("#new_password", "type"), "text");
  await look("settings-password");
  await peek.click();
  assert.equal(await page.getAttribute("#new_password", "type"), "password");
  await open("/design", "design");
  assert.deepEqual(errors, [], `errors on pages, ${theme} at ${width}`);
  console.log(`walked ${theme} at ${width}`);
  await context.close();
}
await browser.close();
