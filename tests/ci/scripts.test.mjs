// The shell of every pipeline, run as its service would run it, with programs that only note how they were called.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import YAML from 'yaml';
import { configurations, execFileSync, join, pipeline, services, temporary } from './pipelines.mjs';

const digest = `sha256:${'ab'.repeat(32)}`;
const variables = {
  circleci: { branch: 'CIRCLE_BRANCH', commit: 'CIRCLE_SHA1', run: { CIRCLE_BUILD_NUM: '7', CIRCLE_OIDC_TOKEN_V2: 'oidc' } },
  github: { branch: 'GITHUB_REF_NAME', commit: 'GITHUB_SHA', run: { GITHUB_RUN_ID: '7', GITHUB_RUN_ATTEMPT: '1',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request', ACTIONS_ID_TOKEN_REQUEST_URL: 'https://token.example.com/?a=b', GRACE: '1h' } },
  gitlab: { branch: 'CI_COMMIT_BRANCH', commit: 'CI_COMMIT_SHA', run: { CI_JOB_ID: '7', PERCH_ID_TOKEN: 'oidc', CI_JOB_TOKEN: 'job' } },
};

/// The scripts of a job in order, as the service would give them to bash.
function scripts(configuration, service, job) {
  const documents = pipeline(configuration, service).map(({ text }) => YAML.parse(text, { merge: true }));
  if (service === 'gitlab') return [...documents[0]['.perch'].before_script, ...documents[0][job].script].join('\n');
  const steps = documents.flatMap((document) => document.jobs[job]?.steps ?? []);
  // GitHub and CircleCI put in what their expressions say, and take their escapes away.
  if (service === 'github') return steps.slice(1).map((step) => step.run.replaceAll("${{ '${{' }}", '${{'));
  return steps.filter((step) => step.run).map((step) => step.run.command.replaceAll('\\<<', '<<'));
}

const fake = {
  docker: `printf 'docker' >> "$LOG"; printf ' [%s]' "$@" >> "$LOG"; echo >> "$LOG"
[ "$1" != "$DOCKER_FAILS" ] || exit 1
case "$1 $2" in "image inspect") printf '%s\\n\\n' "other.example.com/x@${digest}" "$PERCH_REPOSITORY@$PUSHED" ;; esac`,
  perch: `printf 'perch' >> "$LOG"; printf ' [%s]' "$@" >> "$LOG"; echo >> "$LOG"
if [ "$1" = status ]; then printf '%s\\n' "$STATUS"; exit 0; fi
exit "$PERCH_EXITS"`,
  curl: `printf '{"value": "oidc"}'`,
};

/// Runs a job on `branch`; gives the exit code, what was called, and what was printed.
function runJob(t, configuration, service, job, { branch = 'feature/cart', moved = false, fork = '', ...env } = {}) {
  const folder = temporary(t);
  const git = (...args) => execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-C', folder, ...args], { encoding: 'utf8' }).trim();
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'x');
  const commit = git('rev-parse', 'HEAD');
  git('init', '-q', '--bare', 'host.git');
  git('remote', 'add', 'origin', join(folder, 'host.git'));
  git('push', '-q', 'origin', `HEAD:refs/heads/${branch}`);
  if (moved) {
    git('commit', '-q', '--allow-empty', '-m', 'y');
    git('push', '-q', 'origin', `HEAD:refs/heads/${branch}`);
  }
  if (fork) git('push', '-q', 'origin', `HEAD:refs/heads/a/refs/heads/${branch}`);
  mkdirSync(join(folder, 'bin'));
  for (const [name, body] of Object.entries(fake)) {
    writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  const named = variables[service];
  const log = join(folder, 'log');
  writeFileSync(log, '');
  let status = 0, output = '';
  for (const script of [scripts(configuration, service, job)].flat()) {
    // Each job has a machine to itself; here they share one.
    const text = script.replaceAll('/tmp/perch-', `${folder}/perch-`);
    const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', text], {
      cwd: folder, encoding: 'utf8', env: {
        PATH: `${folder}/bin:${process.env.PATH}`, HOME: folder, LOG: log, PERCH_EXITS: '0', PUSHED: digest, DOCKER_FAILS: 'none',
        PERCH_REPOSITORY: 'registry.example.com/shop', DOCKER_CONFIG: join(folder, 'perch-docker'),
        AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, 'perch-token'),
        STATUS: JSON.stringify({ state: 'ready', image: `staging.example.com/shop@${digest}` }),
        [named.branch]: branch, [named.commit]: commit, ...named.run, ...env } });
    output += result.stdout + result.stderr;
    if ((status = result.status) !== 0) break;
  }
  return { status, output, calls: readFileSync(log, 'utf8').replaceAll(commit, 'COMMIT').trimEnd().split('\n'), folder };
}

for (const configuration of configurations) {
  for (const service of services) {
    test(`${service}, ${configuration}: every script is good bash`, () => {
      for (const job of configuration === 'shop' ? ['deploy', 'production', 'sweep'] : ['deploy', 'sweep']) {
        const all = [scripts(configuration, service, job)].flat();
        assert.ok(all.length > 0);
        for (const script of all) {
          const result = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' });
          assert.equal(result.stderr, '');
        }
      }
    });
  }
}

