// Opens a page in Chromium, light and dark, wide and narrow, and tells what it saw as JSON.
// node look.mjs PLAYWRIGHT_FOLDER PAGE PICTURES
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, page, pictures] = process.argv.slice(2).map((path) => resolve(path));
const require = createRequire(join(folder, 'package.json'));
const load = async (name) => import(pathToFileURL(require.resolve(name)));
const { chromium } = (await load('playwright-core')).default;
// A build that comes as a package of its own; else the one that playwright installed.
const packed = await load('@sparticuz/chromium').then((module) => module.default, () => null);
const options = packed ? { args: packed.args, executablePath: await packed.executablePath() } : {};
const browser = await chromium.launch(options);
const seen = [];
for (const colorScheme of ['light', 'dark']) {
  for (const width of [1100, 400]) {
    const tab = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    const said = [];
    const asked = [];
    tab.on('console', (message) => said.push(message.text()));
    tab.on('pageerror', (error) => said.push(String(error)));
    tab.on('request', (request) => asked.push(request.url()));
    await tab.goto(pathToFileURL(page).href);
    const picture = join(pictures, `${colorScheme}-${width}.png`);
    await tab.screenshot({ path: picture });
    const facts = await tab.evaluate(() => {
      const visible = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.offsetParent).length;
      const before = visible('.finding');
      document.querySelector('#show-critical').click();
      const style = getComputedStyle(document.body);
      return {
        background: style.backgroundColor,
        text: style.color,
        overflow: document.documentElement.scrollWidth - window.innerWidth,
        findings: before,
        afterFilter: visible('.finding'),
        bars: [...document.querySelectorAll('.bar rect')].filter((one) => one.getBoundingClientRect().width > 0).length,
        critical: document.querySelectorAll('.finding.critical').length,
      };
    });
    seen.push({ colorScheme, width, picture, said, asked: asked.length, ...facts });
  }
}
await browser.close();
console.log(JSON.stringify(seen));
