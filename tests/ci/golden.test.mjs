// What perch prints is what golden/ holds, byte for byte. PERCH_ACCEPT=1 writes it anew, and then the test fails.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { configurations, filesUnder, here, join, perch, pipeline, readFileSync, run, services, temporary } from './pipelines.mjs';

const accept = process.env.PERCH_ACCEPT === '1';
const golden = join(here, 'golden');

for (const configuration of configurations) {
  for (const service of services) {
    test(`${service} of ${configuration} is as in golden/`, () => {
      const folder = join(golden, configuration, service);
      const files = pipeline(configuration, service);
      assert.deepEqual(files, pipeline(configuration, service), 'another text when printed again');
      if (accept) {
        for (const { path, text } of files) {
          mkdirSync(dirname(join(folder, path)), { recursive: true });
          writeFileSync(join(folder, path), text);
        }
        assert.fail('accepted; run again without PERCH_ACCEPT');
      }
      for (const { path, text } of files) assert.equal(text, readFileSync(join(folder, path), 'utf8'), path);
      assert.deepEqual(filesUnder(folder), files.map(({ path }) => path).sort());
    });
  }
}

test('--write makes the files, says which, and does nothing more the second time', (t) => {
  const folder = temporary(t);
  copyFileSync(join(here, 'configs/shop.yaml'), join(folder, 'perch.yaml'));
  const write = (...args) => spawnSync(perch, ['-C', folder, 'ci', 'github', '--write', ...args], { encoding: 'utf8' });
  const first = write();
  assert.equal(first.status, 0, first.stderr);
  assert.equal(first.stdout, 'Wrote .github/workflows/perch.yml.\nWrote .github/workflows/perch-production.yml.\n' +
    'Wrote .github/workflows/perch-sweep.yml.\nLook it over; docs/ci.md says which roles and variables it needs.\n');
  for (const { path, text } of pipeline('shop', 'github')) assert.equal(readFileSync(join(folder, path), 'utf8'), text);
  assert.equal(write().status, 0, 'equal files are no obstacle');
});

test('--write replaces no file that differs, and then writes no other either, until --force', (t) => {
  const folder = temporary(t);
  copyFileSync(join(here, 'configs/shop.yaml'), join(folder, 'perch.yaml'));
  const own = join(folder, '.github/workflows/perch-sweep.yml');
  mkdirSync(dirname(own), { recursive: true });
  writeFileSync(own, 'mine\n');
  const write = (...args) => spawnSync(perch, ['-C', folder, 'ci', 'github', '--write', ...args], { encoding: 'utf8' });
  const refused = write();
  assert.equal(refused.status, 3);
  assert.match(refused.stderr, /there is another file already; nothing was written: .*perch-sweep\.yml\n.*--force replaces it\./);
  assert.equal(readFileSync(own, 'utf8'), 'mine\n');
  assert.ok(!existsSync(join(folder, '.github/workflows/perch.yml')));
  assert.equal(write('--force').status, 0);
  assert.notEqual(readFileSync(own, 'utf8'), 'mine\n');
});

test('--image pins the image in every service', () => {
  const image = `ghcr.io/acme/perch@sha256:${'0'.repeat(64)}`;
  for (const service of services) {
    const result = run('shop', service, '--image', image);
    assert.ok(result.stdout.includes(`"${image}"`), service);
    assert.equal(result.stderr, '');
  }
});

const broken = {
  'a pattern is production': ['environments: {main: production, ', 'environments: {main: production, "v*": us2, ',
    /`v\*` is production, but it is a pattern/],
  'production has no staging': ['staging: staging, "*"', '"*"', /production has no staging branch to get its image from/],
  'a control character in the tests': ['./manage.py test', './manage.py\u0085\u0007 test', /./],
};
for (const [name, [from, to, message]] of Object.entries(broken)) {
  test(`refused with exit code 2: ${name}`, (t) => {
    const folder = temporary(t);
    const shop = readFileSync(join(here, 'configs/shop.yaml'), 'utf8').replace('profiles:\n', 'profiles:\n  us2: {extends: production, host: null}\n');
    assert.ok(shop.includes(from));
    writeFileSync(join(folder, 'perch.yaml'), shop.replace(from, to));
    const result = spawnSync(perch, ['-C', folder, 'ci', 'gitlab'], { encoding: 'utf8' });
    assert.equal(result.status, 2, result.stderr);
    assert.equal(result.stdout, '');
    assert.match(result.stderr, message);
  });
}
