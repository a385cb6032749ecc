// The dashboard in a real browser. Every wait is for something to happen; the time limit is only a guard.
import {AxeBuilder} from '@axe-core/playwright';
import assert from 'node:assert/strict';
import {after, afterEach, before, beforeEach, test} from 'node:test';
import {startBrowser, startServer, token} from './harness.mjs';

let browser;
let server;
let context;
let page;
let problems;

before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());
beforeEach(async () => {
  server = await startServer();
  await open({});
});
afterEach(async () => {
  await context.close();
  await server.stop();
  // Nothing may be refused by the page's own policy, and no script may fail, in any test.
  assert.deepEqual(problems, []);
});

async function open(options) {
  if (context) await context.close();
  context = await browser.newContext({viewport: {width: 1180, height: 900}, ...options});
  page = await context.newPage();
  problems = [];
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('dialog', (dialog) => problems.push(`a dialog: ${dialog.message()}`));
  page.on('console', (message) => {
    const expected = /Failed to load resource: the server responded with a status of (4|5)/.test(message.text());
    if (message.type() === 'error' && !expected) problems.push(message.text());
  });
}

const signIn = () => page.goto(`${server.url}/?token=${token}`);
const live = () => page.locator('#live-word', {hasText: 'Live'}).waitFor();

async function assertAccessible(what) {
  const {violations} = await new AxeBuilder({page}).analyze();
  assert.deepEqual(
      violations.map(({id, nodes}) => `${what}: ${id}: ${nodes.map((node) => node.target).join(' ')}`), []);
}

for (const {colorScheme, width} of [{colorScheme: 'light', width: 360}, {colorScheme: 'dark', width: 1180}]) {
  test(`every page is accessible and fits: ${colorScheme}, ${width} pixels wide`, async () => {
    await open({colorScheme, viewport: {width, height: 800}, reducedMotion: 'reduce'});
    await signIn();
    const pages = [
      `${server.url}/`, `${server.url}/branches/feature-price-rounding`, `${server.url}/branches/feature-photos`,
      `${server.url}/branches/script-alert-1-2222222222`, `${server.url}/branches/none`,
      `${server.branchUrl('feature-photos')}/`, `${server.branchUrl('script-alert-1-2222222222')}/`,
      `${server.branchUrl('feature-cat')}/`,
    ];
    for (const url of pages) {
      await page.goto(url);
      await assertAccessible(url);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.equal(wide <= 0, true, `${url} is ${wide} pixels too wide`);
    }
  });
}

test('a state change arrives by itself and is announced', async () => {
  await page.goto(server.url);
  await live();
  const row = page.locator('#b-feature-photos');
  assert.equal((await row.locator('.chip').textContent()).trim(), 'Building');
  await server.order('test');
  await row.locator('.chip', {hasText: 'Testing'}).waitFor();
  await server.order('ready');
  await row.locator('.chip', {hasText: 'Ready'}).waitFor();
  await row.getByRole('link', {name: 'Open Bigger photos on product pages'}).waitFor();
  await page.locator('#announce', {hasText: 'Bigger photos on product pages: Ready'}).waitFor({state: 'attached'});
});

test('pushed branches appear and deleted ones go, while focus stays where it is', async () => {
  await page.goto(server.url);
  await live();
  await page.locator('#b-main h2 a').focus();
  await server.order('push');
  await page.locator('#b-feature-new').waitFor();
  await server.order('delete');
  await page.locator('#b-fix-typo').waitFor({state: 'detached'});
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Release 4.2: faster search');
});

test('the last branch going brings the invitation back', async () => {
  await page.goto(server.url);
  await live();
  await server.order('clear');
  await page.getByText('Push a branch, and it appears on this page').waitFor();
  await assertAccessible('the empty board');
});

test('a repository that cannot be seen is said', async () => {
  await page.goto(server.url);
  await live();
  await server.order('blind');
  await page.getByRole('heading', {name: 'perch cannot see the repository right now'}).waitFor();
  await assertAccessible('the board in trouble');
});

test('a log grows while it is read', async () => {
  await page.goto(`${server.url}/branches/feature-photos`);
  const log = page.locator('#text-build');
  await log.getByText('added 212 packages').waitFor();
  await server.order('log');
  await page.locator('#text-build', {hasText: 'compiled another page'}).waitFor();
  await server.order('test');
  await page.locator('#stage-test').waitFor();
  assert.match(await log.textContent(), /compiled another page/);
});

