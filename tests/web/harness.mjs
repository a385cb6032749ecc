// Starts what the browser tests need, and stops it: the fake server, a relay from a free TCP port to its socket, and
// Debian's Chromium.
import {spawn} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import net from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import {chromium} from 'playwright-core';

export const token = 'token-for-tests';

/** A fake server. `order(text)` changes its world; `url` is the dashboard's. */
export async function startServer({password = ''} = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'perch-web-'));
  const socket = path.join(folder, 'control.sock');
  const connections = new Set();
  const relay = net.createServer((client) => {
    const upstream = net.connect(socket);
    for (const end of [client, upstream]) {
      connections.add(end);
      end.on('error', () => {
        client.destroy();
        upstream.destroy();
      });
      end.on('close', () => connections.delete(end));
    }
    client.pipe(upstream);
    upstream.pipe(client);
  });
  await new Promise((listening) => relay.listen(0, '127.0.0.1', listening));
  const {port} = relay.address();
  const child = spawn(process.env.PERCH_FAKE_SERVER, [socket, String(port), password], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = readline.createInterface({input: child.stdout})[Symbol.asyncIterator]();
  if ((await lines.next()).value !== 'ready') throw new Error('the fake server did not start');
  return {
    port,
    url: `http://localhost:${port}`,
    branchUrl: (slug) => `http://${slug}.localhost:${port}`,
    async order(text) {
      child.stdin.write(text + '\n');
      await lines.next();
    },
    async stop() {
      const over = new Promise((ended) => child.once('exit', ended));
      for (const end of connections) end.destroy();
      relay.close();
      child.stdin.end();
      const code = await over;
      rmSync(folder, {recursive: true, force: true});
      if (code !== 0) throw new Error(`the fake server ended with ${code}`);
    },
  };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.PERCH_CHROMIUM || '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  });
}
