// A configuration that is computed: one route and one pool for each service. `defineConfig` makes a route to a pool
// that is not there a type error.
//
// $ curl -s http://127.0.0.1:8080/users/42
// hello from 3001
// $ curl -s http://127.0.0.1:8080/orders/7
// hello from …

import { defineConfig } from 'equipoise';

const services = { users: [3001], orders: [3002, 3003] };

const entries = Object.entries(services);
const pools = Object.fromEntries(entries.map(([name, endpoints]) => [name, { endpoints }]));
const routes = entries.map(([name]) => ({ match: { path: `/${name}/*` }, pool: name }));

export default defineConfig({
  listeners: { web: { bind: '127.0.0.1:8080', routes } },
  pools,
});
