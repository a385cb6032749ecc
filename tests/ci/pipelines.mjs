// What the tests share: perch's output for each configuration and service, as files.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

export const perch = process.env.PERCH;
export const here = import.meta.dirname;
export const configurations = ['shop', 'small'];
export const services = ['circleci', 'github', 'gitlab'];

export function run(configuration, ...args) {
  return spawnSync(perch, ['--config', join(here, 'configs', `${configuration}.yaml`), 'ci', ...args], { encoding: 'utf8' });
}

/// [{path, text}], as `--json` gives them.
export function pipeline(configuration, service) {
  const result = run(configuration, service, '--json');
  if (result.status !== 0) throw new Error(`perch ci ${service}: exit code ${result.status}\n${result.stderr}${result.stdout}`);
  return JSON.parse(result.stdout);
}

export function text(configuration, service, path) {
  return pipeline(configuration, service).find((file) => file.path.endsWith(path)).text;
}

export function temporary(t) {
  const folder = mkdtempSync(join(tmpdir(), 'perch-ci-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function filesUnder(folder) {
  return readdirSync(folder, { recursive: true }).filter((name) => statSync(join(folder, name)).isFile()).sort();
}

export { execFileSync, join, readFileSync, relative };