test('an unfolded log is read from the server', async () => {
  await page.goto(`${server.url}/branches/feature-price-rounding`);
  await page.locator('#log-build summary').click();
  await page.locator('#text-build', {hasText: 'added 212 packages'}).waitFor();
});

test('the keyboard alone is enough', async () => {
  await signIn();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  await page.keyboard.press('/');
  await page.keyboard.type('delivery');
  assert.equal(await page.locator('.branch:visible').count(), 1);
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('#branches .branch:visible').count(), 8);
  await page.locator('#b-feature-cart h2 a').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', {name: 'Show the delivery date in the cart'}).waitFor();
  await page.getByRole('button', {name: 'Redeploy'}).focus();
  await page.keyboard.press('Enter');
  await page.waitForURL(`${server.url}/branches/feature-cart`);
  await page.getByRole('heading', {name: 'Show the delivery date in the cart'}).waitFor();
});

test('typing narrows the list down, folded branches too', async () => {
  await page.goto(server.url);
  await page.getByRole('searchbox').fill('renovate');
  await page.locator('#b-terraform-no-infra').waitFor();
  assert.equal(await page.locator('.branch:visible').count(), 1);
  await page.getByRole('searchbox').fill('no such thing');
  await page.getByText('No branch fits. Press Escape to see all.').waitFor();
});

test('without JavaScript everything can be read, found and pressed', async () => {
  await open({javaScriptEnabled: false});
  await signIn();
  assert.equal(await page.locator('#branches > .branch').count(), 8);
  await page.getByRole('link', {name: 'Refresh'}).click();
  await page.getByRole('searchbox').fill('rounding');
  await page.getByRole('button', {name: 'Find'}).click();
  assert.equal(await page.locator('.branch').count(), 1);
  await page.locator('.branch h2 a').click();
  assert.match(await page.locator('#text-test').textContent(), /FAIL test_rounding/);
  await page.getByRole('button', {name: 'Stop'}).click();
  await page.waitForURL(`${server.url}/branches/feature-price-rounding`);
  await page.getByRole('link', {name: 'The whole log as text'}).last().waitFor({state: 'attached'});
});

test('strangers are told how to sign in, and the token leaves the address', async () => {
  await page.goto(`${server.url}/branches/feature-cart`);
  await page.getByText('run perch open in a terminal').waitFor();
  assert.equal(await page.getByRole('button', {name: 'Redeploy'}).count(), 0);
  await signIn();
  assert.equal(page.url(), `${server.url}/`);
  await page.getByRole('button', {name: 'Sign out'}).click();
  await live();
  assert.equal(await page.getByRole('button', {name: 'Sign out'}).count(), 0);
});

test('a branch page of the gateway turns over by itself', async () => {
  await page.goto(`${server.branchUrl('feature-photos')}/`);
  await page.getByText('Building. The link works as soon as this is done.').waitFor();
  await server.order('test');
  await page.getByText('Running the tests. The link works as soon as this is done.').waitFor();
  await server.order('ready');
  await page.getByText('The app does not answer at the moment.').waitFor();
});

test('on a protected server one password opens a branch and leads back to it', async () => {
  const guarded = await startServer({password: 'open sesame'});
  try {
    await page.goto(`${guarded.branchUrl('feature-photos')}/cart?x=1`);
    await page.getByLabel('Password').fill('guess');
    await assertAccessible('the sign-in');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByText('That is not the password. Please try again.').waitFor();
    await page.getByLabel('Password').fill('open sesame');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.waitForURL(`${guarded.branchUrl('feature-photos')}/cart?x=1`);
    await page.getByRole('heading', {name: 'Bigger photos on product pages'}).waitFor();
    // Another branch needs no second password.
    await page.goto(`${guarded.branchUrl('main')}/`);
    await page.waitForURL(`${guarded.branchUrl('main')}/`);
    // And a link from elsewhere neither, although the dashboard's cookie is a strict one.
    await page.goto('data:text/html,<a href="' + guarded.branchUrl('feature-cart') + '/">a link in a chat</a>');
    await page.getByText('a link in a chat').click();
    await page.waitForURL(`${guarded.branchUrl('feature-cart')}/`);
  } finally {
    await guarded.stop();
  }
});