for (const service of services) {
  const tag = `ci-COMMIT-${service === 'github' ? '7-1' : '7'}`;
  const image = `registry.example.com/shop:${tag}`;
  const command = 'cd /app && ./manage.py test --tag "it\'s"\ncat <<END\n${{ secrets.NOTHING }} @BRANCH@\nEND\n';

  for (const branch of ['feature/cart', 'staging', `it's-"q"-$(touch\${IFS}pwned)-\`id\`;&|<>`]) {
    test(`${service}: a push to ${branch} is built, tested, pushed and deployed by digest`, (t) => {
      const { status, calls, folder, output } = runJob(t, 'shop', service, 'deploy', { branch });
      assert.equal(status, 0, output);
      assert.equal(calls.join('\n'), [
        `docker [build] [--file] [docker/Web server.dockerfile] [--label] [org.opencontainers.image.revision=COMMIT] [--tag] [${image}] [.]`,
        `docker [run] [--rm] [--env] [PERCH_BRANCH=${branch}] [--env] [PERCH_COMMIT=COMMIT] [--env] [DEBUG=0] [--env] ` +
          `[GREETING=it's 7 o'clock, <<now>> & $HOME] [--entrypoint] [/bin/sh] [${image}] [-c] [${command}]`,
        `docker [push] [${image}]`,
        `docker [image] [inspect] [--format] [{{range .RepoDigests}}{{println .}}{{end}}] [${image}]`,
        `perch [up] [${branch}] [--platform] [aws] [--image] [registry.example.com/shop@${digest}]`].join('\n'));
      assert.ok(!existsSync(join(folder, 'pwned')));
      assert.deepEqual(JSON.parse(readFileSync(join(folder, 'perch-docker/config.json'))), { credHelpers: { 'registry.example.com': 'ecr-login' } });
      assert.equal(readFileSync(join(folder, 'perch-token'), 'utf8').trim(), 'oidc');
    });
  }

  test(`${service}: production gets a copy of what staging runs, and builds nothing`, (t) => {
    const { status, calls, output } = runJob(t, 'shop', service, 'production', { branch: 'main' });
    assert.equal(status, 0, output);
    assert.equal(calls.join('\n'), [
      'perch [status] [staging] [--platform] [aws] [--json]',
      `docker [pull] [staging.example.com/shop@${digest}]`,
      `docker [tag] [staging.example.com/shop@${digest}] [${image}]`,
      `docker [push] [${image}]`,
      `docker [image] [inspect] [--format] [{{range .RepoDigests}}{{println .}}{{end}}] [${image}]`,
      `perch [up] [main] [--platform] [aws] [--image] [registry.example.com/shop@${digest}]`].join('\n'));
  });

  test(`${service}: production gets nothing while staging is not ready, or when the copy is another image`, (t) => {
    for (const answer of [{ state: 'failed', image: `staging.example.com/shop@${digest}` }, { state: 'ready' },
      { state: 'ready', image: 'staging.example.com/shop:latest' }]) {
      const { status, calls } = runJob(t, 'shop', service, 'production', { branch: 'main', STATUS: JSON.stringify(answer) });
      assert.equal(status, 1);
      assert.deepEqual(calls, ['perch [status] [staging] [--platform] [aws] [--json]']);
    }
    const { status, calls, output } = runJob(t, 'shop', service, 'production', { branch: 'main', PUSHED: `sha256:${'0'.repeat(64)}` });
    assert.equal(status, 1);
    assert.match(output, /another digest than what staging runs/);
    assert.ok(!calls.some((call) => call.startsWith('perch [up]')));
  });

  for (const failing of ['build', 'run', 'push']) {
    test(`${service}: when docker ${failing} fails, nothing later happens`, (t) => {
      const { status, calls } = runJob(t, 'shop', service, 'deploy', { DOCKER_FAILS: failing });
      assert.notEqual(status, 0);
      const last = calls.filter((call) => /^(docker|perch) \[/.test(call)).at(-1);
      assert.ok(last.startsWith(`docker [${failing}]`), last);
    });
  }

  for (const [exits, expected] of [['4', 0], ['1', 1], ['2', 2], ['3', 3]]) {
    test(`${service}: exit code ${exits} of perch up makes the job end with ${expected}`, (t) => {
      assert.equal(runJob(t, 'small', service, 'deploy', { PERCH_EXITS: exits }).status, expected);
    });
  }

  test(`${service}: a job whose branch has moved on deploys nothing and is no failure`, (t) => {
    const { status, calls, output } = runJob(t, 'small', service, 'deploy', { moved: true });
    assert.equal(status, 0);
    assert.match(output, /superseded: the branch has moved on/);
    assert.ok(!calls.some((call) => call.startsWith('perch')));
  });

  test(`${service}: another branch that ends in refs/heads/NAME changes nothing`, (t) => {
    assert.match(runJob(t, 'small', service, 'deploy', { fork: 'yes' }).calls.at(-1), /^perch \[up\] \[feature\/cart\]/);
  });

  test(`${service}: a branch that looks like an option is refused`, (t) => {
    const { status, calls } = runJob(t, 'small', service, 'deploy', { branch: '--config=x' });
    assert.equal(status, 2);
    assert.ok(!calls.some((call) => call.startsWith('perch')));
  });

  test(`${service}: the sweep takes the hour of grace, and its failure is the job's`, (t) => {
    const { status, calls } = runJob(t, 'small', service, 'sweep', { PERCH_EXITS: '3' });
    assert.equal(status, 3);
    assert.deepEqual(calls, ['perch [sweep] [--platform] [aws] [--yes] [--grace] [1h]']);
  });
}
