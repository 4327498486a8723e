// common.js - what the scenarios share: the mix of requests, their limits, and the summary.
import http from 'k6/http';
import { check, fail } from 'k6';
import { Counter } from 'k6/metrics';

const plan = JSON.parse(open('../scenarios.json'));
const url = (__ENV.URL || 'http://127.0.0.1:8080').replace(/\/$/, '');
const prefix = `s${__ENV.SEED || '1'}p0`;
const totalWeight = plan.mix.reduce((sum, entry) => sum + entry.weight, 0);
const statuses = new Counter('statuses');
const refused = new Counter('refused');
const errors = new Counter('errors');

function isLoopback(address) {
  return /^http:\/\/(127(\.\d+){3}|localhost|\[::1\])(:\d+)?$/.test(address);
}

function checkUrl() {
  if (!isLoopback(url) && __ENV.ALLOW_REMOTE !== '1') {
    throw new Error(`${url} is not this machine; ALLOW_REMOTE=1 loads it all the same`);
  }
}

// CONNECTIONS for SECONDS, without limits.
export function constantOptions() {
  checkUrl();
  return { vus: Number(__ENV.CONNECTIONS || 1), duration: `${__ENV.SECONDS || 10}s` };
}

// The options of a scenario; SECONDS divides its phases as they are to each other.
export function optionsOf(name) {
  checkUrl();
  const { phases, limits } = plan.scenarios[name];
  const planned = phases.reduce((sum, phase) => sum + phase.seconds, 0);
  const seconds = Number(__ENV.SECONDS || planned);
  const stages = [];
  for (const phase of phases) {
    stages.push({ duration: '0s', target: phase.connections });
    stages.push({ duration: `${(phase.seconds * seconds) / planned}s`, target: phase.connections });
  }
  return {
    scenarios: {
      [name]: {
        executor: 'ramping-vus', startVUs: phases[0].connections, stages, gracefulRampDown: '5s',
      },
    },
    thresholds: {
      http_req_duration: [`p(99)<${limits.p99Ms}`],
      http_req_failed: [`rate<=${(limits.errorPercent + limits.refusedPercent) / 100}`],
      errors: [{ threshold: 'count==0', abortOnFail: false }],
    },
    summaryTrendStats: ['min', 'med', 'p(99)', 'p(99.9)', 'max'],
  };
}

// The data that the mix reads has to be there, and the indicator that it writes to.
export function setup() {
  const found = http.get(`${url}/v1/movements/${prefix}-2022-ba-tri`);
  if (found.status !== 200) {
    fail(`no data of seed ${prefix}: dongkhoi-generate --load ${url} (status ${found.status})`);
  }
  const made = http.post(`${url}${plan.written.path}`, JSON.stringify(plan.written.body), {
    headers: { 'Content-Type': 'application/json' },
    responseCallback: http.expectedStatuses(200, 409),
  });
  check(made, { 'the indicator to write to is there': (answer) => [200, 409].includes(answer.status) });
}

export function pick() {
  let place = Math.random() * totalWeight;
  return plan.mix.find((entry) => (place -= entry.weight) < 0) || plan.mix[0];
}

export function expand(text) {
  const own = { prefix, number: String(1 + Math.floor(Math.random() * 1e12)) };
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    if (own[name] !== undefined) {
      return own[name];
    }
    const list = plan.choices[name];
    return list === undefined ? whole : list[Math.floor(Math.random() * list.length)];
  });
}

// One request of the mix. The month of a write is the same in its path and its body.
export function request() {
  const entry = pick();
  const method = entry.method || 'GET';
  let path = entry.path;
  let body = entry.body || null;
  if (body !== null) {
    const month = expand('{month}');
    path = path.replace('{month}', month);
    body = expand(body.replace('{month}', month));
  }
  const answer = http.request(method, url + expand(path), body, {
    headers: body === null ? {} : { 'Content-Type': 'application/json' },
    tags: { name: entry.path },
  });
  statuses.add(1, { status: String(answer.status) });
  if (answer.status === 429 || answer.status === 503) {
    refused.add(1);
  } else if (answer.status < 200 || answer.status > 304) {
    errors.add(1);
  }
  return answer;
}

// The numbers that deploy/loadtest/run --json prints, as far as k6 keeps them.
export function summaryOf(name) {
  return (data) => {
    const metric = (key, value) => (data.metrics[key] ? data.metrics[key].values[value] || 0 : 0);
    const requests = metric('http_reqs', 'count');
    const numbers = {
      scenario: name, tool: 'k6', requests, rate: metric('http_reqs', 'rate'),
      p50Ms: metric('http_req_duration', 'med'), p99Ms: metric('http_req_duration', 'p(99)'),
      p999Ms: metric('http_req_duration', 'p(99.9)'), errors: metric('errors', 'count'),
      refused: metric('refused', 'count'),
    };
    return { stdout: `${JSON.stringify(numbers)}\n` };
  };
}
