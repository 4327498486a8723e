// client.ts - what somebody writes against the generated types: node client.js BASE_URL.
//
// It is compiled with --strict, and each @ts-expect-error must be an error: types that allow
// everything would prove nothing.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

declare const process: { argv: string[] };

type Cluster = components["schemas"]["Cluster"];

// Lists are also text/csv; this client speaks JSON.
const client = createClient<paths, "application/json">({ baseUrl: process.argv[2] ?? "http://localhost:8080" });
const at = { params: { path: { cluster: "phong-nam" } } };

function must<T>(data: T | undefined, error: components["schemas"]["Error"] | undefined): T {
  if (data === undefined) {
    throw new Error(error?.error.details[0]?.reason ?? "no answer");
  }
  return data;
}

async function read(): Promise<Cluster> {
  const { data, error } = await client.GET("/v1/clusters/{cluster}", at);
  return must(data, error);
}

// Read, modify, write: what was read is sent back as a whole.
const before = await read();
const changed: Cluster = { ...before, note: "seen by a generated client" };
const written = await client.PATCH("/v1/clusters/{cluster}", { ...at, body: changed });
const after: Cluster = must(written.data, written.error);
if (after.note !== changed.note || after.revision !== (before.revision ?? 0) + 1) {
  throw new Error("the change was not written");
}

// It cannot be written twice: the etag is that of the revision before.
const again = await client.PATCH("/v1/clusters/{cluster}", { ...at, body: changed });
if (again.response.status !== 409 || again.error?.error.status !== "ABORTED") {
  throw new Error("an outdated etag was taken");
}

// An update may leave out what it does not change.
const part = await client.PATCH("/v1/clusters/{cluster}", { ...at, body: { note: "" } });
if (must(part.data, part.error).district !== before.district) {
  throw new Error("what was left out was changed");
}

// What was read can be created, too, without what the server makes; here it is only judged.
const created = await client.POST("/v1/clusters", {
  params: { query: { clusterId: "copy", validateOnly: true } },
  body: { displayName: after.displayName, district: after.district, source: after.source },
});
must(created.data, created.error);

const advanced = await client.POST("/v1/clusters/{cluster}:advance", {
  params: { ...at.params, query: { validateOnly: true } },
  body: { stage: "FULL" },
});
if (advanced.response.status !== 400 || !advanced.error) {
  throw new Error("a step without a document was taken");
}

const page = await client.GET("/v1/clusters", { params: { query: { pageSize: 2 } } });
for (const cluster of must(page.data, page.error).clusters ?? []) {
  // @ts-expect-error: a name is no number
  const wrong: number | undefined = cluster.name;
  void wrong;
}
// @ts-expect-error: there is no such stage
const stage: Cluster["stage"] = "FINISHED";
void stage;
// @ts-expect-error: there is no such path
void (() => client.GET("/v1/clusterz"));
console.log(`${after.name} has revision ${after.revision}`);
