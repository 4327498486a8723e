// k6_shim.mjs - as much of k6 as the scenarios use, for tests: k6 is not in Debian.
//
// node k6_shim.mjs DIRECTORY run [--out json=FILE] [-e NAME=VALUE]... SCRIPT
// runs the script's functions against the real API, one iteration after the other for one second,
// from a copy below DIRECTORY where "k6" is a module of this file's making.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [directory, command, ...rest] = process.argv.slice(2);
const environment = {};
let out = null;
let script = null;
while (rest.length > 0) {
  const word = rest.shift();
  if (word === '-e') {
    const [name, value] = rest.shift().split(/=(.*)/s);
    environment[name] = value;
  } else if (word === '--out') {
    out = rest.shift().replace(/^json=/, '');
  } else if (!word.startsWith('--')) {
    script = word;
  }
}
if (command !== 'run' || script === null) {
  throw new Error('run SCRIPT is all that is known here');
}

const points = [];
const metrics = {};
globalThis.__ENV = environment;
globalThis.shim = {
  now: '::setup',
  request(method, url, body, parameters) {
    const words = ['-s', '-X', method, '-w', '\n%{http_code} %{time_total}', '--max-time', '20'];
    for (const [name, value] of Object.entries((parameters && parameters.headers) || {})) {
      words.push('-H', `${name}: ${value}`);
    }
    if (body !== null && body !== undefined) {
      words.push('--data-binary', '@-');
    }
    const done = spawnSync('curl', [...words, url], { input: body || '', encoding: 'utf8' });
    const [status, seconds] = done.stdout.slice(done.stdout.lastIndexOf('\n') + 1).split(' ');
    points.push({
      type: 'Point', metric: 'http_req_duration',
      data: { value: 1000 * Number(seconds), tags: { status: String(Number(status)), group: this.now } },
    });
    return { status: Number(status), body: done.stdout.slice(0, done.stdout.lastIndexOf('\n')) };
  },
  add(name, value) {
    metrics[name] = metrics[name] || { values: { count: 0 } };
    metrics[name].values.count += value;
  },
};

const here = path.dirname(path.resolve(script));
const copy = path.join(directory, 'loadtest');
fs.rmSync(copy, { recursive: true, force: true });
fs.cpSync(path.dirname(here), copy, { recursive: true });
const modules = path.join(copy, 'node_modules', 'k6');
fs.mkdirSync(modules, { recursive: true });
const files = {
  'package.json': JSON.stringify({
    name: 'k6', type: 'module',
    exports: { '.': './k6.js', './http': './http.js', './metrics': './metrics.js' },
  }),
  'k6.js': `export const check = (value, checks) => Object.values(checks).every((f) => f(value));
    export const fail = (text) => { throw new Error(text); };`,
  'http.js': `export default {
    request: (method, url, body, parameters) => shim.request(method, url, body, parameters),
    get: (url, parameters) => shim.request('GET', url, null, parameters),
    post: (url, body, parameters) => shim.request('POST', url, body, parameters),
    expectedStatuses: (...statuses) => statuses,
  };`,
  'metrics.js': `export class Counter {
    constructor(name) { this.name = name; }
    add(value) { shim.add(this.name, value); }
  }`,
};
for (const [name, text] of Object.entries(files)) {
  fs.writeFileSync(path.join(modules, name), text);
}
fs.writeFileSync(path.join(copy, 'package.json'), JSON.stringify({ type: 'module' }));
globalThis.open = (name) => fs.readFileSync(path.join(copy, 'k6', name), 'utf8');

const loaded = await import(pathToFileURL(path.join(copy, 'k6', path.basename(script))));
loaded.setup();
globalThis.shim.now = '';
const end = Date.now() + 1000;
let iterations = 0;
while (Date.now() < end) {
  loaded.default();
  iterations += 1;
}
metrics.http_reqs = { values: { count: iterations, rate: iterations } };
const summary = loaded.handleSummary({ metrics });
process.stdout.write(summary.stdout || '');
if (out !== null) {
  fs.writeFileSync(out, points.map((point) => `${JSON.stringify(point)}\n`).join(''));
}
process.stderr.write(JSON.stringify({ options: loaded.options }));
