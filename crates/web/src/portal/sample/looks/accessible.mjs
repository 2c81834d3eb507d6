// Looks at pages with axe (WCAG 2.2, levels A and AA, and its best practices), each as it stands in a directory: light at 1280
// pixels and dark at 375. Prints one line for each page that was looked at, and on its error stream one for each violation.
//
// node accessible.mjs DIRECTORY PLAYWRIGHT_MODULE AXE_MODULE CHROMIUM
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [directory, playwright, axe, chromium] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const { chromium: launcher } = require(playwright);
const source = readFileSync(join(axe, "axe.min.js"), "utf8");
const ORIGIN = "https://portal.test";
const TYPES = { css: "text/css", html: "text/html", js: "text/javascript", svg: "image/svg+xml", woff2: "font/woff2" };

const browser = await launcher.launch({
  executablePath: chromium,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"],
});
const names = readdirSync(directory).filter((name) => name.endsWith(".html") && name !== "index.html").sort();
let failed = 0;

// Nothing is fetched from anywhere: what a page asks for is a file of the directory.
const answer = (route) => {
  const path = new URL(route.request().url()).pathname;
  try {
    let body = readFileSync(join(directory, path));
    // What leads on at once is looked at before it does.
    if (path.endsWith(".html")) body = body.toString().replace('http-equiv="refresh"', "data-leads-on");
    return route.fulfill({ body, contentType: TYPES[path.split(".").pop()] ?? "text/plain" });
  } catch {
    return route.fulfill({ status: 404, body: "" });
  }
};

const look = async (theme, width, waiting) => {
  // A page may forbid scripts that it does not bring along.
  const context = await browser.newContext({
    bypassCSP: true,
    colorScheme: theme,
    reducedMotion: "reduce",
    viewport: { height: 900, width },
  });
  const page = await context.newPage();
  await page.route("**/*", answer);
  for (let name = waiting.shift(); name; name = waiting.shift()) {
    await page.goto(`${ORIGIN}/${name}`);
    // The samples fix no theme, but for those of people who chose one.
    await page.evaluate((theme) => document.documentElement.setAttribute("data-theme", theme), theme);
    await page.evaluate(source);
    const { violations } = await page.evaluate(() => axe.run(document, {
      resultTypes: ["violations"],
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }));
    for (const { id, help, nodes } of violations) {
      failed += 1;
      const where = nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.html.slice(0, 160)}`);
      console.error(`${name} ${theme} ${width}: ${id} (${help})\n    ${where.join("\n    ")}`);
    }
    console.log(`${name} ${theme}`);
  }
  await context.close();
};

await Promise.all([look("light", 1280, [...names]), look("dark", 375, [...names])]);
await browser.close();
process.exit(failed === 0 ? 0 : 1);
