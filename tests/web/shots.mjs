// node shots.mjs FOLDER: pictures of all pages, to look at.
import {startBrowser, startServer, token} from './harness.mjs';

const folder = process.argv[2];
const server = await startServer();
const guarded = await startServer({password: 'open sesame'});
const browser = await startBrowser();
const looks = {
  light: {colorScheme: 'light', viewport: {width: 1180, height: 900}},
  dark: {colorScheme: 'dark', viewport: {width: 1180, height: 900}},
  phone: {colorScheme: 'light', viewport: {width: 360, height: 760}, deviceScaleFactor: 2},
};
for (const [look, options] of Object.entries(looks)) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const shot = async (url, name) => {
    await page.goto(url);
    await page.screenshot({path: `${folder}/${name}-${look}.png`, fullPage: true});
  };
  await page.goto(`${server.url}/?token=${token}`);
  await shot(`${server.url}/`, 'board');
  await shot(`${server.url}/branches/feature-price-rounding`, 'failed');
  await shot(`${server.url}/branches/feature-photos`, 'building');
  await shot(`${server.branchUrl('feature-photos')}/`, 'honest-building');
  await shot(`${server.branchUrl('script-alert-1-2222222222')}/`, 'honest-failed');
  await shot(`${server.branchUrl('feature-cat')}/`, 'honest-unknown');
  await shot(`${guarded.url}/`, 'login');
  await context.close();
}
await server.order('blind');
await server.order('clear');
const page = await browser.newPage();
await page.goto(server.url);
await page.screenshot({path: `${folder}/blind-light.png`});
await browser.close();
await server.stop();
await guarded.stop();
